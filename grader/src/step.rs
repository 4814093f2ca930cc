//! One line of a transcript: who does what. `docs/grading.md` is its manual.

use std::{net::IpAddr, time::Duration};

use crate::{
    pattern::Pattern,
    script::Role,
    template::{Part, Template},
};

/// The one who plays the server in a transcript for a client.
pub(crate) const SERVER: &str = "SERVER";
/// Somebody who has no business there.
pub(crate) const STRANGER: &str = "STRANGER";

/// The longest time that a transcript can name.
const LONGEST: Duration = Duration::from_secs(600);

/// One of the two connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Link {
    A,
    B,
}

impl Link {
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }
}

/// Something that the grader does or waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Wait(Duration),
    /// To anybody's connection.
    On {
        who: String,
        link: Link,
        what: OnLink,
    },
    /// As a user of a server that is examined.
    User(String, UserStep),
    /// Around a client that is examined.
    Client(ClientStep),
}

/// What is done on one connection, whoever is examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OnLink {
    /// Sends one line.
    Line(Template),
    /// Sends bytes in one piece.
    Bytes(Template),
    /// Sends one line in as many pieces as it has bytes.
    ByteByByte(Template),
    /// The next line must be like this.
    Expect(Pattern, Option<Duration>),
    /// The next line must be another one of the last choice.
    Another(Option<Duration>),
    /// Sends this line again and again until a reply is like this.
    Until(Template, Pattern, Option<Duration>),
    Silence(Duration),
    Close,
    HalfClose,
    Reset,
    /// The other side must close.
    Closed(Option<Duration>),
    /// What comes from here on is not judged.
    Ignore,
}

impl OnLink {
    /// Whether this says `{port}`, so that it must be known.
    pub(crate) fn names_port(&self) -> bool {
        match self {
            Self::Line(text)
            | Self::Bytes(text)
            | Self::ByteByByte(text)
            | Self::Until(text, ..) => text.parts().contains(&Part::Port),
            _ => false,
        }
    }
}

/// What a user does whose client the grader plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UserStep {
    /// All that is needed to be online.
    Join {
        name: String,
        from: Option<IpAddr>,
    },
    Connect {
        from: Option<IpAddr>,
    },
    Listen,
    AcceptB(Option<Duration>),
    NotDialled(Duration),
    Receive(Receive),
}

/// One message to several users, who acknowledge it in whatever order it reaches them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receive {
    pub(crate) who: Vec<String>,
    pub(crate) message: Pattern,
    /// From the message's coming to its receipt.
    pub(crate) delay: Duration,
    /// The sender, who must not hear anything on a before the last receipt.
    pub(crate) waits: Option<String>,
    pub(crate) within: Option<Duration>,
}

/// What happens around a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClientStep {
    /// Nobody listens where the client dials.
    ServerAway,
    Connects(Option<Duration>),
    LogsIn {
        name: String,
    },
    Dial {
        who: String,
        from: Option<IpAddr>,
    },
    Types(Template),
    EndInput,
    Shows(Template, Option<Duration>),
    NeverShows(Template),
    Quits {
        status: Option<u32>,
        within: Option<Duration>,
    },
    Stays(Duration),
}

/// Reads a step.
///
/// # Errors
/// A clause that says what is wrong.
pub(crate) fn parse(line: &str, role: Role) -> Result<Vec<Step>, String> {
    let (left, text) = match line.split_once(':') {
        Some((left, text)) => (left, Some(text.strip_prefix(' ').unwrap_or(text))),
        None => (line, None),
    };
    let words: Vec<&str> = left.split_whitespace().collect();
    let mut words = Words(&words);
    let steps = match role {
        Role::Server => server_step(&mut words, text),
        Role::Client => client_step(&mut words, text),
    }?;
    match words.0.first() {
        Some(word) => Err(format!("{word:?} has no place here")),
        None => Ok(steps),
    }
}

/// A time such as `300 ms` or `5 s`.
///
/// # Errors
/// A clause that says so.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut words = Words(&words);
    let duration = words.duration()?;
    words
        .0
        .is_empty()
        .then_some(duration)
        .ok_or_else(not_a_time)
}

fn not_a_time() -> String {
    "a time is written 300 ms or 5 s, and at most 600 s".into()
}

/// The words before the colon.
struct Words<'a>(&'a [&'a str]);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// Takes these words if they come next.
    fn take(&mut self, expected: &str) -> bool {
        let count = expected.split(' ').count();
        let found =
            self.0.len() >= count && self.0.iter().take(count).copied().eq(expected.split(' '));
        if found {
            self.0 = &self.0[count..];
        }
        found
    }

    fn word(&mut self, what: &str) -> Result<&'a str, String> {
        self.next().ok_or_else(|| format!("{what} is missing"))
    }

    fn link(&mut self) -> Result<Link, String> {
        match self.word("a or b")? {
            "a" => Ok(Link::A),
            "b" => Ok(Link::B),
            other => Err(format!("{other:?} is not a connection: a or b")),
        }
    }

    fn duration(&mut self) -> Result<Duration, String> {
        let number: u64 = self.word("a time")?.parse().map_err(|_| not_a_time())?;
        let duration = match self.word("ms or s")? {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            _ => return Err(not_a_time()),
        };
        (duration <= LONGEST)
            .then_some(duration)
            .ok_or_else(not_a_time)
    }

    fn within(&mut self) -> Result<Option<Duration>, String> {
        self.take("within").then(|| self.duration()).transpose()
    }

    fn from(&mut self) -> Result<Option<IpAddr>, String> {
        if !self.take("from") {
            return Ok(None);
        }
        let address = self.word("an address")?;
        let parsed: Option<IpAddr> = address.parse().ok();
        parsed.filter(IpAddr::is_loopback).map(Some).ok_or_else(|| {
            format!("{address:?} is not an address of this machine, such as 127.0.0.2")
        })
    }

    /// `CLIENT(a)` and the like.
    fn spoken_by(&mut self, speaker: &str) -> Option<Link> {
        let link = self.0.first()?.strip_prefix(speaker)?;
        let link = match link {
            "(a)" => Link::A,
            "(b)" => Link::B,
            _ => return None,
        };
        self.next();
        Some(link)
    }

    /// What is left, as it was written but for white space.
    fn rest(&mut self) -> String {
        std::mem::take(&mut self.0).join(" ")
    }
}

fn on(who: &str, link: Link, what: OnLink) -> Step {
    Step::On {
        who: who.to_owned(),
        link,
        what,
    }
}

fn server_step(words: &mut Words<'_>, text: Option<&str>) -> Result<Vec<Step>, String> {
    let who = words.word("who does it")?;
    if who == "wait" {
        return without(text, || Ok(vec![Step::Wait(words.duration()?)]));
    }
    if !who
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        || who.contains('(')
    {
        return Err("a step begins with who does it, say jacky".into());
    }
    if let Some(link) = words.spoken_by("CLIENT") {
        return Ok(vec![on(who, link, said(words, text)?)]);
    }
    if let Some(link) = words.spoken_by("SERVER") {
        return Ok(vec![on(who, link, expected(words, text)?)]);
    }
    if let Some(receive) = receive(who, words, text)? {
        return Ok(vec![Step::User(who.to_owned(), UserStep::Receive(receive))]);
    }
    let user = |step| Ok(vec![Step::User(who.to_owned(), step)]);
    without(text, || {
        if let Some(steps) = connection_step(who, words)? {
            return Ok(steps);
        }
        match words.word("what is done")? {
            "joins" => {
                let name = match words.take("as") {
                    true => words.word("a name")?,
                    false => who,
                };
                user(UserStep::Join {
                    name: name.to_owned(),
                    from: words.from()?,
                })
            }
            "connects" => user(UserStep::Connect {
                from: words.from()?,
            }),
            "listens" => user(UserStep::Listen),
            "accepts" if words.take("b") => user(UserStep::AcceptB(words.within()?)),
            "is" if words.take("not dialled for") => user(UserStep::NotDialled(words.duration()?)),
            "acknowledges" => {
                let receipt = Template::literal("302 Message receipt successful");
                Ok(vec![on(who, Link::B, OnLink::Line(receipt))])
            }
            other => Err(format!("{other:?} is nothing that a user can do")),
        }
    })
}

/// `bob and michael receive after 300 ms while jacky waits: ...`
fn receive(
    who: &str,
    words: &mut Words<'_>,
    text: Option<&str>,
) -> Result<Option<Receive>, String> {
    let mut all = vec![who.to_owned()];
    while words.take("and") {
        all.push(words.word("a name")?.to_owned());
    }
    if !words.take("receives") && !words.take("receive") {
        return match all.len() {
            1 => Ok(None),
            _ => Err("several users can only `receive`".into()),
        };
    }
    let message = Pattern::parse(line(needed(text)?))?;
    let delay = words
        .take("after")
        .then(|| words.duration())
        .transpose()?
        .unwrap_or_default();
    let waits = words
        .take("while")
        .then(|| words.word("a name").map(str::to_owned))
        .transpose()?;
    if waits.is_some() && !words.take("waits") {
        return Err("while whom? say: while jacky waits".into());
    }
    let within = words.within()?;
    Ok(Some(Receive {
        who: all,
        message,
        delay,
        waits,
        within,
    }))
}

fn client_step(words: &mut Words<'_>, text: Option<&str>) -> Result<Vec<Step>, String> {
    if let Some(link) = words.spoken_by("CLIENT") {
        return Ok(vec![on(SERVER, link, expected(words, text)?)]);
    }
    if let Some(link) = words.spoken_by("SERVER") {
        return Ok(vec![on(SERVER, link, said(words, text)?)]);
    }
    let client = |step| Ok(vec![Step::Client(step)]);
    let who = words.word("who does it")?;
    match who {
        "USER" if words.take("types") => {
            return client(ClientStep::Types(Template::parse(needed(text)?, false)?));
        }
        "SCREEN" if words.take("shows") => {
            let within = words.within()?;
            return client(ClientStep::Shows(
                Template::parse(needed(text)?.trim(), false)?,
                within,
            ));
        }
        "SCREEN" if words.take("never shows") => {
            return client(ClientStep::NeverShows(Template::parse(
                needed(text)?.trim(),
                true,
            )?));
        }
        _ => {}
    }
    without(text, || match who {
        "wait" => Ok(vec![Step::Wait(words.duration()?)]),
        "USER" if words.take("ends the input") => client(ClientStep::EndInput),
        "CLIENT" => match words.word("what is done")? {
            "connects" => client(ClientStep::Connects(words.within()?)),
            "logs" if words.take("in as") => client(ClientStep::LogsIn {
                name: words.word("a name")?.to_owned(),
            }),
            "stays" if words.take("for") => client(ClientStep::Stays(words.duration()?)),
            "quits" => {
                let status = words
                    .take("with status")
                    .then(|| {
                        words
                            .word("a status")?
                            .parse()
                            .map_err(|_| "a status is a number".to_owned())
                    })
                    .transpose()?;
                client(ClientStep::Quits {
                    status,
                    within: words.within()?,
                })
            }
            other => Err(format!("{other:?} is nothing that a client does here")),
        },
        SERVER if words.take("is away") => client(ClientStep::ServerAway),
        SERVER | STRANGER if words.take("dials b") => client(ClientStep::Dial {
            who: who.to_owned(),
            from: words.from()?,
        }),
        SERVER | STRANGER => connection_step(who, words)?
            .ok_or_else(|| format!("{:?} is nothing that {who} can do", words.rest())),
        _ => Err("a step begins with CLIENT, SERVER, STRANGER, USER, SCREEN or wait".into()),
    })
}

/// What everybody can do with a connection.
fn connection_step(who: &str, words: &mut Words<'_>) -> Result<Option<Vec<Step>>, String> {
    for (verb, what) in [
        ("closes", OnLink::Close),
        ("half-closes", OnLink::HalfClose),
        ("resets", OnLink::Reset),
    ] {
        if words.take(verb) {
            let mut steps = vec![on(who, words.link()?, what.clone())];
            while words.take("and") {
                steps.push(on(who, words.link()?, what.clone()));
            }
            return Ok(Some(steps));
        }
    }
    if words.take("ignores") {
        return Ok(Some(vec![on(who, words.link()?, OnLink::Ignore)]));
    }
    if words.take("hears nothing on") {
        let link = words.link()?;
        if !words.take("for") {
            return Err("for how long? say: hears nothing on a for 300 ms".into());
        }
        return Ok(Some(vec![on(
            who,
            link,
            OnLink::Silence(words.duration()?),
        )]));
    }
    if words.take("sees") {
        let link = words.link()?;
        if !words.take("closed") {
            return Err("a connection is seen closed: sees a closed".into());
        }
        return Ok(Some(vec![on(who, link, OnLink::Closed(words.within()?))]));
    }
    Ok(None)
}

/// What the grader says.
fn said(words: &mut Words<'_>, text: Option<&str>) -> Result<OnLink, String> {
    let text = needed(text)?;
    if words.take("bytes") {
        return Template::parse(text.trim(), true).map(OnLink::Bytes);
    }
    let line = Template::parse(line(text), false)?;
    if words.take("byte by byte") {
        return Ok(OnLink::ByteByByte(line));
    }
    if words.take("until") {
        let mut until = words.rest();
        let mut within = None;
        if let Some((pattern, time)) = until.clone().rsplit_once(" within ") {
            within = Some(duration(time)?);
            until = pattern.to_owned();
        }
        return Ok(OnLink::Until(line, Pattern::parse(&until)?, within));
    }
    Ok(OnLink::Line(line))
}

/// What the submission has to say.
fn expected(words: &mut Words<'_>, text: Option<&str>) -> Result<OnLink, String> {
    if words.take("another") {
        return without(text, || Ok(OnLink::Another(words.within()?)));
    }
    let text = needed(text)?;
    let pattern = match words.take("bytes") {
        true => Pattern::bytes(text.trim())?,
        false => Pattern::parse(line(text))?,
    };
    Ok(OnLink::Expect(pattern, words.within()?))
}

/// A line as written, white space at its end and the `\n` of the appendix's notation aside.
fn line(text: &str) -> &str {
    let text = text.trim_end();
    text.strip_suffix(r"\n").unwrap_or(text)
}

fn needed(text: Option<&str>) -> Result<&str, String> {
    text.ok_or_else(|| "a colon and a text are missing".into())
}

fn without<T>(text: Option<&str>, read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    match text {
        None => read(),
        Some(_) => read().and_then(|_| Err("no colon and text belong here".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_can_be_said_of_a_server() {
        for line in [
            "wait 20 ms",
            "jacky joins",
            "jacky2 joins as jacky from 127.0.0.2",
            "jacky connects",
            "jacky connects from 127.0.0.2",
            "jacky listens",
            "jacky accepts b within 3 s",
            "jacky is not dialled for 300 ms",
            "jacky hears nothing on a for 300 ms",
            "jacky acknowledges",
            "jacky receives: /from bob hi",
            "jacky and bob receive after 300 ms while alice waits within 9 s: /broadcastfrom alice hi",
            "jacky ignores a",
            "jacky closes a and b",
            "jacky half-closes a",
            "jacky resets b",
            "jacky sees a closed",
            "jacky sees b closed within 2 s",
            "jacky CLIENT(a): /to bob time: 12:30 | or so ...",
            "jacky CLIENT(a): /port {port}",
            r"jacky CLIENT(a) bytes: /list\n/list\n",
            "jacky CLIENT(a) byte by byte: /list",
            "jacky CLIENT(a) until 301 {jacky} within 5 s: /list",
            "jacky SERVER(a): 303 ... | 304 ...",
            "jacky SERVER(a) within 10 s: 304 Message delivery failed",
            r"jacky SERVER(b) bytes: /from bob x\x20",
            "jacky SERVER(b) another",
        ] {
            parse(line, Role::Server).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn everything_that_can_be_said_of_a_client() {
        for line in [
            "wait 20 ms",
            "SERVER is away",
            "CLIENT connects",
            "CLIENT connects within 20 s",
            "CLIENT logs in as jacky",
            "CLIENT(a): /port {port}",
            "CLIENT(b) within 2 s: 302 Message receipt successful",
            "SERVER(a): 101 Authentication successful",
            r"SERVER(b) bytes: /from bob a\n/from bob b\n",
            "SERVER(b) byte by byte: /from bob a",
            "SERVER dials b",
            "STRANGER dials b from 127.0.0.2",
            "STRANGER sees b closed",
            "SERVER closes a and b",
            "SERVER hears nothing on b for 200 ms",
            "USER types: /to bob hi",
            "USER ends the input",
            "SCREEN shows: Please input your user name:",
            "SCREEN shows within 2 s: 310",
            r"SCREEN never shows: \x1b]0;",
            "CLIENT stays for 300 ms",
            "CLIENT quits",
            "CLIENT quits with status 1 within 2 s",
        ] {
            parse(line, Role::Client).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn mistakes() {
        for (line, expected) in [
            ("jacky", "what is done is missing"),
            ("jacky dances", "\"dances\" is nothing that a user can do"),
            ("jacky joins now", "\"now\" has no place here"),
            ("jacky joins: now", "no colon and text belong here"),
            (
                "jacky connects from 8.8.8.8",
                "not an address of this machine",
            ),
            (
                "jacky hears nothing on c for 1 s",
                "\"c\" is not a connection",
            ),
            ("jacky hears nothing on a", "for how long?"),
            ("jacky sees a", "sees a closed"),
            ("jacky and bob joins", "several users can only `receive`"),
            (
                "jacky and bob receive while alice: x",
                "say: while jacky waits",
            ),
            ("jacky CLIENT(a)", "a colon and a text are missing"),
            ("jacky SERVER(a) within 5 h: x", "a time is written"),
            ("jacky SERVER(a) within 9999 s: x", "at most 600 s"),
            ("jacky SERVER(a): 301 {}", "names in any order"),
            ("jacky CLIENT(c): x", "nothing that a user can do"),
            ("CLIENT(a): x", "a step begins with who does it"),
        ] {
            let complaint = parse(line, Role::Server).unwrap_err();
            assert!(complaint.contains(expected), "{line}: {complaint}");
        }
        for (line, expected) in [
            ("jacky joins", "a step begins with CLIENT"),
            ("SERVER dances", "nothing that SERVER can do"),
            ("CLIENT quits with status x", "a status is a number"),
            ("SCREEN shows", "a colon and a text are missing"),
        ] {
            let complaint = parse(line, Role::Client).unwrap_err();
            assert!(complaint.contains(expected), "{line}: {complaint}");
        }
    }
}

//! A transcript: its head, and its steps with their places.

use std::{collections::HashSet, fmt, path::Path, time::Duration};

use crate::step::{self, ClientStep, Link, SERVER, Step, UserStep};

/// How long a transcript may take in all, unless its head says something else.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A conversation that is to be had.
#[derive(Debug, Clone)]
pub struct Script {
    /// What it is called: the file's name without `.chat`.
    pub name: String,
    /// Where it was read from, for messages.
    pub source: String,
    /// What it checks, in a sentence.
    pub title: String,
    /// The heading of the handout that asks for it; of an extended one, the section of the protocol.
    pub heading: String,
    /// What it is worth.
    pub points: u32,
    /// How binding it is.
    pub mark: Mark,
    /// Who is examined.
    pub role: Role,
    /// How long it may take in all.
    pub time_limit: Duration,
    pub(crate) lines: Vec<Line>,
}

/// One step and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) text: String,
    pub(crate) steps: Vec<Step>,
}

/// Who is examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The grader plays the clients.
    Server,
    /// The grader plays the server and the user.
    Client,
}

impl Role {
    /// Both.
    pub const ALL: &[Self] = &[Self::Server, Self::Client];

    /// As in a transcript's head and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

macro_rules! marks {
    ($( $(#[$doc:meta])+ $name:ident $word:literal; )+) => {
        /// How binding a transcript is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mark { $( $(#[$doc])+ $name, )+ }

        impl Mark {
            /// Every mark, the most binding first.
            pub const ALL: &[Self] = &[$( Self::$name, )+];

            /// As in a transcript's head and on the command line.
            pub const fn word(self) -> &'static str {
                match self { $( Self::$name => $word, )+ }
            }
        }
    };
}

marks! {
    /// The handout says so.
    Handout "handout";
    /// The abnormal cases of the handout's section IV; what must happen follows from the handout.
    Abnormal "abnormal";
    /// The handout leaves it open, and this project decided.
    Strict "strict";
    /// Commands that are not of the handout: part II of `docs/protocol.md`. Played only when asked.
    Extended "extended";
}

/// A transcript that cannot be played. Exit status 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    source: String,
    line: usize,
    what: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.source, self.what),
            line => write!(f, "{}:{line}: {}", self.source, self.what),
        }
    }
}

impl std::error::Error for ScriptError {}

impl Script {
    /// Reads a transcript from a file.
    ///
    /// # Errors
    /// [`ScriptError`], naming file and line.
    pub fn load(path: &Path) -> Result<Self, ScriptError> {
        let source = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let stem = path.file_stem().unwrap_or(path.as_os_str());
                Self::parse(&stem.to_string_lossy(), &source, &text)
            }
            Err(error) => Err(ScriptError {
                source,
                line: 0,
                what: format!("cannot be read: {error}"),
            }),
        }
    }

    /// Reads a transcript from a text.
    ///
    /// # Errors
    /// [`ScriptError`], naming `source` and the line.
    pub fn parse(name: &str, source: &str, text: &str) -> Result<Self, ScriptError> {
        let at = |line: usize, what: String| ScriptError {
            source: source.to_owned(),
            line,
            what,
        };
        let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
        let mut head = Head::default();
        let mut last = 0;
        for (number, line) in lines.by_ref() {
            last = number;
            match line.trim() {
                "" if head.is_empty() => {}
                "" => break,
                line if line.starts_with('#') => {}
                line => head.take(line).map_err(|what| at(number, what))?,
            }
        }
        let mut script = head
            .finish(name, source)
            .map_err(|what| at(last.max(1), what))?;
        for (number, line) in lines {
            last = number;
            let shown = line.trim();
            if shown.is_empty() || shown.starts_with('#') {
                continue;
            }
            let steps = step::parse(line.trim_start(), script.role)
                .map_err(|what| at(number, format!("{what}: {shown:?}")))?;
            script.lines.push(Line {
                number,
                text: shown.to_owned(),
                steps,
            });
        }
        if script.lines.is_empty() {
            return Err(at(last, "there is nothing to be played".into()));
        }
        script
            .unprepared()
            .map_or(Ok(()), |(number, what)| Err(at(number, what)))?;
        Ok(script)
    }
}

impl Script {
    /// The first step on a connection that no step before it has made.
    fn unprepared(&self) -> Option<(usize, String)> {
        let mut made: HashSet<(&str, Link)> = HashSet::new();
        let mut listening: HashSet<&str> = HashSet::new();
        for line in &self.lines {
            for step in &line.steps {
                let missing = |what: &str| Some((line.number, format!("{what}: {:?}", line.text)));
                match step {
                    Step::On { who, link, .. } if !made.contains(&(who.as_str(), *link)) => {
                        let link = link.letter();
                        return missing(&format!("{who} has no connection {link} yet"));
                    }
                    Step::On { who, what, .. }
                        if what.names_port() && !listening.contains(who.as_str()) =>
                    {
                        return missing("{port} is known after `listens`");
                    }
                    Step::User(who, UserStep::AcceptB(_) | UserStep::NotDialled(_))
                        if !listening.contains(who.as_str()) =>
                    {
                        return missing(&format!("{who} does not listen yet"));
                    }
                    Step::User(_, UserStep::Receive(receive)) => {
                        let links = receive.who.iter().map(|who| (who, Link::B));
                        let needed = links.chain(receive.waits.iter().map(|who| (who, Link::A)));
                        for (who, link) in needed {
                            if !made.contains(&(who.as_str(), link)) {
                                let link = link.letter();
                                return missing(&format!("{who} has no connection {link} yet"));
                            }
                        }
                    }
                    Step::User(who, UserStep::Join { .. }) => {
                        made.extend([(who.as_str(), Link::A), (who.as_str(), Link::B)]);
                        listening.insert(who);
                    }
                    Step::User(who, UserStep::Connect { .. }) => _ = made.insert((who, Link::A)),
                    Step::User(who, UserStep::Listen) => _ = listening.insert(who),
                    Step::User(who, UserStep::AcceptB(_)) => _ = made.insert((who, Link::B)),
                    Step::Client(ClientStep::Connects(_)) => _ = made.insert((SERVER, Link::A)),
                    Step::Client(ClientStep::LogsIn { .. }) => {
                        made.extend([(SERVER, Link::A), (SERVER, Link::B)]);
                    }
                    Step::Client(ClientStep::Dial { who, .. }) => _ = made.insert((who, Link::B)),
                    _ => {}
                }
            }
        }
        None
    }
}

#[derive(Default)]
struct Head {
    title: Option<String>,
    heading: Option<String>,
    points: Option<u32>,
    mark: Option<Mark>,
    role: Option<Role>,
    time_limit: Option<Duration>,
}

impl Head {
    fn is_empty(&self) -> bool {
        self.title.is_none()
            && self.heading.is_none()
            && self.points.is_none()
            && self.mark.is_none()
            && self.role.is_none()
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let (key, value) = line
            .split_once(':')
            .map(|(key, value)| (key.trim(), value.trim()))
            .ok_or("a line of the head is `title: ...`, `points: ...` and so on; an empty line ends it")?;
        let fresh = match key {
            "title" => self.title.replace(value.to_owned()).is_none(),
            "heading" => self.heading.replace(value.to_owned()).is_none(),
            "points" => {
                let points = value.parse().ok().filter(|points| *points <= 1_000);
                let points = points.ok_or("points are a whole number, 0 to 1000")?;
                self.points.replace(points).is_none()
            }
            "mark" => {
                let mark = one_of(Mark::ALL, Mark::word, value)?;
                self.mark.replace(mark).is_none()
            }
            "for" => {
                let role = one_of(Role::ALL, Role::word, value)?;
                self.role.replace(role).is_none()
            }
            "time limit" => self.time_limit.replace(step::duration(value)?).is_none(),
            _ => {
                return Err(format!(
                    "{key:?} is not of the head: title, heading, points, mark, for, time limit"
                ));
            }
        };
        if fresh && !value.is_empty() {
            return Ok(());
        }
        Err(match fresh {
            true => format!("{key:?} has no value"),
            false => format!("{key:?} is there twice"),
        })
    }

    fn finish(self, name: &str, source: &str) -> Result<Script, String> {
        let missing = |key: &str| format!("the head has no `{key}:`");
        Ok(Script {
            name: name.to_owned(),
            source: source.to_owned(),
            title: self.title.ok_or_else(|| missing("title"))?,
            heading: self.heading.ok_or_else(|| missing("heading"))?,
            points: self.points.ok_or_else(|| missing("points"))?,
            mark: self.mark.ok_or_else(|| missing("mark"))?,
            role: self.role.ok_or_else(|| missing("for"))?,
            time_limit: self.time_limit.unwrap_or(TIME_LIMIT),
            lines: Vec::new(),
        })
    }
}

/// The one of these that is called so.
///
/// # Errors
/// A clause with all names.
pub fn one_of<T: Copy>(
    all: &[T],
    word: impl Fn(T) -> &'static str,
    given: &str,
) -> Result<T, String> {
    all.iter()
        .copied()
        .find(|one| word(*one) == given)
        .ok_or_else(|| {
            let words: Vec<&str> = all.iter().copied().map(&word).collect();
            format!("{given:?} is none of {}", words.join(", "))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "title: T\nheading: H\npoints: 2\nmark: handout\nfor: server\n";

    fn complaint(text: &str) -> String {
        Script::parse("x", "x.chat", text).unwrap_err().to_string()
    }

    #[test]
    fn head_and_steps() {
        let text = format!(
            "# a comment\n{HEAD}time limit: 5 s\n\n# another\njacky joins\n\n  jacky CLIENT(a): /list\n"
        );
        let script = Script::parse("x", "x.chat", &text).unwrap();
        assert_eq!(
            (script.points, script.mark, script.role),
            (2, Mark::Handout, Role::Server)
        );
        assert_eq!(script.time_limit, Duration::from_secs(5));
        let lines: Vec<usize> = script.lines.iter().map(|line| line.number).collect();
        assert_eq!(lines, [10, 12]);
    }

    #[test]
    fn mistakes_are_reported_with_their_line() {
        for (text, expected) in [
            ("", "x.chat:1: the head has no `title:`"),
            (
                "title: T\n\njacky joins\n",
                "x.chat:2: the head has no `heading:`",
            ),
            ("title: T\ntitle: U\n", "x.chat:2: \"title\" is there twice"),
            (
                "points: two\n",
                "x.chat:1: points are a whole number, 0 to 1000",
            ),
            (
                "mark: fun\n",
                "x.chat:1: \"fun\" is none of handout, abnormal, strict, extended",
            ),
            (
                "colour: red\n",
                "x.chat:1: \"colour\" is not of the head: title, heading, points, mark, for, time limit",
            ),
            (HEAD, "x.chat:5: there is nothing to be played"),
        ] {
            assert_eq!(complaint(text), expected);
        }
        let text = format!("{HEAD}\njacky joins\njacky dances\n");
        for (step, expected) in [
            (
                "jacky acknowledges",
                "x.chat:7: jacky has no connection b yet",
            ),
            ("jacky accepts b", "x.chat:7: jacky does not listen yet"),
            (
                "jacky connects\njacky CLIENT(a): /port {port}",
                "x.chat:8: {port} is known after `listens`",
            ),
        ] {
            let complaint = complaint(&format!("{HEAD}\n{step}\n"));
            assert!(complaint.starts_with(expected), "{complaint}");
        }
        assert!(
            complaint(&text).starts_with("x.chat:8: "),
            "{}",
            complaint(&text)
        );
        let missing = Script::load(Path::new("/nowhere/x.chat")).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("/nowhere/x.chat: cannot be read: ")
        );
    }
}

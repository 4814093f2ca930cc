//! What both plays share: the connections, the record, and the steps that concern only those.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

use crate::{
    pattern::Pattern,
    record::Record,
    show::Quoted,
    step::{Link, OnLink, Receive},
    template::{Part, Template},
    wire::{Came, End, Wire},
};

/// Between two times of asking the same.
const ASK_AGAIN: Duration = Duration::from_millis(150);

/// Between two looks at several connections.
const LOOK: Duration = Duration::from_millis(1);

/// At the end, how long something that nobody expects may take to show itself.
const AFTERMATH: Duration = Duration::from_millis(150);

/// Why a transcript is not passed, in a student's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) expected: String,
    pub(crate) came: String,
    pub(crate) hint: Option<String>,
}

impl Trouble {
    pub(crate) fn new(expected: impl Into<String>, came: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            came: came.into(),
            hint: None,
        }
    }
}

/// What goes on during one play.
pub(crate) struct Stage {
    pub(crate) record: Record,
    /// How long the submission may take for one thing.
    patience: Duration,
    /// When the whole play must be over.
    deadline: Instant,
    wires: HashMap<(String, Link), Connection>,
    /// Ports that are taken and at which nobody listens.
    closed_ports: Vec<Socket>,
}

struct Connection {
    wire: Wire,
    /// What is left of the last choice.
    choice: Option<Pattern>,
    /// Whether what comes is not judged any more.
    ignored: bool,
}

impl Stage {
    pub(crate) fn new(patience: Duration, time_limit: Duration) -> Self {
        Self {
            record: Record::new(),
            patience,
            deadline: Instant::now() + time_limit,
            wires: HashMap::new(),
            closed_ports: Vec::new(),
        }
    }

    /// When something that may take so long must have happened.
    pub(crate) fn until(&self, within: Option<Duration>) -> Instant {
        self.deadline
            .min(Instant::now() + within.unwrap_or(self.patience))
    }

    /// Whether the play has taken all its time.
    pub(crate) fn check_time(&self) -> Result<(), Trouble> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(Trouble::new(
            "the whole conversation within its time limit",
            "the time was over before this step",
        ))
    }

    /// Sleeps, but not beyond the end of the play.
    pub(crate) fn sleep(&self, time: Duration) {
        thread::sleep(
            self.until(Some(time))
                .saturating_duration_since(Instant::now()),
        );
    }

    /// Puts a connection into use.
    pub(crate) fn add(
        &mut self,
        who: &str,
        link: Link,
        stream: TcpStream,
        labels: (String, String),
    ) -> Result<(), Trouble> {
        let (own, other) = labels;
        let wire =
            Wire::new(stream, own, other, &self.record).map_err(|error| own_trouble(&error))?;
        let connection = Connection {
            wire,
            choice: None,
            ignored: false,
        };
        self.wires.insert((who.to_owned(), link), connection);
        Ok(())
    }

    /// A port at which nobody listens, for as long as the play lasts: bound, so that nobody else
    /// gets it, but not listening.
    pub(crate) fn closed_port(&mut self) -> Result<u16, Trouble> {
        let take = || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
            let address = socket.local_addr()?.as_socket();
            let port = address
                .map(|address| address.port())
                .ok_or(io::ErrorKind::Unsupported)?;
            Ok((socket, port))
        };
        let (socket, port) = take().map_err(|error: io::Error| own_trouble(&error))?;
        self.closed_ports.push(socket);
        Ok(port)
    }

    /// A text with its placeholders filled in; `port` is what `{port}` stands for.
    pub(crate) fn fill(
        &mut self,
        template: &Template,
        port: Option<u16>,
    ) -> Result<Vec<u8>, Trouble> {
        let mut text = Vec::new();
        for part in template.parts() {
            match part {
                Part::Bytes(bytes) => text.extend_from_slice(bytes),
                Part::Port => text.extend(port.unwrap_or(0).to_string().bytes()),
                Part::ClosedPort => text.extend(self.closed_port()?.to_string().bytes()),
            }
        }
        Ok(text)
    }

    /// A step on one connection. `port` is what `{port}` stands for. Says which port came in the
    /// place of a `{port}` that was expected.
    pub(crate) fn on(
        &mut self,
        who: &str,
        link: Link,
        what: &OnLink,
        port: Option<u16>,
    ) -> Result<Option<u16>, Trouble> {
        let expects = place(who, link);
        match what {
            OnLink::Line(text) | OnLink::Bytes(text) | OnLink::ByteByByte(text) => {
                let mut bytes = self.fill(text, port)?;
                if !matches!(what, OnLink::Bytes(_)) {
                    bytes.push(b'\n');
                }
                let patience = self.until(None).saturating_duration_since(Instant::now());
                let wire = &self.get(who, link)?.wire;
                let sent = match what {
                    OnLink::ByteByByte(_) => wire.send_byte_by_byte(&bytes, patience),
                    _ => wire.send(&bytes, patience),
                };
                sent.map_err(|why| Trouble::new("that what is sent is also read", why))?;
            }
            OnLink::Expect(pattern, within) => {
                let until = self.until(*within);
                return self.expect(who, link, pattern, until);
            }
            OnLink::Another(within) => {
                let until = self.until(*within);
                let choice = self
                    .get(who, link)?
                    .choice
                    .take()
                    .filter(|rest| !rest.is_empty());
                let rest = choice.ok_or_else(|| {
                    Trouble::new(
                        "a choice before `another`",
                        "none (the transcript is in error)",
                    )
                })?;
                return self.expect(who, link, &rest, until);
            }
            OnLink::Until(text, pattern, within) => {
                let until = self.until(*within);
                let line = self.fill(text, port)?;
                self.ask_until(who, link, &[&line[..], b"\n"].concat(), pattern, until)?;
            }
            OnLink::Silence(time) => {
                let until = self.until(Some(*time));
                let expected = format!("{expects}: nothing for {} ms", time.as_millis());
                match self.get(who, link)?.wire.next(until) {
                    Came::Nothing(rest) if rest.is_empty() => {}
                    Came::Nothing(rest) => return Err(Trouble::new(expected, unfinished(&rest))),
                    Came::Line(line) => {
                        return Err(Trouble::new(expected, Quoted(&line).to_string()));
                    }
                    Came::Ended(end, rest) => return Err(ended(expected, end, &rest)),
                }
            }
            OnLink::Close => self.get(who, link)?.wire.close(),
            OnLink::Ignore => self.get(who, link)?.ignored = true,
            OnLink::HalfClose => self.get(who, link)?.wire.half_close(),
            OnLink::Reset => self.get(who, link)?.wire.reset(),
            OnLink::Closed(within) => {
                let until = self.until(*within);
                let expected = format!("{expects}: the end of the connection");
                match self.get(who, link)?.wire.next(until) {
                    Came::Ended(End::Closed | End::Reset, rest) if rest.is_empty() => {}
                    Came::Ended(end, rest) => return Err(ended(expected, end, &rest)),
                    Came::Line(line) => {
                        return Err(Trouble::new(expected, Quoted(&line).to_string()));
                    }
                    Came::Nothing(_) => return Err(Trouble::new(expected, "it stayed open")),
                }
            }
        }
        Ok(None)
    }

    /// The next line must be like this.
    pub(crate) fn expect(
        &mut self,
        who: &str,
        link: Link,
        pattern: &Pattern,
        until: Instant,
    ) -> Result<Option<u16>, Trouble> {
        let time = until
            .saturating_duration_since(Instant::now())
            .as_secs_f64();
        let connection = self.get(who, link)?;
        let came = connection.wire.next(until);
        if let Came::Line(line) = &came
            && let Some(found) = pattern.matches(line)
        {
            connection.choice = Some(pattern.without(found.form));
            return Ok(found.port);
        }
        Err(unlike(
            place(who, link),
            pattern,
            came,
            &format!("within {time:.1} s"),
        ))
    }

    /// A message reaches several users in whatever order, and each acknowledges it. A server may
    /// send it to one after the other, so nobody's receipt waits for somebody else's message.
    pub(crate) fn receive(&mut self, receive: &Receive) -> Result<(), Trouble> {
        let receipt = b"302 Message receipt successful\n";
        let until = self.until(receive.within);
        let mut waiting: Vec<&str> = receive.who.iter().map(String::as_str).collect();
        let mut due: Vec<(Instant, &str)> = Vec::new();
        while !waiting.is_empty() || !due.is_empty() {
            let mut still = Vec::new();
            for who in waiting {
                let last_call = Instant::now() >= until;
                match self.get(who, Link::B)?.wire.next(Instant::now()) {
                    Came::Nothing(_) if !last_call => still.push(who),
                    Came::Line(line) if receive.message.matches(&line).is_some() => {
                        due.push((Instant::now() + receive.delay, who));
                    }
                    came => {
                        let pattern = &receive.message;
                        return Err(unlike(place(who, Link::B), pattern, came, "in time"));
                    }
                }
            }
            waiting = still;
            self.check_time()?;
            if let Some(&(time, who)) = due.first()
                && time <= Instant::now()
            {
                due.remove(0);
                if let (Some(sender), true, true) =
                    (&receive.waits, due.is_empty(), waiting.is_empty())
                {
                    let expected = format!(
                        "{}: nothing before the last receipt",
                        place(sender, Link::A)
                    );
                    match self.get(sender, Link::A)?.wire.next(Instant::now()) {
                        Came::Line(line) => {
                            return Err(Trouble::new(expected, Quoted(&line).to_string()));
                        }
                        Came::Ended(end, rest) => return Err(ended(expected, end, &rest)),
                        Came::Nothing(_) => {}
                    }
                }
                let sent = self
                    .get(who, Link::B)?
                    .wire
                    .send(receipt, Duration::from_secs(1));
                sent.map_err(|why| Trouble::new("that the receipt is read", why))?;
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn ask_until(
        &mut self,
        who: &str,
        link: Link,
        line: &[u8],
        pattern: &Pattern,
        until: Instant,
    ) -> Result<(), Trouble> {
        let wire = &self.get(who, link)?.wire;
        let expected = format!("{}: sooner or later {pattern}", place(who, link));
        let mut last = None;
        loop {
            let patience = until.saturating_duration_since(Instant::now());
            wire.send(line, patience)
                .map_err(|why| Trouble::new(expected.clone(), why))?;
            match wire.next(until) {
                Came::Line(line) if pattern.matches(&line).is_some() => return Ok(()),
                Came::Line(line) => last = Some(line),
                Came::Ended(end, rest) => return Err(ended(expected, end, &rest)),
                Came::Nothing(rest) if rest.is_empty() && last.is_none() => {
                    return Err(Trouble::new(expected, "nothing"));
                }
                Came::Nothing(_) => {}
            }
            if until.saturating_duration_since(Instant::now()) < ASK_AGAIN {
                let came = last.map_or("nothing".into(), |line| format!("still {}", Quoted(&line)));
                return Err(Trouble::new(expected, came));
            }
            thread::sleep(ASK_AGAIN);
        }
    }

    /// At the end: a line that came and that nobody expected is a failure.
    pub(crate) fn finish(&self) -> Result<(), Trouble> {
        let until = self.until(Some(AFTERMATH));
        let mut places: Vec<_> = self.wires.keys().collect();
        places.sort_by_key(|(who, link)| (who.clone(), link.letter()));
        for (who, link) in places {
            let expected = format!("{}: nothing more", place(who, *link));
            let Some(connection) = self.wires.get(&(who.clone(), *link)) else {
                continue;
            };
            if connection.ignored {
                continue;
            }
            match connection.wire.next(until) {
                Came::Line(line) => return Err(Trouble::new(expected, Quoted(&line).to_string())),
                Came::Ended(End::Flood, rest) => return Err(ended(expected, End::Flood, &rest)),
                Came::Ended(_, rest) | Came::Nothing(rest) if !rest.is_empty() => {
                    return Err(Trouble::new(expected, unfinished(&rest)));
                }
                Came::Ended(..) | Came::Nothing(_) => {}
            }
        }
        Ok(())
    }

    /// The users who still have an La, for a polite goodbye.
    pub(crate) fn leave(&mut self) {
        let until = Instant::now() + AFTERMATH;
        let open = || self.wires.iter().filter(|((_, link), _)| *link == Link::A);
        for (_, connection) in open() {
            let _ = connection.wire.send(b"/exit\n", AFTERMATH);
        }
        for (_, connection) in open() {
            while let Came::Line(_) = connection.wire.next(until) {}
        }
        self.wires.clear();
    }

    fn get(&mut self, who: &str, link: Link) -> Result<&mut Connection, Trouble> {
        self.wires.get_mut(&(who.to_owned(), link)).ok_or_else(|| {
            let missing = format!(
                "{who} has no connection {} (the transcript is in error)",
                link.letter()
            );
            Trouble::new("a connection", missing)
        })
    }
}

/// Something that the grader itself could not do.
pub(crate) fn own_trouble(error: &io::Error) -> Trouble {
    Trouble::new(
        "a machine on which grading is possible",
        format!("the grader's own trouble: {error}"),
    )
}

fn place(who: &str, link: Link) -> String {
    match who {
        crate::step::SERVER | crate::step::STRANGER => format!("on L{}", link.letter()),
        _ => format!("on {who}'s L{}", link.letter()),
    }
}

/// What came is not what should have come.
fn unlike(place: String, pattern: &Pattern, came: Came, time: &str) -> Trouble {
    let expected = format!("{place}: {pattern}");
    match came {
        Came::Line(line) => Trouble {
            expected,
            came: Quoted(&line).to_string(),
            hint: pattern.hint(&line),
        },
        Came::Ended(end, rest) => ended(expected, end, &rest),
        Came::Nothing(rest) if rest.is_empty() => Trouble::new(expected, format!("nothing {time}")),
        Came::Nothing(rest) => Trouble {
            expected,
            came: unfinished(&rest),
            hint: Some("every message ends with \\n; without it, it is not yet a message".into()),
        },
    }
}

fn unfinished(rest: &[u8]) -> String {
    format!("{} without \\n at its end", Quoted(rest))
}

fn ended(expected: String, end: End, rest: &[u8]) -> Trouble {
    let mut came = end.words().to_owned();
    if !rest.is_empty() && end != End::Flood {
        came = format!("{}, then {came}", unfinished(rest));
    }
    Trouble::new(expected, came)
}

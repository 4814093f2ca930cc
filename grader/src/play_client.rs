//! Examining a client: the grader plays the server and the user.

use std::{
    ffi::OsStr,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    thread,
    time::{Duration, Instant},
};

use crate::{
    accounts::password,
    output::Output,
    pattern::Pattern,
    play::{Examinee, Play},
    program::{Exit, Running},
    script::Script,
    show::{Quoted, shown},
    stage::{Stage, Trouble, own_trouble},
    step::{ClientStep, Link, OnLink, SERVER, Step},
    template::Template,
    wire::Wire,
};

/// Between two looks for a client that dials.
const LOOK: Duration = Duration::from_millis(2);

/// While logging in by `CLIENT logs in`, how long a prompt may take. A client whose prompts are
/// worded in another way loses the points for the prompts, not all points.
const PROMPT: Duration = Duration::from_millis(1500);

/// After logging in: no person is faster, and a line editor may first have to set up its terminal.
const SETTLE: Duration = Duration::from_millis(100);

/// The most of a screen that a failure tells.
const TOLD: usize = 400;

/// One transcript against one client.
pub(crate) struct ClientPlay {
    stage: Stage,
    running: Running,
    listener: Option<TcpListener>,
    start_patience: Duration,
    /// Where the client listens for Lb.
    port: Option<u16>,
    client: IpAddr,
    /// How much of the screen the transcript has accounted for.
    seen: usize,
}

impl ClientPlay {
    pub(crate) fn begin(
        mut stage: Stage,
        script: &Script,
        examinee: &Examinee,
        start_patience: Duration,
    ) -> Result<Self, Trouble> {
        let steps = script.lines.iter().flat_map(|line| &line.steps);
        let away = steps
            .clone()
            .any(|step| matches!(step, Step::Client(ClientStep::ServerAway)));
        let (listener, port) = match away {
            true => (None, stage.closed_port()?),
            false => {
                let listen = || {
                    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                    listener.set_nonblocking(true)?;
                    let port = listener.local_addr()?.port();
                    Ok((Some(listener), port))
                };
                listen().map_err(|error: io::Error| own_trouble(&error))?
            }
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (ip, port) = (address.ip().to_string(), port.to_string());
        let values = [("ip", OsStr::new(&ip)), ("port", OsStr::new(&port))];
        let output = Output::new("SCREEN", &stage.record);
        let running = match examinee {
            Examinee::Client {
                submission,
                on_terminal: false,
            } => Running::start(submission, &values, output),
            Examinee::Client {
                submission,
                on_terminal: true,
            } => Running::start_on_terminal(submission, &values, output),
            Examinee::ClientInProcess(client) => Running::start_in_process(client, address, output),
            Examinee::Server(_) | Examinee::ServerAt(_) => Err(io::ErrorKind::Unsupported.into()),
        };
        let running = running.map_err(|error| {
            Trouble::new(
                "a client that can be started",
                format!("it cannot be started: {error}"),
            )
        })?;
        stage
            .record
            .note(format!("the client is started with {address}"));
        Ok(Self {
            stage,
            running,
            listener,
            start_patience,
            port: None,
            client: address.ip(),
            seen: 0,
        })
    }

    fn client(&mut self, step: &ClientStep) -> Result<(), Trouble> {
        match step {
            ClientStep::ServerAway => Ok(()),
            ClientStep::Connects(within) => self.accept(*within),
            ClientStep::LogsIn { name } => self.log_in(name),
            ClientStep::Dial { who, from } => self.dial(who, *from),
            ClientStep::Types(text) => {
                let line = self.stage.fill(text, self.port)?;
                self.type_line(&line);
                Ok(())
            }
            ClientStep::EndInput => {
                self.stage.record.note("USER ends the input");
                self.running.end_input();
                Ok(())
            }
            ClientStep::Shows(text, within) => {
                let text = self.stage.fill(text, self.port)?;
                let until = self.stage.until(*within);
                self.shows(&String::from_utf8_lossy(&text), until)
            }
            ClientStep::NeverShows(text) => {
                let bytes = self.stage.fill(text, self.port)?;
                match self.running.output().has(&bytes) {
                    true => Err(Trouble::new(
                        format!("the screen never shows {}", Quoted(&bytes)),
                        "it did",
                    )),
                    false => Ok(()),
                }
            }
            ClientStep::Quits { status, within } => self.quits(*status, *within),
            ClientStep::Stays(time) => {
                let until = self.stage.until(Some(*time));
                match self.running.wait(until) {
                    None => Ok(()),
                    Some(exit) => Err(Trouble::new("the client goes on", format!("it {exit}"))),
                }
            }
        }
    }

    fn accept(&mut self, within: Option<Duration>) -> Result<(), Trouble> {
        let until = self
            .stage
            .until(Some(within.unwrap_or(self.start_patience)));
        loop {
            match self.listener.as_ref().map(TcpListener::accept) {
                Some(Ok((stream, peer))) => {
                    stream
                        .set_nonblocking(false)
                        .map_err(|error| own_trouble(&error))?;
                    self.client = peer.ip();
                    self.stage.record.note("CLIENT connects");
                    return self
                        .stage
                        .add(SERVER, Link::A, stream, labels(SERVER, Link::A));
                }
                _ if Instant::now() < until && self.running.exit().is_none() => thread::sleep(LOOK),
                _ => {
                    let came = match self.running.exit() {
                        Some(exit) => format!("the client {exit}"),
                        None => "it did not".into(),
                    };
                    return Err(Trouble::new("the client connects to the server", came));
                }
            }
        }
    }

    /// The handout's way to being online.
    fn log_in(&mut self, name: &str) -> Result<(), Trouble> {
        self.accept(None)?;
        for (prompt, answer) in [("name:", name), ("password:", password(name))] {
            let until = self.stage.until(Some(PROMPT));
            if let Some(seen) = self.running.output().find(prompt, self.seen, until) {
                self.seen = seen;
            }
            self.type_line(answer.as_bytes());
        }
        self.exchange(
            &format!("/login {name} {}", password(name)),
            "101 Authentication successful",
        )?;
        self.port = self.expect("/port {port}")?;
        self.dial(SERVER, None)?;
        self.say("201 Build connection successful")?;
        self.stage.sleep(SETTLE);
        Ok(())
    }

    fn exchange(&mut self, command: &str, reply: &str) -> Result<(), Trouble> {
        self.expect(command)?;
        self.say(reply)
    }

    fn expect(&mut self, command: &str) -> Result<Option<u16>, Trouble> {
        let pattern = Pattern::parse(command).map_err(|why| Trouble::new(command, why))?;
        let until = self.stage.until(None);
        self.stage.expect(SERVER, Link::A, &pattern, until)
    }

    fn say(&mut self, reply: &str) -> Result<(), Trouble> {
        let line = OnLink::Line(Template::literal(reply));
        self.stage.on(SERVER, Link::A, &line, None).map(drop)
    }

    fn dial(&mut self, who: &str, from: Option<IpAddr>) -> Result<(), Trouble> {
        let port = self.port.ok_or_else(|| {
            Trouble::new(
                "a /port before Lb is dialled",
                "none (the transcript is in error)",
            )
        })?;
        let stream =
            Wire::dial(SocketAddr::new(self.client, port), from).map_err(|error| Trouble {
                expected: format!("the client listens at port {port}, which it named"),
                came: error.to_string(),
                hint: Some("it has to listen before it sends /port".into()),
            })?;
        self.stage.record.note(format!("{who} dials b"));
        self.stage.add(who, Link::B, stream, labels(who, Link::B))
    }

    fn type_line(&self, line: &[u8]) {
        self.stage
            .record
            .note(format!("USER types: {}", shown(line)));
        self.running.type_bytes([line, b"\n"].concat());
    }

    fn shows(&mut self, text: &str, until: Instant) -> Result<(), Trouble> {
        let output = self.running.output();
        if let Some(seen) = output.find(text, self.seen, until) {
            self.seen = seen;
            return Ok(());
        }
        let plain = output.plain();
        let unseen = plain.get(self.seen..).unwrap_or("");
        let came = match unseen.trim() {
            _ if output.flooded() => "a flood of output".into(),
            "" if plain.is_empty() => "nothing on the screen so far (a program must flush what it \
                 prints, or else be graded with --tty)"
                .into(),
            "" => "nothing new on the screen".into(),
            _ => {
                let start = unseen
                    .char_indices()
                    .rev()
                    .nth(TOLD)
                    .map_or(0, |(at, _)| at);
                let lines: Vec<String> = unseen[start..]
                    .lines()
                    .map(|line| shown(line.as_bytes()))
                    .collect();
                format!(
                    "instead, since then, the screen has shown:\n{}",
                    lines.join("\n")
                )
            }
        };
        Err(Trouble::new(
            format!("the screen shows {}", Quoted(text.as_bytes())),
            came,
        ))
    }

    fn quits(&mut self, status: Option<u32>, within: Option<Duration>) -> Result<(), Trouble> {
        let until = self.stage.until(within);
        let expected = match status {
            Some(status) => format!("the client quits with exit status {status}"),
            None => "the client quits".into(),
        };
        match self.running.wait(until) {
            None => Err(Trouble::new(expected, "it still runs")),
            Some(Exit::Status(found)) if status.is_none_or(|status| status == *found) => Ok(()),
            Some(Exit::Signal(_)) if status.is_none() => Ok(()),
            Some(exit) => Err(Trouble::new(expected, format!("it {exit}"))),
        }
    }
}

impl Play for ClientPlay {
    fn stage(&self) -> &Stage {
        &self.stage
    }

    fn step(&mut self, step: &Step) -> Result<(), Trouble> {
        match step {
            Step::Wait(time) => {
                self.stage.sleep(*time);
                Ok(())
            }
            Step::On { who, link, what } => {
                if let Some(port) = self.stage.on(who, *link, what, self.port)? {
                    self.port = Some(port);
                }
                Ok(())
            }
            Step::Client(step) => self.client(step),
            Step::User(..) => Err(Trouble::new("a step for a client", "one for a server")),
        }
    }

    fn finish(&mut self) -> Result<(), Trouble> {
        self.stage.finish()
    }

    fn running(&mut self) -> Option<&mut Running> {
        Some(&mut self.running)
    }
}

/// In a client's transcript `SERVER(a)` is the grader.
fn labels(who: &str, link: Link) -> (String, String) {
    let link = link.letter();
    match who {
        SERVER => (format!("SERVER({link})"), format!("CLIENT({link})")),
        _ => (
            format!("{who} on {link}"),
            format!("CLIENT to {who} on {link}"),
        ),
    }
}

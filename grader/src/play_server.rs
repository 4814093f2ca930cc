//! Examining a server: the grader plays all of its clients.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs, io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU16, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    accounts::{password, users_file},
    output::Output,
    pattern::Pattern,
    play::{Examinee, Play},
    program::Running,
    stage::{Stage, Trouble, own_trouble},
    step::{Link, OnLink, Step, UserStep},
    template::Template,
    wire::Wire,
};

/// Between two tries to reach a server that has just been started.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// After joining: no person is faster, and a server may make its last note of Lb behind the 201.
const SETTLE: Duration = Duration::from_millis(50);

/// Between two looks for somebody who dials.
const LOOK: Duration = Duration::from_millis(2);

/// One transcript against one server. The fields are dropped in this order: the connections are
/// closed before the server is ended.
pub(crate) struct ServerPlay {
    stage: Stage,
    listeners: HashMap<String, TcpListener>,
    /// Who connected from an address of their own.
    origins: HashMap<String, IpAddr>,
    address: SocketAddr,
    /// Until when a server that was just started may refuse connections.
    starting_until: Option<Instant>,
    running: Option<Running>,
    _users: Option<UsersFile>,
}

impl ServerPlay {
    pub(crate) fn begin(
        stage: Stage,
        examinee: &Examinee,
        patience: Duration,
    ) -> Result<Self, Trouble> {
        let mut play = Self {
            stage,
            listeners: HashMap::new(),
            origins: HashMap::new(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            starting_until: None,
            running: None,
            _users: None,
        };
        match examinee {
            Examinee::Server(submission) => {
                let users = UsersFile::new().map_err(|error| own_trouble(&error))?;
                let port = free_port().map_err(|error| own_trouble(&error))?;
                play.address.set_port(port);
                let port = port.to_string();
                let values = [
                    ("port", OsStr::new(&port)),
                    ("users", users.path().as_os_str()),
                ];
                let output = Output::new("", &play.stage.record);
                let running = Running::start(submission, &values, output).map_err(|error| {
                    Trouble::new(
                        "a server that can be started",
                        format!("it cannot be started: {error}"),
                    )
                })?;
                play.stage
                    .record
                    .note(format!("the server is started with port {port}"));
                play.running = Some(running);
                play.starting_until = Some(Instant::now() + patience);
                play._users = Some(users);
            }
            Examinee::ServerAt(address) => play.address = *address,
            Examinee::Client { .. } | Examinee::ClientInProcess(_) => {}
        }
        Ok(play)
    }

    fn user(&mut self, who: &str, step: &UserStep) -> Result<(), Trouble> {
        match step {
            UserStep::Join { name, from } => self.join(who, name, *from),
            UserStep::Connect { from } => self.connect(who, *from),
            UserStep::Listen => self.listen(who),
            UserStep::AcceptB(within) => {
                let until = self.stage.until(*within);
                self.accept(who, until)
            }
            UserStep::Receive(receive) => self.stage.receive(receive),
            UserStep::NotDialled(time) => {
                self.stage.sleep(*time);
                self.check_not_dialled(who, &format!("nobody dials {who} for {time:?}"))
            }
        }
    }

    /// The handout's way to being online. Of the replies only the code is looked at: there are
    /// transcripts for their wording.
    fn join(&mut self, who: &str, name: &str, from: Option<IpAddr>) -> Result<(), Trouble> {
        self.connect(who, from)?;
        let login = format!("/login {name} {}", password(name));
        self.ask(who, &login, "101 ...")?;
        self.listen(who)?;
        let port = self.port(who)?;
        let port = format!("/port {}", port.unwrap_or(0));
        self.ask(who, &port, "201 ...")?;
        let until = self.stage.until(None);
        self.accept(who, until)?;
        self.stage.sleep(SETTLE);
        Ok(())
    }

    fn ask(&mut self, who: &str, line: &str, reply: &str) -> Result<(), Trouble> {
        self.stage
            .on(who, Link::A, &OnLink::Line(Template::literal(line)), None)?;
        let pattern = Pattern::parse(reply).map_err(|why| Trouble::new(reply, why))?;
        let until = self.stage.until(None);
        self.stage.expect(who, Link::A, &pattern, until).map(drop)
    }

    /// The first connection of all waits until the server listens: so no server has to stand a
    /// connection that is made only to see whether it does.
    fn connect(&mut self, who: &str, from: Option<IpAddr>) -> Result<(), Trouble> {
        if let Some(from) = from {
            self.origins.insert(who.to_owned(), from);
        }
        let until = match self.starting_until.take() {
            Some(starting) => starting.min(self.stage.until(Some(Duration::from_secs(600)))),
            None => Instant::now(),
        };
        loop {
            match Wire::dial(self.address, from) {
                Ok(stream) => {
                    self.stage.record.note(format!("{who} connects"));
                    return self.stage.add(who, Link::A, stream, labels(who, Link::A));
                }
                Err(error) => {
                    let expected = format!(
                        "a server that accepts connections on port {}",
                        self.address.port()
                    );
                    if let Some(exit) = self.running.as_mut().and_then(Running::exit) {
                        return Err(Trouble::new(expected, format!("the server {exit}")));
                    }
                    if Instant::now() >= until {
                        return Err(Trouble::new(expected, error.to_string()));
                    }
                }
            }
            thread::sleep(TRY_AGAIN);
        }
    }

    fn listen(&mut self, who: &str) -> Result<(), Trouble> {
        let own = match self.origins.get(who) {
            Some(origin) => *origin,
            None if self.address.ip().is_loopback() => Ipv4Addr::LOCALHOST.into(),
            None => Ipv4Addr::UNSPECIFIED.into(),
        };
        let listen = || {
            let listener = TcpListener::bind((own, 0))?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let listener = listen().map_err(|error: io::Error| own_trouble(&error))?;
        self.listeners.insert(who.to_owned(), listener);
        Ok(())
    }

    fn port(&self, who: &str) -> Result<Option<u16>, Trouble> {
        self.listeners
            .get(who)
            .map(|listener| listener.local_addr().map(|address| address.port()))
            .transpose()
            .map_err(|error| own_trouble(&error))
    }

    fn accept(&mut self, who: &str, until: Instant) -> Result<(), Trouble> {
        loop {
            if let Some(stream) = self.dialled(who)? {
                self.stage.record.note(format!("{who}: the server dials b"));
                return self.stage.add(who, Link::B, stream, labels(who, Link::B));
            }
            if Instant::now() >= until {
                return Err(Trouble {
                    expected: format!(
                        "the server dials connection Lb at the port that {who} named"
                    ),
                    came: "nobody dials".into(),
                    hint: Some("the server has to dial the address from which La came".into()),
                });
            }
            thread::sleep(LOOK);
        }
    }

    /// Somebody who has dialled this user's port.
    fn dialled(&self, who: &str) -> Result<Option<TcpStream>, Trouble> {
        let listener = self.listeners.get(who).ok_or_else(|| {
            Trouble::new(
                format!("{who} listens"),
                "not so (the transcript is in error)",
            )
        })?;
        match listener.accept() {
            Ok((stream, _)) => {
                stream
                    .set_nonblocking(false)
                    .map_err(|error| own_trouble(&error))?;
                Ok(Some(stream))
            }
            Err(_) => Ok(None),
        }
    }

    fn check_not_dialled(&self, who: &str, expected: &str) -> Result<(), Trouble> {
        match self.dialled(who)? {
            Some(_) => Err(Trouble::new(expected, "somebody dials")),
            None => Ok(()),
        }
    }
}

impl Play for ServerPlay {
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
                let port = self.port(who)?;
                self.stage.on(who, *link, what, port).map(drop)
            }
            Step::User(who, step) => self.user(who, step),
            Step::Client(_) => Err(Trouble::new("a step for a server", "one for a client")),
        }
    }

    fn finish(&mut self) -> Result<(), Trouble> {
        self.stage.finish()?;
        let names: Vec<&String> = self.listeners.keys().collect();
        for who in names {
            self.check_not_dialled(who, &format!("{who} is not dialled a second time"))?;
        }
        Ok(())
    }

    fn running(&mut self) -> Option<&mut Running> {
        self.running.as_mut()
    }
}

impl Drop for ServerPlay {
    fn drop(&mut self) {
        // The next transcript meets the same server.
        if self.running.is_none() {
            self.stage.leave();
        }
    }
}

fn labels(who: &str, link: Link) -> (String, String) {
    let link = link.letter();
    (
        format!("{who} CLIENT({link})"),
        format!("{who} SERVER({link})"),
    )
}

/// A port that is free now. Not one of those that the system gives to connections of its own, so
/// that nobody takes it by chance before the server does.
fn free_port() -> io::Result<u16> {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    // Two graders at once begin at different places.
    let seed = (process::id() ^ now.subsec_nanos()) % u32::from(COUNT);
    let _ = NEXT.compare_exchange(0, seed as u16, Ordering::Relaxed, Ordering::Relaxed);
    for _ in 0..COUNT {
        let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// What the names of this process's temporary files begin with.
fn own_prefix() -> String {
    format!("grade-{}-", process::id())
}

/// Removes all users files of this process, for a grader that is about to be ended.
pub(crate) fn remove_users_files() {
    let files = fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten();
    for file in files {
        if file
            .file_name()
            .to_string_lossy()
            .starts_with(&own_prefix())
        {
            let _ = fs::remove_file(file.path());
        }
    }
}

/// The users file of one play.
struct UsersFile(PathBuf);

impl UsersFile {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("{}{number}-users.txt", own_prefix()));
        fs::write(&path, users_file())?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for UsersFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

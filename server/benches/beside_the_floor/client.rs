//! One user: La and Lb, and as little else as can be.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

/// What is said: the handout's own example.
pub(crate) const TEXT: &str = "How about meeting at 3pm today?";

/// What a receiver answers.
pub(crate) const RECEIPT: &[u8] = b"302 Message receipt successful\n";

/// How long a login may take before the server counts as full.
const PATIENCE: Duration = Duration::from_secs(2);

/// A user who is online.
pub(crate) struct Client {
    pub(crate) la: TcpStream,
    pub(crate) lb: TcpStream,
}

impl Client {
    /// Logs in as `userN`. The listener may serve many, one after the other.
    pub(crate) fn log_in(
        server: SocketAddr,
        number: usize,
        listener: &TcpListener,
    ) -> io::Result<Self> {
        let la = TcpStream::connect(server)?;
        la.set_nodelay(true)?;
        la.set_read_timeout(Some(PATIENCE))?;
        let name = format!("user{number}");
        let login = format!("/login {name} {}\n", testkit::password(&name));
        ask(&la, &login, "101 ")?;
        let port = listener.local_addr()?.port();
        ask(&la, &format!("/port {port}\n"), "201 ")?;
        let (lb, _) = listener.accept()?;
        lb.set_nodelay(true)?;
        la.set_read_timeout(None)?;
        Ok(Self { la, lb })
    }

    /// Logs in with a listener of its own.
    pub(crate) fn new(server: SocketAddr, number: usize) -> Self {
        Self::log_in(server, number, &listen()).expect("a login")
    }

    /// Says a line, and waits for the acknowledgement.
    pub(crate) fn say_once(&self, line: &str) {
        ask(&self.la, line, "303 ").expect("an acknowledgement");
    }

    /// Says a line, and does not wait for what comes of it.
    pub(crate) fn say(&self, line: &str) {
        (&self.la).write_all(line.as_bytes()).expect("a connection");
    }

    /// Says a line, again and again, each time waiting for the acknowledgement, until the time is
    /// over or `enough` says so. Says how long each took.
    pub(crate) fn talk(&self, line: &str, enough: impl Fn(Instant) -> bool) -> Vec<Duration> {
        let mut latencies = Vec::with_capacity(1 << 16);
        let mut start = Instant::now();
        while !enough(start) {
            ask(&self.la, line, "303 ").expect("an acknowledgement");
            let end = Instant::now();
            latencies.push(end - start);
            start = end;
        }
        latencies
    }
}

/// A listener for Lb.
pub(crate) fn listen() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port")
}

/// Sends a line and reads a reply.
fn ask(mut la: &TcpStream, line: &str, code: &str) -> io::Result<()> {
    la.write_all(line.as_bytes())?;
    let mut reply = [0; 128];
    let count = la.read(&mut reply)?;
    let reply = &reply[..count];
    match reply.starts_with(code.as_bytes()) && reply.ends_with(b"\n") {
        true => Ok(()),
        false => Err(io::Error::new(
            ErrorKind::InvalidData,
            format!("{:?} instead of {code}", String::from_utf8_lossy(reply)),
        )),
    }
}

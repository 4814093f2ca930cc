//! Thread Tb: accepts Lb, shows what comes, acknowledges it (handout, "Establishing another TCP
//! connection" and "Handling commands" 2 and 3).

use std::{
    io::{self, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, mpsc::SyncSender},
    thread,
    time::Duration,
};

use protocol::{
    Command, LineError, LineReader, MAX_SERVER_LINE, Malformed, Status, extended::Delivery,
    set_line,
};

use crate::{
    event::Event,
    ta::{End, Ta},
    terminal::{Terminal, cannot_write},
};

/// Random ports to try before leaving the choice to the system.
const TRIES: usize = 64;

/// How often in a row accepting may fail: a connection that is gone before it is taken, descriptors
/// that are lacking for a moment. With [`PAUSE`] that is as long as our server waits for Lb.
const FAILURES: u32 = 100;

/// The time between such a failure and the next try.
const PAUSE: Duration = Duration::from_millis(50);

/// Listens at a random free port, tells the server which, and leaves Tb waiting there.
///
/// # Errors
/// [`End::Failed`] if there is no port, or the server does not answer `201`.
pub(crate) fn open(
    ta: &mut Ta<'_>,
    la: &TcpStream,
    terminal: &Arc<Terminal>,
    happens: SyncSender<Event>,
) -> Result<(), End> {
    let listening = || {
        let server = la.peer_addr()?.ip();
        let listener = listen(la.local_addr()?)?;
        let port = listener
            .local_addr()?
            .port()
            .try_into()
            .map_err(io::Error::other)?;
        let terminal = Arc::clone(terminal);
        let wait = move || {
            let event = match Tb::accept(&listener, server, &terminal) {
                Ok(mut tb) => {
                    drop(listener); // there is one Lb
                    tb.run()
                }
                Err(error) => Event::LbLost(error.to_string()),
            };
            // Nobody listens any more once Ta has ended.
            let _ = happens.send(event);
        };
        thread::Builder::new().name("Tb".into()).spawn(wait)?;
        Ok(Command::Port(port).to_string())
    };
    let command = listening().map_err(|error: io::Error| {
        End::Failed(format!("cannot listen for the server: {error}"))
    })?;
    match ta.say(command.as_bytes())? {
        Some(Status::ConnectionSuccessful) => Ok(()),
        _ => Err(End::Failed("the server did not connect back".into())),
    }
}

/// A listener at a random free port of La's own address, so that nobody else can reach it.
fn listen(mut own: SocketAddr) -> io::Result<TcpListener> {
    for _ in 0..TRIES {
        own.set_port(rand::random_range(1024..=u16::MAX));
        if let Ok(listener) = TcpListener::bind(own) {
            return Ok(listener);
        }
    }
    own.set_port(0);
    TcpListener::bind(own)
}

/// Tries until it succeeds, or has failed too often.
fn patiently<T>(pause: Duration, mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..FAILURES {
        if let Ok(done) = attempt() {
            return Ok(done);
        }
        thread::sleep(pause);
    }
    attempt()
}

/// Thread Tb. It waits for nobody but the server.
struct Tb<'a> {
    lb: TcpStream,
    terminal: &'a Terminal,
}

impl<'a> Tb<'a> {
    /// Takes the first connection that comes from the server's address. A stranger's is closed.
    fn accept(listener: &TcpListener, server: IpAddr, terminal: &'a Terminal) -> io::Result<Self> {
        loop {
            let (lb, peer) = patiently(PAUSE, || listener.accept())?;
            if peer.ip().to_canonical() == server.to_canonical() {
                lb.set_nodelay(true)?;
                return Ok(Self { lb, terminal });
            }
            terminal.complain(&format!("{peer} is not the server: turned away"));
        }
    }

    /// Shows and acknowledges, message after message, until Lb ends.
    fn run(&mut self) -> Event {
        let mut lines = LineReader::new(MAX_SERVER_LINE);
        let mut receipt = Vec::new();
        set_line(&mut receipt, Status::ReceiptSuccessful);
        loop {
            let line = match lines.read_line(&self.lb) {
                Ok(Some(line)) => line,
                Ok(None) => return Event::LbLost("it closed the connection".into()),
                Err(error @ LineError::TooLong(_)) => {
                    self.report(&error.to_string());
                    continue;
                }
                Err(error) => return Event::LbLost(error.to_string()),
            };
            let line = str::from_utf8(line).map_err(|_| Malformed::NotUtf8);
            let delivery = line.and_then(match self.terminal.is_extended() {
                true => Delivery::parse,
                false => |line| protocol::Delivery::parse(line).map(Delivery::Plain),
            });
            match delivery {
                Ok(delivery) => {
                    if let Err(error) = self.terminal.delivery(&delivery) {
                        return Event::ScreenLost(cannot_write(&error));
                    }
                    if let Err(error) = self.lb.write_all(&receipt) {
                        return Event::LbLost(error.to_string());
                    }
                }
                Err(error) => self.report(&error.to_string()),
            }
        }
    }

    fn report(&self, what: &str) {
        self.terminal
            .complain(&format!("not understood on Lb, not acknowledged: {what}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails so many times, and then succeeds with the number of attempts.
    fn failing(times: u32) -> impl FnMut() -> io::Result<u32> {
        let mut attempts = 0;
        move || {
            attempts += 1;
            match attempts > times {
                true => Ok(attempts),
                false => Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
    }

    #[test]
    fn accepting_may_fail_for_a_while_and_not_for_ever() {
        for times in [0, 1, FAILURES - 1] {
            let attempts = patiently(Duration::ZERO, failing(times));
            assert_eq!(attempts.ok(), Some(times + 1));
        }
        let mut attempt = failing(FAILURES);
        assert!(patiently(Duration::ZERO, &mut attempt).is_err());
        assert_eq!(attempt().ok(), Some(FAILURES + 1), "no attempt too many");
    }
}

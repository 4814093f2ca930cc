//! Thread Tb: accepts Lb, shows what comes, acknowledges it (handout, "Establishing another TCP
//! connection" and "Handling commands" 2 and 3).

use std::{
    io::{self, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, mpsc::SyncSender},
    thread,
};

use protocol::{
    Command, Delivery, LineError, LineReader, MAX_SERVER_LINE, Malformed, Status, set_line,
};

use crate::{
    event::Event,
    ta::{End, Ta},
    terminal::{Terminal, cannot_write},
};

/// Random ports to try before leaving the choice to the system.
const TRIES: usize = 64;

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

/// Thread Tb. It waits for nobody but the server.
struct Tb<'a> {
    lb: TcpStream,
    terminal: &'a Terminal,
}

impl<'a> Tb<'a> {
    /// Takes the first connection that comes from the server's address. A stranger's is closed.
    fn accept(listener: &TcpListener, server: IpAddr, terminal: &'a Terminal) -> io::Result<Self> {
        loop {
            let (lb, peer) = listener.accept()?;
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
            match str::from_utf8(line)
                .map_err(|_| Malformed::NotUtf8)
                .and_then(Delivery::parse)
            {
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

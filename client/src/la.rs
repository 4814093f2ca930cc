//! La: dialling it, sending lines, and the thread that waits for replies.

use std::{
    io::{self, Write},
    net::{TcpStream, ToSocketAddrs},
    sync::{Arc, mpsc::SyncSender},
    thread,
    time::Duration,
};

use protocol::{LineError, LineReader, MAX_SERVER_LINE};

use crate::{event::Event, ta::End};

/// How long dialling may take, for each address that the host has.
const DIAL: Duration = Duration::from_secs(10);

/// Dials the server (handout, "Client basics"). A line that the server does not take within
/// `patience` fails.
pub(crate) fn connect(host: &str, port: u16, patience: Duration) -> Result<Arc<TcpStream>, End> {
    let dial = || {
        let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, DIAL) {
                Ok(la) => {
                    la.set_nodelay(true)?;
                    la.set_write_timeout(Some(patience))?;
                    return Ok(Arc::new(la));
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    };
    dial().map_err(|error| End::Failed(format!("cannot connect to {host} port {port}: {error}")))
}

/// Starts the thread that waits for replies.
pub(crate) fn watch(la: &Arc<TcpStream>, happens: SyncSender<Event>) -> Result<(), End> {
    let la = Arc::clone(la);
    let wait = move || {
        let mut replies = LineReader::new(MAX_SERVER_LINE);
        loop {
            let event = match replies.read_line(&*la) {
                Ok(Some(line)) => Event::Reply(line.to_vec()),
                Ok(None) => Event::LaLost("it closed the connection".into()),
                Err(error @ LineError::TooLong(_)) => Event::Skipped(error.to_string()),
                Err(error) => Event::LaLost(error.to_string()),
            };
            let last = matches!(event, Event::LaLost(_));
            // Nobody listens any more once Ta has ended.
            if happens.send(event).is_err() || last {
                return;
            }
        }
    };
    let thread = thread::Builder::new().name("La".into()).spawn(wait);
    thread
        .map(drop)
        .map_err(|error| End::Failed(format!("cannot start a thread: {error}")))
}

/// Sends one command as it was typed.
pub(crate) fn send(mut la: &TcpStream, line: &[u8]) -> io::Result<()> {
    la.write_all(&[line, b"\n"].concat())
}

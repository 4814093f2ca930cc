//! One connection of the grader's: a thread reads it, so that whatever comes is seen when it comes.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::{IpAddr, Shutdown, SocketAddr, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use socket2::{Domain, SockRef, Socket, Type};

use crate::record::Record;

/// What may have come and not been asked for yet, in bytes; more is a flood, and no more is read.
const FLOOD: usize = 256 * 1024;

/// What a line in the queue costs beside its bytes.
const OVERHEAD: usize = 32;

/// Between two bytes of a line that is sent byte by byte.
const BYTE_PAUSE: Duration = Duration::from_millis(3);

/// How long one attempt to connect may take.
const DIAL: Duration = Duration::from_secs(5);

/// A connection, from the grader's side.
pub(crate) struct Wire {
    stream: Option<Arc<TcpStream>>,
    inbox: Arc<Inbox>,
    reader: Option<JoinHandle<()>>,
    /// Who speaks when the grader sends, as in `jacky CLIENT(a)`.
    own: String,
    record: Record,
}

/// What was found in the inbox.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// A line, without its `\n`.
    Line(Vec<u8>),
    /// The connection is over; what came behind the last `\n`.
    Ended(End, Vec<u8>),
    /// Not in time; what came behind the last `\n`.
    Nothing(Vec<u8>),
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Reset,
    Flood,
    /// By the grader.
    Own,
}

impl End {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Closed => "the connection was closed",
            Self::Reset => "the connection was reset",
            Self::Flood => "a flood of bytes, of which no more is read",
            Self::Own => "the transcript itself has closed this connection",
        }
    }
}

#[derive(Default)]
struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// What came behind the last `\n`.
    partial: Vec<u8>,
    size: usize,
    end: Option<End>,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wire {
    /// Puts a connection into use. `own` speaks on this side, `other` on the other one.
    pub(crate) fn new(
        stream: TcpStream,
        own: String,
        other: String,
        record: &Record,
    ) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let stream = Arc::new(stream);
        let inbox = Arc::<Inbox>::default();
        let (source, sink, log) = (Arc::clone(&stream), Arc::clone(&inbox), record.clone());
        let read = move || read(&source, &sink, &log, &other);
        let reader = thread::Builder::new().name("wire".into()).spawn(read)?;
        Ok(Self {
            stream: Some(stream),
            inbox,
            reader: Some(reader),
            own,
            record: record.clone(),
        })
    }

    /// Dials, if need be from another address of this machine.
    pub(crate) fn dial(address: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        if let Some(from) = from {
            socket.bind(&SocketAddr::new(from, 0).into())?;
        }
        socket.connect_timeout(&address.into(), DIAL)?;
        let stream = TcpStream::from(socket);
        // The kernel may join a connection to itself if nobody listens at that port.
        match stream.local_addr()? == address {
            true => Err(ErrorKind::ConnectionRefused.into()),
            false => Ok(stream),
        }
    }

    /// Sends bytes in one piece. That the other side has hung up is no failure here: what the
    /// transcript expects next will tell.
    ///
    /// # Errors
    /// A clause, if the other side does not take them for so long.
    pub(crate) fn send(&self, bytes: &[u8], patience: Duration) -> Result<(), String> {
        self.record.said(&self.own, bytes);
        self.write(bytes, patience)
    }

    /// Sends bytes one by one.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) fn send_byte_by_byte(&self, bytes: &[u8], patience: Duration) -> Result<(), String> {
        self.record
            .said(&format!("{}, byte by byte", self.own), bytes);
        let deadline = Instant::now() + patience;
        for byte in bytes {
            if Instant::now() > deadline {
                return Err(format!(
                    "it takes longer than {patience:?} to send this byte by byte"
                ));
            }
            self.write(&[*byte], patience)?;
            thread::sleep(BYTE_PAUSE);
        }
        Ok(())
    }

    fn write(&self, bytes: &[u8], patience: Duration) -> Result<(), String> {
        let Some(mut stream) = self.stream.as_deref() else {
            return Ok(());
        };
        let written = stream
            .set_write_timeout(Some(patience.max(Duration::from_millis(1))))
            .and_then(|()| stream.write_all(bytes));
        match written {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(format!(
                    "nobody took what {} sent for {patience:?}",
                    self.own
                ))
            }
            Err(error) => {
                self.record
                    .note(format!("{}: could not be sent: {error}", self.own));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// The next line, or what else there is at this time.
    pub(crate) fn next(&self, deadline: Instant) -> Came {
        let mut state = self.inbox.lock();
        loop {
            if let Some(line) = state.lines.pop_front() {
                state.size -= line.len() + OVERHEAD;
                return Came::Line(line);
            }
            if let Some(end) = state.end {
                return Came::Ended(end, state.partial.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Came::Nothing(state.partial.clone());
            }
            let waited = self.inbox.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Closes, as the end of a program does.
    pub(crate) fn close(&mut self) {
        self.drop_stream("closes", None);
    }

    /// Closes with a reset, as a machine does that has forgotten the connection.
    pub(crate) fn reset(&mut self) {
        self.drop_stream("resets", Some(Duration::ZERO));
    }

    /// Says that nothing more will be sent.
    pub(crate) fn half_close(&self) {
        if let Some(stream) = &self.stream {
            self.record.note(format!("{} half-closes", self.own));
            // Fails if the other side was faster.
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    /// Only the last owner's drop closes a socket the way the end of a program does; so the reader
    /// is woken, without a word to the other side, and awaited.
    fn drop_stream(&mut self, how: &str, linger: Option<Duration>) {
        let Some(stream) = self.stream.take() else {
            return;
        };
        self.record.note(format!("{} {how}", self.own));
        self.inbox.lock().end.get_or_insert(End::Own);
        let _ = stream.shutdown(Shutdown::Read);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if linger.is_some() {
            let _ = SockRef::from(&stream).set_linger(linger);
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            self.inbox.lock().end.get_or_insert(End::Own);
            let _ = stream.shutdown(Shutdown::Both);
            if let Some(reader) = self.reader.take() {
                let _ = reader.join();
            }
        }
    }
}

/// Reads until the end or a flood.
fn read(mut source: &TcpStream, inbox: &Inbox, record: &Record, other: &str) {
    let mut piece = [0; 8192];
    loop {
        let count = source.read(&mut piece);
        let mut state = inbox.lock();
        if state.end.is_some() {
            return;
        }
        let end = match count {
            Ok(0) => Some(End::Closed),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => Some(End::Reset),
            Ok(count) => {
                for byte in &piece[..count] {
                    if *byte == b'\n' {
                        let line = std::mem::take(&mut state.partial);
                        record.said(other, &[&line[..], b"\n"].concat());
                        state.size += OVERHEAD;
                        state.lines.push_back(line);
                    } else {
                        state.size += 1;
                        state.partial.push(*byte);
                    }
                }
                (state.size > FLOOD).then_some(End::Flood)
            }
        };
        if end.is_some() {
            if !state.partial.is_empty() {
                record.said(other, &state.partial);
            }
            if let Some(end) = end {
                record.note(format!("{other}: {}", end.words()));
            }
            state.end = end;
        }
        inbox.changed.notify_all();
        if end.is_some() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn pair() -> (Wire, TcpStream, Record) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let record = Record::new();
        let wire = Wire::new(
            stream,
            "jacky CLIENT(a)".into(),
            "jacky SERVER(a)".into(),
            &record,
        );
        (wire.unwrap(), listener.accept().unwrap().0, record)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[test]
    fn lines_pieces_and_the_end() {
        let (wire, mut other, record) = pair();
        other.write_all(b"one\ntwo\nthr").unwrap();
        assert_eq!(wire.next(soon()), Came::Line(b"one".to_vec()));
        assert_eq!(wire.next(soon()), Came::Line(b"two".to_vec()));
        drop(other);
        assert_eq!(wire.next(soon()), Came::Ended(End::Closed, b"thr".to_vec()));
        let events: Vec<String> = record
            .events()
            .into_iter()
            .map(|event| event.what)
            .collect();
        assert_eq!(
            events,
            [
                "jacky SERVER(a): one",
                "jacky SERVER(a): two",
                "jacky SERVER(a): thr (without \\n)",
                "jacky SERVER(a): the connection was closed",
            ]
        );
    }

    #[test]
    fn a_flood_is_cut() {
        let (wire, mut other, _) = pair();
        thread::spawn(move || while other.write_all(b"x\n").is_ok() {});
        let mut lines = 0;
        while let Came::Line(_) = wire.next(soon()) {
            // As slow as a grader that waits for something else.
            if lines == 0 {
                while wire.inbox.lock().end.is_none() {
                    thread::sleep(Duration::from_millis(1));
                }
            }
            lines += 1;
        }
        assert!(lines < FLOOD);
    }

    #[test]
    fn closed_half_closed_and_reset() {
        let (mut wire, mut other, _) = pair();
        wire.half_close();
        assert_eq!(other.read(&mut [0; 9]).unwrap(), 0);
        other.write_all(b"still\n").unwrap();
        assert_eq!(wire.next(soon()), Came::Line(b"still".to_vec()));
        wire.close();
        assert_eq!(wire.next(soon()), Came::Ended(End::Own, vec![]));

        let (mut wire, mut other, _) = pair();
        wire.reset();
        let error = other.read(&mut [0; 9]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}

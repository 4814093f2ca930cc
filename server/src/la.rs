//! One client's La, as its session reads and writes it.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use protocol::{LineError, LineReader, MAX_LINE};

/// How long a client that was told the last word may take to hang up, and how much it may still
/// send meanwhile. Closing on unread bytes would reset the connection and could destroy that word.
const GOODBYE: (Duration, usize) = (Duration::from_secs(1), 1 << 16);

/// Reads the lines of one La, each within a deadline.
pub(crate) struct Lines<'a> {
    la: &'a TcpStream,
    reader: LineReader,
    /// The read time-out that the socket has now, to set it only when it changes.
    in_force: Option<Duration>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(la: &'a TcpStream) -> Self {
        Self {
            la,
            reader: LineReader::new(MAX_LINE),
            in_force: None,
        }
    }

    /// The next line, and whether another whole one has come behind it; `None` if the client closed.
    ///
    /// # Errors
    /// [`LineError`]; an `Io` of kind `TimedOut` when the deadline has passed.
    pub(crate) fn next(
        &mut self,
        deadline: Option<Instant>,
    ) -> Result<Option<(&[u8], bool)>, LineError> {
        // Also for what has come already: lines sent ahead buy no time.
        if left_until(deadline) == Some(Duration::ZERO) {
            return Err(io::Error::from(ErrorKind::TimedOut).into());
        }
        let Self {
            la,
            reader,
            in_force,
        } = self;
        reader.read_line_ahead(Timed {
            la,
            in_force,
            deadline,
        })
    }
}

/// How long it is until then, if there is a deadline.
pub(crate) fn left_until(deadline: Option<Instant>) -> Option<Duration> {
    deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
}

/// A read time-out bounds one read; this makes of it a deadline for all of them.
struct Timed<'a> {
    la: &'a TcpStream,
    in_force: &'a mut Option<Duration>,
    deadline: Option<Instant>,
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = left_until(self.deadline);
        if left == Some(Duration::ZERO) {
            return Err(ErrorKind::TimedOut.into());
        }
        if *self.in_force != left {
            self.la.set_read_timeout(left)?;
            *self.in_force = left;
        }
        match self.la.read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(ErrorKind::TimedOut.into()),
            result => result,
        }
    }
}

/// Sends one whole line. The socket's write time-out bounds the one write that this takes; a client
/// that has not made room by then does not read its replies.
///
/// # Errors
/// As `write`, or `TimedOut`.
pub(crate) fn send(mut la: &TcpStream, line: &[u8]) -> io::Result<()> {
    loop {
        return match la.write(line) {
            Ok(count) if count == line.len() => Ok(()),
            Ok(_) => Err(ErrorKind::TimedOut.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(ErrorKind::TimedOut.into()),
            Err(error) => Err(error),
        };
    }
}

/// Whether the client has reset the connection or, unless whole lines are `ahead` of that, closed it.
/// What the system still holds hides a close until it has been read. For the thread that reads this
/// La only.
pub(crate) fn is_over(la: &TcpStream, ahead: bool) -> bool {
    if !matches!(la.take_error(), Ok(None)) {
        return true;
    }
    if ahead {
        return false;
    }
    let peeked = la.set_nonblocking(true).and_then(|()| la.peek(&mut [0]));
    let restored = la.set_nonblocking(false);
    match peeked {
        _ if restored.is_err() => true,
        Ok(count) => count == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}

/// Closes La so that what was sent last arrives.
pub(crate) fn say_goodbye(la: &TcpStream) {
    let deadline = Instant::now() + GOODBYE.0;
    if la.shutdown(Shutdown::Write).is_ok() {
        let mut rest = Timed {
            la,
            in_force: &mut None,
            deadline: Some(deadline),
        };
        let mut read = 0;
        while read < GOODBYE.1 {
            match rest.read(&mut [0; 512]) {
                Ok(0) | Err(_) => break,
                Ok(count) => read += count,
            }
        }
    }
    let _ = la.shutdown(Shutdown::Both);
}

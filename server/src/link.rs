//! One user's Lb behind its `Mutex`: deliver, give up, close.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
    mem,
    sync::OnceLock,
    time::Duration,
};

use protocol::{LineError, LineReader, MAX_LINE, Malformed, Reply, Status};

use crate::{
    system::{Instant, Shutdown, TcpStream, thread},
    turn::{Held, Place, Turn},
};

/// The longest that one read or write on Lb blocks, or the wait for a turn. Whoever waits for longer
/// looks around in between: for the deadline, for a sender who has left, for the other receivers of a
/// `/toall`.
/// An honest receipt takes a round trip, so that it normally comes within the first slice.
const SLICE: Duration = Duration::from_millis(20);

/// Whoever waits for a turn waits so much longer than for a receipt: a silent receiver is found out by
/// the one who has the turn, before those who asked at the same moment call it busy.
pub(crate) const GRACE: Duration = Duration::from_millis(60);

/// The receipt as the handout has it.
const RECEIPT: &[u8] = b"302 Message receipt successful\n";

/// A user's Lb. It does not stand until `/port` succeeded.
#[derive(Default)]
pub(crate) struct Link {
    /// Set once, when Lb stands, and outside the lock: closing it must not wait for a turn. At rest
    /// it does not block; blocking, it waits for at most a [`SLICE`].
    socket: OnceLock<TcpStream>,
    /// Held for one write and its receipt. Both have deadlines. Who speaks takes away that Lb is usable and gives it back only if all went well, so a thread
    /// that panicked in its turn leaves a dead link, not a confused one.
    turn: Turn,
}

impl Link {
    /// Puts a fresh connection into use.
    ///
    /// # Errors
    /// If the socket does not take its settings. The link then stays as it was.
    pub(crate) fn attach(&self, socket: TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(SLICE))?;
        socket.set_write_timeout(Some(SLICE))?;
        socket.set_nonblocking(true)?;
        // Nobody is to see a link that stands and cannot be spoken on: that is a dead one.
        let mut usable = self.turn.take_first();
        if self.socket.set(socket).is_err() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        *usable = true;
        Ok(())
    }

    /// Whether Lb has been made.
    pub(crate) fn stands(&self) -> bool {
        self.socket.get().is_some()
    }

    /// Closes the connection, also under the hands of whoever has the turn.
    pub(crate) fn close(&self) {
        if let Some(socket) = self.socket.get() {
            // Fails if the other side was faster; then there is nothing to close.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Waits for the turn, sends one line and waits for its receipt: for at most `patience` until
    /// sending, and again from sending on. While that takes time, it asks now and then whether the
    /// sender is still there: who is gone need not be heard any more.
    ///
    /// # Errors
    /// [`DeliveryError`]; if it [is fatal](DeliveryError::is_fatal), Lb is closed.
    pub(crate) fn deliver(
        &self,
        line: &[u8],
        patience: Duration,
        mut is_sender_there: impl FnMut() -> bool,
    ) -> Result<(), DeliveryError> {
        let start = Instant::now();
        let mut place = None;
        let mut delivery = loop {
            if let Some(begun) = self.begin_in_line(line, patience, &mut place) {
                break begun?;
            }
            if start.elapsed() > patience + GRACE {
                return Err(DeliveryError::Busy);
            }
            if !is_sender_there() {
                return Err(DeliveryError::SenderGone);
            }
            thread::park_timeout(SLICE);
        };
        loop {
            if let Some(outcome) = delivery.advance(Wait::Slice) {
                return outcome;
            }
            is_sender_there();
        }
    }

    /// Whether this link is of no use any more: closed by the client, or with a reply on it that
    /// nobody asked for. While somebody speaks on it, that one finds out.
    pub(crate) fn is_over(&self) -> bool {
        let (Some(socket), Some(usable)) = (self.socket.get(), self.turn.try_take()) else {
            return false;
        };
        let peeked = attempt(socket, Wait::No, |socket| socket.peek(&mut [0]));
        !*usable || !matches!(peeked, Ok(None))
    }

    /// Sends one line if it is nobody's turn and nobody waits for it; `None` if not.
    pub(crate) fn try_begin<'a>(
        &'a self,
        line: &'a [u8],
        patience: Duration,
    ) -> Option<Result<Delivery<'a>, DeliveryError>> {
        let turn = self.turn.try_take()?;
        Some(self.begin(turn, line, patience))
    }

    /// Sends one line if the sender's turn has come; `None` if not, and from then on the sender has
    /// a `place` in the line of those who wait.
    pub(crate) fn begin_in_line<'a>(
        &'a self,
        line: &'a [u8],
        patience: Duration,
        place: &mut Option<Place<'a>>,
    ) -> Option<Result<Delivery<'a>, DeliveryError>> {
        let turn = self.turn.take(place)?;
        Some(self.begin(turn, line, patience))
    }

    fn begin<'a>(
        &'a self,
        mut turn: Held<'a>,
        line: &'a [u8],
        patience: Duration,
    ) -> Result<Delivery<'a>, DeliveryError> {
        let Some(socket) = self.socket.get() else {
            return Err(DeliveryError::NoLink);
        };
        if !mem::take(&mut *turn) {
            return Err(DeliveryError::Dead);
        }
        let deadline = Instant::now() + patience;
        let mut delivery = Delivery {
            turn,
            socket,
            unusual: None,
            line,
            sent: 0,
            deadline,
        };
        match delivery.start() {
            Ok(()) => Ok(delivery),
            Err(error) => Err(delivery.end(error)),
        }
    }
}

/// One line on its way over one link, and the turn on that link.
pub(crate) struct Delivery<'a> {
    turn: Held<'a>,
    socket: &'a TcpStream,
    /// What has come, if it was anything else than one whole [`RECEIPT`].
    unusual: Option<Box<LineReader>>,
    line: &'a [u8],
    sent: usize,
    deadline: Instant,
}

/// Whether to wait for what has not come yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Not at all.
    No,
    /// For at most a [`SLICE`].
    Slice,
}

impl Delivery<'_> {
    /// Sends.
    fn start(&mut self) -> Result<(), DeliveryError> {
        self.refuse_early_receipts()?;
        self.send(Wait::No)
    }

    /// What is there to be read while the line is not yet sent is no receipt for it: a `303` would
    /// be a lie.
    fn refuse_early_receipts(&self) -> Result<(), DeliveryError> {
        match attempt(self.socket, Wait::No, |mut socket| socket.read(&mut [0]))? {
            None => Ok(()),
            Some(0) => Err(DeliveryError::Closed),
            Some(_) => Err(DeliveryError::Unasked),
        }
    }

    /// Sends what has not been sent. With nothing unacknowledged on Lb its buffer is empty, so that
    /// a line goes in whole unless the receiver acknowledges what it does not read.
    fn send(&mut self, wait: Wait) -> Result<(), DeliveryError> {
        let rest = &self.line[self.sent..];
        self.sent += attempt(self.socket, wait, |mut socket| socket.write(rest))?.unwrap_or(0);
        Ok(())
    }

    /// Goes on: the outcome, or `None` if it is not known yet.
    pub(crate) fn advance(&mut self, wait: Wait) -> Option<Result<(), DeliveryError>> {
        match self.step(wait) {
            Ok(false) => None,
            Ok(true) => {
                *self.turn = true;
                Some(Ok(()))
            }
            Err(error) => Some(Err(self.end(error))),
        }
    }

    /// Whether the receipt is here.
    fn step(&mut self, wait: Wait) -> Result<bool, DeliveryError> {
        if self.sent < self.line.len() {
            self.send(wait)?;
            self.refuse_early_receipts()?;
        }
        let mut piece = [0; 64];
        let come = match self.sent == self.line.len() {
            true => attempt(self.socket, wait, |mut socket| socket.read(&mut piece))?,
            false => None,
        };
        if come == Some(0) {
            return Err(DeliveryError::Closed);
        }
        let may_be_more = come == Some(piece.len());
        let mut come = &piece[..come.unwrap_or(0)];
        // What comes late does not count, and a byte now and then buys no time.
        if Instant::now() >= self.deadline {
            return Err(DeliveryError::Silent);
        }
        // Most clients send this, and in one piece: then there is nothing to keep and to parse.
        if self.unusual.is_none() && (come.is_empty() || come == RECEIPT) {
            return Ok(!come.is_empty());
        }
        let reader = || Box::new(LineReader::new(MAX_LINE));
        let receipts = self.unusual.get_or_insert_with(reader);
        while !come.is_empty() {
            receipts.fill(&mut come)?;
        }
        let Some(line) = receipts.take_line()? else {
            return Ok(false);
        };
        let receipt = Reply::parse(str::from_utf8(line).map_err(|_| Malformed::NotUtf8)?)?;
        let (code, status) = (receipt.code(), receipt.status());
        if !receipts.is_empty()
            || may_be_more
                && self
                    .refuse_early_receipts()
                    .is_err_and(|error| matches!(error, DeliveryError::Unasked))
        {
            return Err(DeliveryError::Unasked);
        }
        match status {
            Some(Status::ReceiptSuccessful) => Ok(true),
            _ => Err(DeliveryError::Refused(code)),
        }
    }

    /// Ends the turn after a failure: what the link can survive, it does.
    fn end(&mut self, error: DeliveryError) -> DeliveryError {
        if error.is_fatal() {
            let _ = self.socket.shutdown(Shutdown::Both);
        } else {
            *self.turn = true;
        }
        error
    }
}

/// One call on the socket; `None` if it would have to wait, or to wait for longer than a slice.
fn attempt(
    socket: &TcpStream,
    wait: Wait,
    call: impl FnOnce(&TcpStream) -> io::Result<usize>,
) -> io::Result<Option<usize>> {
    let result = match wait {
        Wait::No => call(socket),
        Wait::Slice => {
            socket.set_nonblocking(false)?;
            let result = call(socket);
            socket.set_nonblocking(true)?;
            result
        }
    };
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(None),
            _ => Err(error),
        },
    }
}

/// Why a message was not acknowledged: the handout's `304`.
#[derive(Debug)]
pub(crate) enum DeliveryError {
    /// The receiver has no Lb yet.
    NoLink,
    /// It was somebody else's turn on Lb all the time.
    Busy,
    /// The sender left before its turn came.
    SenderGone,
    /// Lb has failed before.
    Dead,
    /// The receiver answered with another code.
    Refused(u16),
    /// No whole receipt in time.
    Silent,
    /// The receiver closed Lb.
    Closed,
    /// A receipt before the message, or more than one for it.
    Unasked,
    /// What came is no line.
    Unreadable(LineError),
    /// What came is no reply.
    Malformed(Malformed),
    /// Lb broke.
    Io(io::Error),
}

impl DeliveryError {
    /// Whether the link is dead: what comes later could be taken for the next message's receipt.
    pub(crate) fn is_fatal(&self) -> bool {
        !matches!(
            self,
            Self::NoLink | Self::Busy | Self::SenderGone | Self::Refused(_)
        )
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLink => f.write_str("no Lb"),
            Self::Busy => f.write_str("Lb was in use all the time"),
            Self::SenderGone => f.write_str("the sender left first"),
            Self::Dead => f.write_str("Lb has failed before"),
            Self::Refused(code) => write!(f, "answered {code}"),
            Self::Silent => f.write_str("no whole receipt in time"),
            Self::Closed => f.write_str("Lb closed"),
            Self::Unasked => f.write_str("a reply nobody asked for"),
            Self::Unreadable(error) => write!(f, "reading the receipt: {error}"),
            // What came may be what somebody said; that is not for the log.
            Self::Malformed(Malformed::Number(_)) => f.write_str("the receipt has no number"),
            Self::Malformed(error) => write!(f, "reading the receipt: {error}"),
            Self::Io(error) => write!(f, "Lb broke: {error}"),
        }
    }
}

impl std::error::Error for DeliveryError {}

impl From<io::Error> for DeliveryError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<LineError> for DeliveryError {
    fn from(error: LineError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<Malformed> for DeliveryError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_receipt_is_the_handouts() {
        let mut line = Vec::new();
        protocol::set_line(&mut line, Status::ReceiptSuccessful);
        assert_eq!(line, RECEIPT);
    }
}

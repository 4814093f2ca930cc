//! The model's locks, clock and sockets, under the names that `server/src/system.rs` has.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    ops::Add,
    time::Duration,
};

pub(crate) use std::{net::Shutdown, sync::TryLockError};

pub(crate) use shuttle::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use shuttle::sync::{Condvar, atomic::AtomicU64};

shuttle::lazy_static! {
    /// Milliseconds that have passed: time goes on only where somebody waits for it.
    static ref CLOCK: AtomicU64 = AtomicU64::new(0);
}

/// What passes while a read waits in vain, and how often others may run meanwhile.
const SLICE: (u64, usize) = (50, 4);

/// What passes in a nap, however long it was to be.
const NAP: u64 = 10;

/// A moment of the model's time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(u64);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(CLOCK.load(Ordering::SeqCst))
    }

    pub(crate) fn elapsed(self) -> Duration {
        Duration::from_millis(Self::now().0 - self.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0 + u64::try_from(time.as_millis()).unwrap())
    }
}

pub(crate) mod thread {
    use std::time::Duration;

    pub(crate) use shuttle::thread::{Thread, current};

    /// Lets others run; a nap counts for something, or waiting for a turn would take for ever.
    pub(crate) fn park_timeout(_: Duration) {
        super::CLOCK.fetch_add(super::NAP, super::Ordering::SeqCst);
        shuttle::thread::yield_now();
    }
}

/// One direction of a connection.
#[derive(Default)]
struct Pipe {
    state: Mutex<(VecDeque<u8>, bool)>,
    changed: Condvar,
}

impl Pipe {
    fn put(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state.lock().unwrap();
        if state.1 {
            return Err(ErrorKind::BrokenPipe.into());
        }
        state.0.extend(bytes);
        self.changed.notify_all();
        Ok(bytes.len())
    }

    fn close(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }
}

/// One end of a connection.
#[derive(Clone)]
pub(crate) struct TcpStream {
    inward: Arc<Pipe>,
    outward: Arc<Pipe>,
    blocking: Arc<AtomicBool>,
}

impl TcpStream {
    /// Both ends of a new connection.
    pub(crate) fn pair() -> (Self, Self) {
        let (here, there) = (Arc::<Pipe>::default(), Arc::<Pipe>::default());
        let end = |inward: &Arc<Pipe>, outward: &Arc<Pipe>| Self {
            inward: Arc::clone(inward),
            outward: Arc::clone(outward),
            blocking: Arc::new(AtomicBool::new(true)),
        };
        (end(&here, &there), end(&there, &here))
    }

    pub(crate) fn set_nodelay(&self, _: bool) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn set_read_timeout(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn set_write_timeout(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.blocking.store(!nonblocking, Ordering::SeqCst);
        Ok(())
    }

    pub(crate) fn peek(&self, _: &mut [u8]) -> io::Result<usize> {
        let state = self.inward.state.lock().unwrap();
        match (state.0.is_empty(), state.1) {
            (false, _) => Ok(1),
            (true, true) => Ok(0),
            (true, false) => Err(ErrorKind::WouldBlock.into()),
        }
    }

    pub(crate) fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        self.inward.close();
        self.outward.close();
        Ok(())
    }

    /// The client's side: waits for a line, or for the end.
    pub(crate) fn line(&self) -> Option<String> {
        let mut state = self.inward.state.lock().unwrap();
        loop {
            if let Some(end) = state.0.iter().position(|&byte| byte == b'\n') {
                return Some(String::from_utf8(state.0.drain(..=end).collect()).unwrap());
            }
            if state.1 {
                return None;
            }
            state = self.inward.changed.wait(state).unwrap();
        }
    }

    /// The client's side: whether something is there already.
    pub(crate) fn has_more(&self) -> bool {
        !self.inward.state.lock().unwrap().0.is_empty()
    }

    /// The client's side: sends, if there is still somebody.
    pub(crate) fn say(&self, line: &str) {
        let _ = self.outward.put(line.as_bytes());
    }

    /// The client's side: answers one delivery, if it comes before the end.
    pub(crate) fn say_later(self, line: &'static str) {
        shuttle::thread::spawn(move || {
            while self.line().is_some() {
                self.say(line);
            }
        });
    }
}

impl Read for &TcpStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let blocking = self.blocking.load(Ordering::SeqCst);
        let turns = if blocking { SLICE.1 } else { 0 };
        for turn in 0..=turns {
            let mut state = self.inward.state.lock().unwrap();
            if !state.0.is_empty() || state.1 {
                let count = buffer.len().min(state.0.len());
                state
                    .0
                    .drain(..count)
                    .zip(buffer.iter_mut())
                    .for_each(|(byte, place)| *place = byte);
                return Ok(count);
            }
            drop(state);
            if turn < turns {
                shuttle::thread::yield_now();
            }
        }
        if blocking {
            CLOCK.fetch_add(SLICE.0, Ordering::SeqCst);
        }
        Err(ErrorKind::WouldBlock.into())
    }
}

impl Write for &TcpStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outward.put(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

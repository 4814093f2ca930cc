//! The conversation as it went.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::show::shown;

/// What is kept of a conversation; one that is longer is a flood.
const MOST: usize = 400;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Since the beginning.
    pub at: Duration,
    /// What, in the transcript's notation.
    pub what: String,
}

/// Everything that happened, written by whoever saw it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    start: Instant,
    events: Arc<Mutex<Vec<Event>>>,
    closed: Arc<AtomicBool>,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            events: Arc::default(),
            closed: Arc::default(),
        }
    }

    /// Something happened.
    pub(crate) fn note(&self, what: impl Into<String>) {
        let mut events = self.lock();
        if self.closed.load(Ordering::Acquire) {
            return;
        }
        let what = match events.len() {
            0..MOST => what.into(),
            MOST => "(and more, which is not shown)".into(),
            _ => return,
        };
        let at = self.start.elapsed();
        events.push(Event { at, what });
    }

    /// Somebody said something: one line of the conversation for each of its lines.
    pub(crate) fn said(&self, who: &str, bytes: &[u8]) {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => self.note(format!("{who}: {}", shown(line))),
                None => self.note(format!("{who}: {} (without \\n)", shown(line))),
            }
        }
    }

    /// No more. What would be noted afterwards is about the end of the play, and nobody's business.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// All of it until it was closed.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

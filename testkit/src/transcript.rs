//! What a program writes, as it comes.

use std::{
    io::Read,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use crate::PATIENCE;

/// Everything that came from one source so far, and how far the test has read it.
#[derive(Debug)]
pub struct Transcript {
    come: Arc<(Mutex<Come>, Condvar)>,
    seen: usize,
}

#[derive(Debug, Default)]
struct Come {
    bytes: Vec<u8>,
    ended: bool,
}

impl Transcript {
    /// Follows a source until its end.
    pub fn follow(source: impl Read + Send + 'static) -> Self {
        Self::follow_while(source, |_| true)
    }

    /// Follows a source as long as what came so far is `wanted`, and then closes it, so that whoever
    /// writes to it fails. The transcript has ended only after that.
    pub fn follow_while(
        mut source: impl Read + Send + 'static,
        wanted: impl Fn(&[u8]) -> bool + Send + 'static,
    ) -> Self {
        let come = Arc::new((Mutex::new(Come::default()), Condvar::new()));
        let shared = Arc::clone(&come);
        thread::spawn(move || {
            let (come, changed) = &*shared;
            let lock = || come.lock().expect("no panic elsewhere");
            let mut piece = [0; 4096];
            while wanted(&lock().bytes) {
                // A terminal whose other side is gone gives an error instead of an end.
                let count = source.read(&mut piece).unwrap_or(0);
                if count == 0 {
                    break;
                }
                lock().bytes.extend_from_slice(&piece[..count]);
                changed.notify_all();
            }
            drop(source);
            lock().ended = true;
            changed.notify_all();
        });
        Self { come, seen: 0 }
    }

    /// The next bytes must be these; `[HH:MM]` stands for any time of day.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        let (lock, changed) = &*self.come;
        let mut come = lock.lock().expect("no panic elsewhere");
        loop {
            let unseen = &come.bytes[self.seen..];
            let agree = agree(text, unseen);
            if agree && unseen.len() >= text.len() {
                self.seen += text.len();
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if !agree || come.ended || left.is_zero() {
                let unseen = String::from_utf8_lossy(unseen).into_owned();
                drop(come);
                panic!("expected {text:?}, but came {unseen:?}");
            }
            come = changed
                .wait_timeout(come, left)
                .expect("no panic elsewhere")
                .0;
        }
    }

    /// Nothing but the end must come.
    #[track_caller]
    pub fn expect_end(&mut self) {
        assert_eq!(self.rest(), "", "came before the end");
    }

    /// Waits for a text, and returns what came since the last call, up to its end.
    #[track_caller]
    pub fn until(&mut self, text: &str) -> String {
        match self.find(text, PATIENCE) {
            Some(found) => found,
            None => panic!("waited for {text:?}, but came {:?}", self.all_unseen()),
        }
    }

    /// As [`until`](Self::until) for so long; `None` if it does not come.
    pub fn find(&mut self, text: &str, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        let (lock, changed) = &*self.come;
        let mut come = lock.lock().expect("no panic elsewhere");
        loop {
            let unseen = &come.bytes[self.seen..];
            if let Some(at) = unseen
                .windows(text.len())
                .position(|window| window == text.as_bytes())
            {
                let found = &unseen[..at + text.len()];
                self.seen += found.len();
                return Some(String::from_utf8_lossy(found).into_owned());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if come.ended || left.is_zero() {
                return None;
            }
            come = changed
                .wait_timeout(come, left)
                .expect("no panic elsewhere")
                .0;
        }
    }

    /// Waits for the end, and returns what came since the last call.
    #[track_caller]
    pub fn rest(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (lock, changed) = &*self.come;
        let mut come = lock.lock().expect("no panic elsewhere");
        while !come.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no end of output");
            come = changed
                .wait_timeout(come, left)
                .expect("no panic elsewhere")
                .0;
        }
        let rest = String::from_utf8_lossy(&come.bytes[self.seen..]).into_owned();
        self.seen = come.bytes.len();
        rest
    }

    /// Everything so far, seen or not.
    pub fn all(&self) -> String {
        let come = self.come.0.lock().expect("no panic elsewhere");
        String::from_utf8_lossy(&come.bytes).into_owned()
    }

    fn all_unseen(&self) -> String {
        let come = self.come.0.lock().expect("no panic elsewhere");
        String::from_utf8_lossy(&come.bytes[self.seen..]).into_owned()
    }
}

/// Whether what has come begins as `text` does, as far as both go.
fn agree(text: &str, come: &[u8]) -> bool {
    let mut is_digit = vec![false; text.len()];
    for (at, _) in text.match_indices("[HH:MM]") {
        for place in [1, 2, 4, 5] {
            is_digit[at + place] = true;
        }
    }
    text.bytes()
        .zip(is_digit)
        .zip(come)
        .all(|((expected, is_digit), &byte)| match is_digit {
            true => byte.is_ascii_digit(),
            false => byte == expected,
        })
}

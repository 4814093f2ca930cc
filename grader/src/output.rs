//! What a submission writes to its outputs, and so what a user sees.

use std::{
    io::{self, Read},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::{program::in_thread, record::Record, show::shown};

/// The most that is kept; of a submission that writes more, the last part.
const MOST: usize = 256 * 1024;

/// Between two reads of a submission that floods: it waits, not the grader.
const BREATH: Duration = Duration::from_millis(10);

/// All outputs of one submission in one; shared with the threads that read them.
#[derive(Clone)]
pub(crate) struct Output {
    shared: Arc<(Mutex<State>, Condvar)>,
    /// As in `SCREEN: Please input your user name:`.
    label: Arc<str>,
    record: Record,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    flooded: bool,
    /// Sources that have not ended.
    sources: usize,
}

impl Output {
    /// Nothing yet; what comes is noted under this label, unless that is empty.
    pub(crate) fn new(label: &str, record: &Record) -> Self {
        Self {
            shared: Arc::default(),
            label: label.into(),
            record: record.clone(),
        }
    }

    /// Takes what comes from a source, until its end.
    pub(crate) fn follow(&self, source: impl Read + Send + 'static) -> io::Result<()> {
        let output = self.clone();
        self.lock().sources += 1;
        in_thread(source, move |piece| output.take(piece))
    }

    /// Waits until all sources have ended. A submission's children may keep them open for longer.
    pub(crate) fn wait(&self, deadline: Instant) {
        let mut state = self.lock();
        while state.sources > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.shared.1.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn take(&self, piece: &[u8]) {
        let mut state = self.lock();
        state.bytes.extend_from_slice(piece);
        let too_much = state.bytes.len().saturating_sub(MOST);
        if too_much > 0 {
            state.bytes.drain(..too_much + MOST / 2);
            state.flooded = true;
        }
        if piece.is_empty() {
            state.sources = state.sources.saturating_sub(1);
        }
        let flooded = state.flooded;
        drop(state);
        self.shared.1.notify_all();
        if flooded {
            thread::sleep(BREATH);
        } else if !self.label.is_empty() {
            for line in plain(piece).lines().filter(|line| !line.trim().is_empty()) {
                self.record
                    .note(format!("{}: {}", self.label, shown(line.as_bytes())));
            }
        }
    }

    /// As a person would read it: without what drives a terminal.
    pub(crate) fn plain(&self) -> String {
        plain(&self.lock().bytes)
    }

    /// Whether these bytes are somewhere in it.
    pub(crate) fn has(&self, bytes: &[u8]) -> bool {
        !bytes.is_empty()
            && self
                .lock()
                .bytes
                .windows(bytes.len())
                .any(|window| window == bytes)
    }

    /// Whether more came than anybody would read.
    pub(crate) fn flooded(&self) -> bool {
        self.lock().flooded
    }

    /// Waits for this text behind the first `seen` bytes of what is shown: where it ends.
    pub(crate) fn find(&self, text: &str, seen: usize, deadline: Instant) -> Option<usize> {
        let mut state = self.lock();
        let mut looked_at = None;
        loop {
            if looked_at != Some(state.bytes.len()) {
                looked_at = Some(state.bytes.len());
                let shown = plain(&state.bytes);
                let unseen = shown.get(seen..).unwrap_or("");
                if let Some(at) = unseen.find(text) {
                    return Some(seen + at + text.len());
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.flooded {
                return None;
            }
            let waited = self.shared.1.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The last few lines.
    pub(crate) fn last_words(&self) -> Option<String> {
        const LINES: usize = 8;
        let plain = self.plain();
        let mut lines: Vec<String> = plain
            .lines()
            .rev()
            .filter(|line| !line.trim().is_empty())
            .take(LINES)
            .map(|line| shown(line.as_bytes()))
            .collect();
        lines.reverse();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Text without escape sequences and carriage returns. More bytes never change what the first ones
/// gave, but for a sequence or a letter that is not yet whole at the end.
fn plain(bytes: &[u8]) -> String {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        rest = match (first, tail) {
            (0x1b, tail) => behind_escape(tail),
            (b'\r' | 0x07 | 0x08, tail) => tail,
            (byte, tail) => {
                kept.push(byte);
                tail
            }
        };
    }
    let whole = match kept.utf8_chunks().last() {
        // A letter of which more may be on its way.
        Some(chunk) if chunk.invalid().len() < 4 => kept.len() - chunk.invalid().len(),
        _ => kept.len(),
    };
    String::from_utf8_lossy(&kept[..whole]).into_owned()
}

/// What follows an escape sequence, its first byte already taken.
fn behind_escape(tail: &[u8]) -> &[u8] {
    let end = match tail.first() {
        Some(b'[') => tail[1..]
            .iter()
            .position(|byte| (0x40..=0x7e).contains(byte))
            .map(|at| at + 2),
        Some(b']') => tail
            .iter()
            .position(|byte| matches!(byte, 0x07 | b'\\'))
            .map(|at| at + 1),
        Some(b'(' | b')') => Some(2),
        _ => Some(1),
    };
    end.and_then(|end| tail.get(end..)).unwrap_or(b"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_left_out() {
        for (bytes, expected) in [
            (&b"\x1b[1;31mred\x1b[0m\r\n"[..], "red\n"),
            (b"\x1b]0;title\x07text", "text"),
            (b"\x1b]8;;x\x1b\\link", "link"),
            (b"\x1b(Bx\x1b=y\x1b[?2004hz", "xyz"),
            (b"half \x1b[1;3", "half "),
            (
                "half a letter: \u{e9}".as_bytes().split_last().unwrap().1,
                "half a letter: ",
            ),
            (b"\x1b", ""),
        ] {
            assert_eq!(plain(bytes), expected);
        }
    }

    #[test]
    fn a_text_is_found_behind_what_was_seen() {
        let output = Output::new("", &Record::new());
        output.take(b"name: name: ");
        let soon = Instant::now() + Duration::from_secs(5);
        let first = output.find("name:", 0, soon);
        assert_eq!(first, Some(5));
        assert_eq!(output.find("name:", 5, soon), Some(11));
        assert_eq!(output.find("name:", 11, Instant::now()), None);
        assert_eq!(output.last_words().as_deref(), Some("name: name: "));
    }

    #[test]
    fn a_flood_takes_bounded_room() {
        let output = Output::new("x", &Record::new());
        for _ in 0..100 {
            output.take(&[b'x'; 8192]);
        }
        assert!(output.flooded());
        assert!(output.lock().bytes.capacity() <= 2 * MOST);
        assert_eq!(
            output.find("y", 0, Instant::now() + Duration::from_secs(60)),
            None
        );
    }
}

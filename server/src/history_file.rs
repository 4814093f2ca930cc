//! The file in which history survives: a line a message, `TIME SENDER TO TEXT`.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use chrono::{DateTime, SecondsFormat, Utc};
use log::{info, warn};
use protocol::{ChatText, LineError, LineReader, MAX_SERVER_LINE, OwnedName, Printable, UserName};

use crate::history::{Conversation, Message};

/// The length beyond which a file is put aside as `FILE.1`, in place of an older one.
const BOUND: u64 = 64 << 20;

/// Bytes that may wait to be written. A disk that is slower than that for long loses lines, and the
/// log says so; it never holds up who is chatting.
const WAITING: usize = 16 << 20;

/// A history file, ready for use.
pub struct HistoryFile {
    path: PathBuf,
    file: File,
    length: u64,
}

/// The way to the thread `history`, which writes.
pub(crate) struct Writer {
    lines: Sender<String>,
    waiting: Arc<AtomicUsize>,
    /// Whether lines are being lost, to say so once and not for each.
    losing: AtomicBool,
}

impl HistoryFile {
    /// Opens a file for reading and appending, or makes it, for its owner's eyes only. A last line
    /// without an end, from a crash in the middle of writing, is cut off.
    ///
    /// # Errors
    /// As the system's.
    pub fn open_or_make(path: &Path) -> io::Result<Self> {
        let mut file = append_to(path)?;
        let length = whole_lines(&mut file)?;
        if length != file.metadata()?.len() {
            file.set_len(length)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            length,
        })
    }

    /// Hands over what is there from earlier runs, oldest first.
    pub(crate) fn read(
        &mut self,
        mut each: impl FnMut(Conversation, OwnedName, DateTime<Utc>, ChatText<'_>),
    ) {
        for path in [put_aside(&self.path), self.path.clone()] {
            if let Ok(file) = File::open(&path) {
                read(file, &mut each);
            }
        }
    }

    /// Starts the thread that writes what comes.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn start_writing(self) -> io::Result<Writer> {
        let (lines, written) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let shared = Arc::clone(&waiting);
        let thread = thread::Builder::new().name("history".into());
        thread.spawn(move || self.run(&written, &shared))?;
        Ok(Writer {
            lines,
            waiting,
            losing: AtomicBool::new(false),
        })
    }

    fn run(mut self, lines: &Receiver<String>, waiting: &AtomicUsize) {
        let mut in_trouble = false;
        for line in lines {
            match self.append(&line) {
                Ok(()) if in_trouble => {
                    info!("history is written again");
                    in_trouble = false;
                }
                Ok(()) => {}
                Err(error) if !in_trouble => {
                    warn!("history is not written: {}: {error}", self.path.display());
                    in_trouble = true;
                }
                Err(_) => {}
            }
            waiting.fetch_sub(line.len(), Ordering::Relaxed);
        }
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        let length = line.len() as u64;
        if self.length > 0 && self.length + length > BOUND {
            self.put_aside()?;
        }
        // One `write`, but on a disk that is about to be full: then the next one says so.
        let written = self.file.write_all(line.as_bytes());
        match written {
            Ok(()) => self.length += length,
            // Half a line is no line, and must not become part of the next one.
            Err(_) => self.file.set_len(self.length)?,
        }
        written
    }

    /// Begins a new file. If that cannot be done now, it is tried again with the next line.
    fn put_aside(&mut self) -> io::Result<()> {
        let fresh = with_ending(&self.path, ".new");
        let file = append_to(&fresh)?;
        match fs::rename(&self.path, put_aside(&self.path)) {
            // Somebody has taken it away; then there is nothing to put aside.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            renamed => renamed?,
        }
        fs::rename(&fresh, &self.path)?;
        (self.file, self.length) = (file, 0);
        Ok(())
    }
}

impl Writer {
    /// Has a message written, soon and without waiting for it.
    pub(crate) fn write(&self, conversation: &Conversation, message: &Message) {
        let line = format_line(conversation, message);
        let length = line.len();
        let lost = self.waiting.fetch_add(length, Ordering::Relaxed) > WAITING
            || self.lines.send(line).is_err();
        if lost {
            self.waiting.fetch_sub(length, Ordering::Relaxed);
        }
        if self.losing.swap(lost, Ordering::Relaxed) != lost && lost {
            warn!("messages are missing in the history file: the disk is too slow");
        }
    }
}

fn format_line(conversation: &Conversation, message: &Message) -> String {
    let Message {
        time, sender, text, ..
    } = message;
    let to = match conversation {
        Conversation::All => "*".to_owned(),
        Conversation::Channel(channel) => format!("#{channel}"),
        Conversation::Pair(one, other) if one == sender => escape(other.get().as_str()),
        Conversation::Pair(one, _) => escape(one.get().as_str()),
    };
    let (sender, text) = (escape(sender.get().as_str()), escape(text));
    // Finer than `/history` shows it, so that the order of sending survives.
    let time = time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let line = format!("{time} {sender} {to} {text}");
    format!("{}\n", Printable(&line))
}

/// Makes backslashes safe from [`unescape`], which [`Printable`] leaves alone.
fn escape(words: &str) -> String {
    words.replace('\\', r"\\")
}

fn append_to(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "another server uses it",
            ));
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

fn put_aside(path: &Path) -> PathBuf {
    with_ending(path, ".1")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// How much of a file is whole lines.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut piece = [0; 4096];
    while end > 0 {
        let start = end.saturating_sub(piece.len() as u64);
        let piece = &mut piece[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(piece)?;
        if let Some(newline) = piece.iter().rposition(|&byte| byte == b'\n') {
            return Ok(start + newline as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Hands over all messages that can still be asked for; whatever else there is, is skipped.
fn read(file: File, each: &mut impl FnMut(Conversation, OwnedName, DateTime<Utc>, ChatText<'_>)) {
    let mut file = BufReader::new(file);
    let mut lines = LineReader::new(MAX_SERVER_LINE);
    loop {
        match lines.read_line(&mut file) {
            Ok(Some(line)) => {
                let parsed = str::from_utf8(line).ok().and_then(parse_line);
                if let Some((conversation, sender, time, text)) = parsed
                    && let Ok(text) = ChatText::new(&text)
                {
                    each(conversation, sender, time, text);
                }
            }
            Ok(None) | Err(LineError::Io(_)) => return,
            Err(_) => {}
        }
    }
}

/// Channels end with their last member, so that nobody can read an earlier run's.
fn parse_line(line: &str) -> Option<(Conversation, OwnedName, DateTime<Utc>, String)> {
    let (time, rest) = line.split_once(' ')?;
    let (sender, rest) = rest.split_once(' ')?;
    let (to, text) = rest.split_once(' ')?;
    let time = DateTime::parse_from_rfc3339(time).ok()?.with_timezone(&Utc);
    let sender = UserName::new(&unescape(sender)?).ok()?.own();
    let conversation = match to {
        "*" => Conversation::All,
        to => Conversation::between(&sender, &UserName::new(&unescape(to)?).ok()?.own())?,
    };
    Some((conversation, sender, time, unescape(text)?))
}

/// Undoes what [`format_line`] does to names and texts: `\\\\` for a backslash, and [`Printable`]'s escapes.
fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('\\');
    let mut plain = parts.next()?.to_owned();
    while let Some(part) = parts.next() {
        let rest = match part.chars().next() {
            None => {
                plain.push('\\');
                parts.next()?
            }
            Some('u') => {
                let (code, rest) = part.strip_prefix("u{")?.split_once('}')?;
                plain.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
                rest
            }
            Some(letter) => {
                plain.push(match letter {
                    't' => '\t',
                    'r' => '\r',
                    _ => return None,
                });
                &part[1..]
            }
        };
        plain.push_str(rest);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "[^\n]{1,80}|[\\\\ut{}1b\r\t]{1,20}", pair: bool) {
            let name = |name| UserName::new(name).unwrap().own();
            let (one, other) = (name("jacky"), name("b\\u{202e}o\\\\b\\u{1b}"));
            let conversation = match pair {
                true => Conversation::between(&one, &other).unwrap(),
                false => Conversation::All,
            };
            let time = DateTime::from_timestamp_millis(1_795_255_865_123).unwrap();
            let message = Message { number: 0, time, sender: one, text: text.clone().into() };
            let line = format_line(&conversation, &message);
            prop_assert!(!line.trim_end_matches('\n').chars().any(char::is_control), "{line:?}");
            let (read, sender, at, back) = parse_line(line.strip_suffix('\n').unwrap()).unwrap();
            prop_assert_eq!(read, conversation);
            prop_assert_eq!((back, sender, at), (text, message.sender, time));
        }
    }
}

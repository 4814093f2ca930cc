//! The file in which history survives: a line a message, `TIME SENDER TO TEXT`.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, SyncSender, TrySendError},
    thread,
};

use chrono::{DateTime, Utc};
use log::{info, warn};
use protocol::{ChatText, LineReader, MAX_SERVER_LINE, UserName};

use crate::history::{Conversation, Message, stamp};

/// The length beyond which a file is put aside as `FILE.1`, in place of an older one.
const BOUND: u64 = 64 << 20;

/// Lines that may wait to be written. A disk that is slower than that for long loses some, and the
/// log says so; it never holds up who is chatting.
const WAITING: usize = 65_536;

/// A history file, ready for use.
pub struct HistoryFile {
    path: PathBuf,
    file: File,
    length: u64,
}

/// The way to the thread `history`, which writes.
pub(crate) struct Writer(SyncSender<String>);

impl HistoryFile {
    /// Opens a file for reading and appending, or makes it, for its owner's eyes only. A last line
    /// without an end, from a crash in the middle of writing, is cut off.
    ///
    /// # Errors
    /// As the system's.
    pub fn open_or_make(path: &Path) -> io::Result<Self> {
        let mut file = append_to(path)?;
        let length = whole_lines(&mut file)?;
        file.set_len(length)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            length,
        })
    }

    /// What the file has from earlier runs, and a writer for what comes.
    pub(crate) fn open(self) -> (Vec<(Conversation, Message)>, Writer) {
        let mut earlier = Vec::new();
        for path in [put_aside(&self.path), self.path.clone()] {
            if let Ok(file) = File::open(&path) {
                read(&file, &mut earlier);
            }
        }
        let (write, written) = mpsc::sync_channel(WAITING);
        let thread = thread::Builder::new().name("history".into());
        if let Err(error) = thread.spawn(move || self.run(&written)) {
            warn!("history is not written: {error}");
        }
        (earlier, Writer(write))
    }

    fn run(mut self, lines: &Receiver<String>) {
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
        }
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        let length = line.len() as u64;
        if self.length > 0 && self.length + length > BOUND {
            fs::rename(&self.path, put_aside(&self.path))?;
            self.file = append_to(&self.path)?;
            self.length = 0;
        }
        match self.file.write(line.as_bytes()) {
            Ok(written) if written == line.len() => {
                self.length += length;
                Ok(())
            }
            // Half a line is no line, and must not become part of the next one.
            incomplete => {
                self.file.set_len(self.length)?;
                incomplete.and(Err(io::ErrorKind::WriteZero.into()))
            }
        }
    }
}

impl Writer {
    /// Has a message written, soon and without waiting for it.
    pub(crate) fn write(&self, conversation: &Conversation, message: &Message) {
        let Message { time, sender, text } = message;
        let to = match conversation {
            Conversation::All => "*".to_owned(),
            Conversation::Channel(channel) => format!("#{channel}"),
            Conversation::Pair(one, other) if one == sender => other.get().to_string(),
            Conversation::Pair(one, _) => one.get().to_string(),
        };
        let line = format!("{} {} {to} {text}\n", stamp(*time), sender.get());
        if let Err(TrySendError::Full(_)) = self.0.try_send(line) {
            warn!("a message is missing in the history file: the disk is too slow");
        }
    }
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
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

fn put_aside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".1");
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

/// Takes all messages that can still be asked for; whatever else there is, is skipped.
fn read(file: &File, messages: &mut Vec<(Conversation, Message)>) {
    let mut lines = LineReader::new(MAX_SERVER_LINE);
    loop {
        match lines.read_line(file) {
            Ok(Some(line)) => messages.extend(str::from_utf8(line).ok().and_then(parse)),
            Ok(None) | Err(protocol::LineError::Io(_)) => return,
            Err(_) => {}
        }
    }
}

/// Channels end with their last member, so that nobody can read an earlier run's.
fn parse(line: &str) -> Option<(Conversation, Message)> {
    let (time, rest) = line.split_once(' ')?;
    let (sender, rest) = rest.split_once(' ')?;
    let (to, text) = rest.split_once(' ')?;
    let time = DateTime::parse_from_rfc3339(time).ok()?.with_timezone(&Utc);
    let (sender, to) = (UserName::new(sender).ok()?, UserName::new(to).ok()?);
    let conversation = match to.as_str() {
        "*" => Conversation::All,
        channel if channel.starts_with('#') => return None,
        _ => Conversation::between(&sender.own(), &to.own()),
    };
    let (sender, text) = (sender.own(), ChatText::new(text).ok()?.as_str().into());
    Some((conversation, Message { time, sender, text }))
}

//! The keyboard, or whatever standard input is.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, SyncSender},
    },
    thread,
};

use protocol::{LineError, LineReader, MAX_SERVER_LINE};

use crate::{event::Event, ta::End, terminal::Terminal};

/// The right to ask for a line. One at a time: what is typed ahead waits outside this program.
pub(crate) struct Keyboard(SyncSender<()>);

impl Keyboard {
    /// Asks for a line; it comes as an [`Event::Typed`].
    pub(crate) fn ask(&self) {
        // The thread is there as long as Ta is, but for the end of the input, which Ta knows.
        let _ = self.0.send(());
    }
}

/// Starts the thread that waits for what is typed.
pub(crate) fn watch(terminal: Arc<Terminal>, happens: SyncSender<Event>) -> Result<Keyboard, End> {
    let (ask, asked) = mpsc::sync_channel(1);
    let wait = move || {
        let mut lines = LineReader::new(MAX_SERVER_LINE);
        while asked.recv().is_ok() {
            let typed = read(&mut lines, &terminal);
            let last = typed.is_none();
            if happens.send(Event::Typed(typed)).is_err() || last {
                return;
            }
        }
    };
    let thread = thread::Builder::new().name("keyboard".into()).spawn(wait);
    thread.map_err(|error| End::Failed(format!("cannot start a thread: {error}")))?;
    Ok(Keyboard(ask))
}

/// The next line; the last one may lack its end.
fn read(lines: &mut LineReader, terminal: &Terminal) -> Option<Vec<u8>> {
    loop {
        match lines.read_line(io::stdin().lock()) {
            Ok(Some(line)) => return Some(line.to_vec()),
            Ok(None) => return lines.take_rest(),
            Err(LineError::TooLong(limit)) => {
                terminal.complain(&format!("a line of more than {limit} bytes: not sent"));
            }
            Err(LineError::Endless(_)) => {}
            Err(LineError::Io(error)) => {
                terminal.complain(&format!("cannot read standard input: {error}"));
                return None;
            }
        }
    }
}

//! The keyboard, or whatever standard input is.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread,
};

use protocol::{LineError, LineReader, MAX_SERVER_LINE};

use crate::{
    draft::Draft,
    event::Event,
    key::{Decoder, Key},
    ta::End,
    terminal::{Pressed, Terminal, cannot_write},
};

/// What is asked.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(feature = "line-editor"),
    expect(dead_code, reason = "for an editor's prompt")
)]
pub(crate) struct Question {
    /// Empty for a command.
    pub(crate) prompt: &'static str,
    /// Whether the answer may be seen.
    pub(crate) visible: bool,
}

/// The right to ask for a line. One at a time: what is typed ahead waits.
pub(crate) struct Keyboard(SyncSender<Question>);

impl Keyboard {
    /// Asks for a line; it comes as an [`Event::Typed`].
    pub(crate) fn ask(&self, question: Question) {
        // The thread is there as long as Ta is, but for the end of the input, which Ta knows.
        let _ = self.0.send(question);
    }
}

/// Starts the thread that waits for what is typed.
pub(crate) fn watch(terminal: Arc<Terminal>, happens: SyncSender<Event>) -> Result<Keyboard, End> {
    let failed = |error| End::Failed(format!("cannot start a thread: {error}"));
    let (ask, asked) = mpsc::sync_channel::<Question>(1);
    let mut input = Input::new(&terminal, &happens).map_err(failed)?;
    let wait = move || {
        while let Ok(question) = asked.recv() {
            let event = input.read(&terminal, question);
            let last = !matches!(event, Event::Typed(Some(_)));
            if happens.send(event).is_err() || last {
                return;
            }
        }
    };
    let thread = thread::Builder::new().name("keyboard".into()).spawn(wait);
    thread.map_err(failed)?;
    Ok(Keyboard(ask))
}

/// Where lines come from.
enum Input {
    /// Standard input, line by line: a pipe, a file, or a terminal on which this program draws
    /// nothing.
    Lines(LineReader),
    /// A terminal, key by key.
    Keys(Receiver<Key>),
    /// A terminal in the hands of an editor.
    #[cfg(feature = "line-editor")]
    Editor(Box<crate::editor::LineEditor>),
}

impl Input {
    fn new(terminal: &Arc<Terminal>, happens: &SyncSender<Event>) -> io::Result<Self> {
        if !terminal.is_a_screen() {
            return Ok(Self::Lines(LineReader::new(MAX_SERVER_LINE)));
        }
        #[cfg(feature = "line-editor")]
        if let Ok(editor) = crate::editor::LineEditor::new(terminal) {
            return Ok(Self::Editor(Box::new(editor)));
        }
        if !terminal.take_keys() {
            return Ok(Self::Lines(LineReader::new(MAX_SERVER_LINE)));
        }
        // Without a bound: as many keys wait as somebody pastes, and Ctrl-C comes past all of them.
        let (press, pressed) = mpsc::channel();
        let (terminal, happens) = (Arc::clone(terminal), happens.clone());
        thread::Builder::new()
            .name("keys".into())
            .spawn(move || watch_keys(&terminal, &press, &happens))?;
        Ok(Self::Keys(pressed))
    }

    fn read(&mut self, terminal: &Terminal, question: Question) -> Event {
        match self {
            Self::Lines(lines) if !question.visible && terminal.hides_keys() => {
                let event = read_unseen(lines, terminal);
                terminal.show_keys();
                if matches!(event, Event::Typed(Some(_))) {
                    terminal.show_enter();
                }
                event
            }
            Self::Lines(lines) => Event::Typed(read_line(lines, terminal)),
            Self::Keys(keys) => read_keys(keys, terminal),
            #[cfg(feature = "line-editor")]
            Self::Editor(editor) => editor.read(terminal, question),
        }
    }
}

/// The next line; the last one may lack its end.
fn read_line(lines: &mut LineReader, terminal: &Terminal) -> Option<Vec<u8>> {
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

/// The next line from keys that nothing shows.
fn read_unseen(lines: &mut LineReader, terminal: &Terminal) -> Event {
    if !lines.is_empty() {
        return Event::Typed(read_line(lines, terminal)); // typed ahead
    }
    let mut draft = Draft::new("", true);
    let mut decoder = Decoder::default();
    for byte in io::stdin().lock().bytes() {
        let Ok(byte) = byte else { break };
        match decoder.key(byte) {
            None => {}
            Some(Key::Enter) => return Event::Typed(Some(draft.into_text().into())),
            Some(Key::End) if draft.is_empty() => break,
            Some(Key::Interrupt) => return Event::Interrupted,
            Some(key) => {
                draft.press(key);
            }
        }
    }
    Event::Typed(None)
}

/// Watches the keys of a terminal, for as long as there are any: Ctrl-C and Ctrl-Z work also while
/// nobody asks for a line. The other keys wait for that.
fn watch_keys(terminal: &Terminal, press: &Sender<Key>, happens: &SyncSender<Event>) {
    let mut decoder = Decoder::default();
    let mut bytes = [0; 256];
    loop {
        let count = match io::stdin().read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        for key in bytes[..count].iter().filter_map(|&byte| decoder.key(byte)) {
            let gone = match key {
                Key::Interrupt => {
                    let _ = happens.send(Event::Interrupted);
                    return;
                }
                Key::Stop => terminal.stop().is_err(),
                key => press.send(key).is_err(),
            };
            if gone {
                return;
            }
        }
    }
}

fn read_keys(keys: &Receiver<Key>, terminal: &Terminal) -> Event {
    for key in keys {
        match terminal.press(key) {
            Ok(Pressed::More) => {}
            Ok(Pressed::Line(line)) => return Event::Typed(Some(line.into())),
            Ok(Pressed::End) => break,
            Err(error) => return Event::ScreenLost(cannot_write(&error)),
        }
    }
    Event::Typed(None)
}

//! The line editor of the feature `line-editor`: history, completion, and lines above the one that
//! is being typed.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, SyncSender},
    },
    thread,
    time::Duration,
};

use protocol::{Printable, Reply, Status, extended::FORMS};
use rustyline::{
    CompletionType, Config, Context, Editor, ExternalPrinter, Helper, completion::Completer,
    error::ReadlineError, highlight::Highlighter, hint::Hinter, history::MemHistory,
    validate::Validator,
};

use crate::{
    event::Event,
    keyboard::Question,
    terminal::{Above, Terminal, cannot_write},
};

/// Commands, each with what it takes begun.
const COMMANDS: [&str; 4] = ["/exit", "/list", "/to ", "/toall "];

/// How long a line may take to get onto the screen before whoever shows it goes on. The editor does
/// not look for lines while it asks something itself.
const SOON: Duration = Duration::from_millis(500);

/// A terminal on which lines are edited.
pub(crate) struct LineEditor(Editor<Words, MemHistory>);

/// The names in the last `301`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Online(Arc<Mutex<Vec<String>>>);

impl LineEditor {
    /// Takes over the terminal's last line.
    ///
    /// # Errors
    /// If the editor does not get along with the terminal.
    pub(crate) fn new(terminal: &Terminal) -> rustyline::Result<Self> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            // What is pasted is typed: each line a command, instead of one command of many lines.
            .bracketed_paste(false)
            // It asks nothing while completing, because messages would have to wait.
            .completion_prompt_limit(usize::MAX)
            .completion_show_all_if_ambiguous(true)
            .history_ignore_space(false)
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history)?;
        let online = Online::default();
        editor.set_helper(Some(Words {
            online: online.clone(),
            extended: false,
        }));
        let above = above(editor.create_external_printer()?)?;
        terminal.leave_last_line(above, online);
        Ok(Self(editor))
    }

    fn line(&mut self, terminal: &Terminal, prompt: &str) -> rustyline::Result<String> {
        loop {
            match self.0.readline(prompt) {
                Err(error) if is_unreadable(&error) => {
                    terminal.complain("what was typed is not UTF-8: the line begins anew");
                }
                line => return line,
            }
        }
    }

    /// Reads a line.
    pub(crate) fn read(&mut self, terminal: &Terminal, question: Question) -> Event {
        if let Some(words) = self.0.helper_mut() {
            words.extended = terminal.is_extended();
        }
        let line = match question.visible {
            true => self.line(terminal, question.prompt),
            false => {
                let password = rpassword::prompt_password(question.prompt);
                // What was typed ahead of the prompt was meant for it. It must not turn up as a
                // command, for all to see.
                if let Ok(fresh) = Self::new(terminal) {
                    *self = fresh;
                }
                password.map_err(|error| match error.kind() {
                    io::ErrorKind::UnexpectedEof => ReadlineError::Eof,
                    _ => error.into(),
                })
            }
        };
        // The editor has gone to the next line.
        if let Err(error) = terminal.typed(b"", true) {
            return Event::ScreenLost(cannot_write(&error));
        }
        match line {
            Ok(line) => {
                if question.prompt.is_empty() && !line.is_empty() {
                    // Without it, the history lacks a line.
                    let _ = self.0.add_history_entry(&line);
                }
                // The editor can be made to take a line end; the server would take it for two commands.
                Event::Typed(Some(line.replace('\n', " ").into()))
            }
            Err(ReadlineError::Interrupted) => Event::Interrupted,
            Err(ReadlineError::Eof) => Event::Typed(None),
            Err(error) => {
                terminal.complain(&format!("cannot read the keyboard: {error}"));
                Event::Typed(None)
            }
        }
    }
}

/// Whether a byte came that is no UTF-8; the editor then knows of no line any more.
fn is_unreadable(error: &ReadlineError) -> bool {
    matches!(error, ReadlineError::Io(error) if error.kind() == io::ErrorKind::InvalidData)
}

/// What shows lines above the one being edited. A thread of its own hands them to the editor, so that
/// nobody waits for the editor with the screen locked.
fn above(mut printer: impl ExternalPrinter + Send + 'static) -> io::Result<Above> {
    let (show, lines) = mpsc::sync_channel::<(String, SyncSender<io::Result<()>>)>(0);
    thread::Builder::new().name("above".into()).spawn(move || {
        for (line, shown) in lines {
            let _ = shown.send(printer.print(line).map_err(io::Error::other));
        }
    })?;
    Ok(Box::new(move |line| {
        let (shown, outcome) = mpsc::sync_channel(1);
        match show.send((line, shown)) {
            Ok(()) => outcome.recv_timeout(SOON).unwrap_or(Ok(())),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }))
}

impl Online {
    /// Learns the names from a reply, if it is one with names. A name that could drive the terminal
    /// is not offered.
    pub(crate) fn learn(&self, reply: &str) {
        if let Ok(reply) = Reply::parse(reply)
            && reply.status() == Some(Status::OnlineUsers)
        {
            let names = reply.text().split(' ').filter(|name| !name.is_empty());
            let harmless = names.filter(|name| Printable(name).to_string() == **name);
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *known = harmless.map(String::from).collect();
        }
    }

    fn names(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The words that can be completed.
struct Words {
    online: Online,
    /// Whether the commands of extended mode are among them.
    extended: bool,
}

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(complete(
            &line[..cursor],
            &self.online.names(),
            self.extended,
        ))
    }
}

/// Where the word begins that can be completed, and with what.
fn complete(typed: &str, names: &[String], extended: bool) -> (usize, Vec<String>) {
    if let Some(name) = typed.strip_prefix("/to ") {
        let names = names.iter().filter(|known| known.starts_with(name));
        return (4, names.map(|name| format!("{name} ")).collect());
    }
    let mut commands = match extended {
        true => FORMS.iter().map(begin).collect(),
        false => COMMANDS.map(String::from).to_vec(),
    };
    commands.retain(|known| known.starts_with(typed));
    (0, commands)
}

/// A command of extended mode, with what it takes begun.
fn begin((keyword, form): &(&str, &str)) -> String {
    let gap = if keyword == form { "" } else { " " };
    format!("{keyword}{gap}")
}

impl Helper for Words {}
impl Highlighter for Words {}
impl Validator for Words {}
impl Hinter for Words {
    type Hint = String;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_names_are_completed() {
        let online = Online::default();
        online.learn("301 jacky bob bobby \x1b[2J");
        online.learn("304 nobody");
        for (typed, begin, words) in [
            ("", 0, &["/exit", "/list", "/to ", "/toall "][..]),
            ("/t", 0, &["/to ", "/toall "]),
            ("/l", 0, &["/list"]),
            ("hello", 0, &[]),
            ("/to ", 4, &["jacky ", "bob ", "bobby "]),
            ("/to bo", 4, &["bob ", "bobby "]),
            ("/to bob hi", 4, &[]),
            ("/toall b", 0, &[]),
        ] {
            let expected = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(
                complete(typed, &online.names(), false),
                (begin, expected),
                "{typed}"
            );
        }
        for (typed, words) in [
            ("/g", &["/group ", "/groups"][..]),
            ("/t", &["/to ", "/toall ", "/togroup "]),
            ("/say r", &[]),
        ] {
            let expected = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(complete(typed, &[], true), (0, expected), "{typed}");
        }
    }
}

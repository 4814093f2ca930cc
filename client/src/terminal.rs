//! All that is shown, one thing at a time.

use std::{
    io::{self, IsTerminal, Stdout, Write},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::Local;
use protocol::{Printable, cli, extended::Delivery};

#[cfg(feature = "line-editor")]
use crate::editor::Online;
use crate::{
    draft::{Change, Draft},
    extended,
    key::Key,
    paint::Paint,
    tty::{self, Size, Tty},
};

/// Standard output and standard error, shared by Ta, Tb and the keyboard: each thing shown is one
/// whole line, but for a prompt and what is typed behind it.
pub(crate) struct Terminal {
    input: bool,
    output: bool,
    paint: Paint,
    /// Whether the session is in extended mode. Ta, which asks for it, Tb and an editor all come by
    /// here.
    extended: AtomicBool,
    screen: Mutex<Screen>,
}

struct Screen {
    out: Stdout,
    /// Whether a prompt stands on the last line that this program does not draw itself.
    prompting: bool,
    /// The last line, as far as this program draws it.
    draft: Option<Draft>,
    /// The terminal's settings, while they are changed.
    tty: Option<Tty>,
    /// The same for the time of one answer that is not to be seen.
    unseen: Option<Tty>,
    /// Shows lines above the line that an editor draws.
    #[cfg(feature = "line-editor")]
    above: Option<Above>,
    #[cfg(feature = "line-editor")]
    online: Online,
}

/// Shows whole lines above the line being edited.
#[cfg(feature = "line-editor")]
pub(crate) type Above = Box<dyn FnMut(String) -> io::Result<()> + Send>;

/// What a key brought about.
pub(crate) enum Pressed {
    /// The line goes on.
    More,
    /// The line is done.
    Line(String),
    /// The input has ended.
    End,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let (input, output) = (io::stdin().is_terminal(), io::stdout().is_terminal());
        let paint = match input && output && cli::wants_colour() {
            true => Paint::Colour,
            false => Paint::Plain,
        };
        let screen = Screen {
            out: io::stdout(),
            prompting: false,
            draft: None,
            tty: None,
            unseen: None,
            #[cfg(feature = "line-editor")]
            above: None,
            #[cfg(feature = "line-editor")]
            online: Online::default(),
        };
        Self {
            input,
            output,
            paint,
            extended: AtomicBool::new(false),
            screen: Mutex::new(screen),
        }
    }

    /// The session goes on in extended mode, or not.
    pub(crate) fn extend(&self, extended: bool) {
        self.extended.store(extended, Ordering::SeqCst);
    }

    /// Whether the session is in extended mode.
    pub(crate) fn is_extended(&self) -> bool {
        self.extended.load(Ordering::SeqCst)
    }

    /// Whether keyboard and screen belong to a terminal that can move its cursor.
    pub(crate) fn is_a_screen(&self) -> bool {
        self.input && self.output && !cli::is_dumb()
    }

    /// Takes the keyboard over, key by key. Whether that worked.
    pub(crate) fn take_keys(&self) -> bool {
        let mut screen = self.lock();
        screen.tty = Tty::hold(tty::KEY_BY_KEY).ok();
        screen.tty.is_some()
    }

    /// Leaves the last line to an editor, or to one that takes its place, which shows the other ones
    /// through this. What an editor does to the terminal is undone at the end.
    #[cfg(feature = "line-editor")]
    pub(crate) fn leave_last_line(&self, above: Above, online: Online) {
        let mut screen = self.lock();
        if screen.above.is_none() {
            screen.tty = Tty::hold(tty::FOR_AN_EDITOR).ok();
        }
        screen.above = Some(above);
        screen.online = online;
    }

    /// Shows a prompt and leaves the line open; an empty one shows nothing.
    pub(crate) fn prompt(&self, prompt: &'static str, visible: bool) -> io::Result<()> {
        let mut screen = self.lock();
        if !visible && self.input && screen.tty.is_none() {
            // Before the prompt: some people are fast. Without `stty` they see what they type.
            screen.unseen = Tty::hold(tty::KEY_BY_KEY).ok();
        }
        #[cfg(feature = "line-editor")]
        if screen.above.is_some() {
            screen.prompting = true; // the editor prompts
            return Ok(());
        }
        match screen.tty {
            Some(_) => screen.draft = Some(Draft::new(prompt, !visible)),
            None => screen.prompting = !prompt.is_empty(),
        }
        screen.put(prompt)
    }

    /// Closes the line that was typed, showing it if it is `visible` and no terminal has done so.
    pub(crate) fn typed(&self, line: &[u8], visible: bool) -> io::Result<()> {
        let mut screen = self.lock();
        screen.prompting = false;
        if self.input {
            return Ok(());
        }
        let shown = if visible {
            String::from_utf8_lossy(line)
        } else {
            "".into()
        };
        screen.put(&format!("{}\n", Printable(&shown)))
    }

    /// Whether keys come unseen, one by one, for an answer that is not to be seen.
    pub(crate) fn hides_keys(&self) -> bool {
        self.lock().unseen.is_some()
    }

    /// Such an answer is given: the terminal shows again what is typed.
    pub(crate) fn show_keys(&self) {
        self.lock().unseen = None;
    }

    /// Shows the Enter at the end of such an answer.
    pub(crate) fn show_enter(&self) {
        let _screen = self.lock();
        if io::stderr().is_terminal() {
            // Standard output may lead elsewhere.
            let _ = io::stderr().write_all(b"\n");
        }
    }

    /// A key was pressed.
    pub(crate) fn press(&self, key: Key) -> io::Result<Pressed> {
        let mut screen = self.lock();
        let Some(draft) = &mut screen.draft else {
            return Ok(Pressed::More);
        };
        match key {
            Key::Enter => {
                let line = screen.draft.take().map_or(String::new(), Draft::into_text);
                screen.put("\n")?;
                return Ok(Pressed::Line(line));
            }
            Key::End if draft.is_empty() => return Ok(Pressed::End),
            key => match draft.press(key) {
                Change::More(text) => screen.put(&text)?,
                Change::All => screen.beside_the_draft(|_| Ok(()))?,
                Change::None => {}
            },
        }
        Ok(Pressed::More)
    }

    /// Back to the shell until it lets this program go on.
    pub(crate) fn stop(&self) -> io::Result<()> {
        let mut screen = self.lock();
        screen.beside_the_draft(|screen| {
            screen.tty = None;
            tty::stop();
            screen.tty = Some(Tty::hold(tty::KEY_BY_KEY)?);
            Ok(())
        })
    }

    /// Closes a prompt's line on which nothing will be typed.
    pub(crate) fn end_line(&self) -> io::Result<()> {
        self.lock().end_line()
    }

    /// The end of it: what stands on the last line stays there, and the terminal is itself again.
    pub(crate) fn close(&self) {
        let mut screen = self.lock();
        // If the screen is gone, there is nothing to be closed.
        let _ = screen.end_line();
        screen.unseen = None;
        screen.tty = None;
        #[cfg(feature = "line-editor")]
        {
            screen.above = None;
        }
    }

    /// Shows a line that came on La.
    pub(crate) fn reply(&self, line: &[u8]) -> io::Result<()> {
        let goes_on = self.is_extended() && extended::goes_on(line);
        let line = String::from_utf8_lossy(line);
        if goes_on {
            return self.show(self.paint.more(&line));
        }
        #[cfg(feature = "line-editor")]
        self.lock().online.learn(&line);
        self.show(self.paint.reply(&line))
    }

    /// Shows a chat message, or who came or left.
    pub(crate) fn delivery(&self, delivery: &Delivery<'_>) -> io::Result<()> {
        let time = Local::now().format("%H:%M").to_string();
        self.show(self.paint.delivery(&time, delivery))
    }

    /// Shows a word of help to somebody at a terminal.
    pub(crate) fn hint(&self, text: &str) -> io::Result<()> {
        match self.input && self.output {
            true => self.show(self.paint.hint(text)),
            false => Ok(()),
        }
    }

    /// Shows a sentence about something that is wrong, on standard error.
    pub(crate) fn complain(&self, what: &str) {
        let line = format!("client: {}\n", Printable(what));
        let mut screen = self.lock();
        #[cfg(feature = "line-editor")]
        if let Some(above) = screen.above.as_mut().filter(|_| io::stderr().is_terminal()) {
            let _ = above(line);
            return;
        }
        // If neither can be written to, there is nobody to tell.
        let _ = screen.beside_the_draft(|screen| {
            let _ = screen.end_line();
            io::stderr().write_all(line.as_bytes())
        });
    }

    fn show(&self, mut line: String) -> io::Result<()> {
        line.push('\n');
        let mut screen = self.lock();
        #[cfg(feature = "line-editor")]
        if let Some(above) = &mut screen.above {
            return above(line);
        }
        screen.beside_the_draft(|screen| {
            screen.end_line()?;
            screen.put(&line)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Screen {
    /// Takes the line being typed off the screen, does this, and puts the line back below it.
    fn beside_the_draft(
        &mut self,
        show: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(draft) = self.draft.take() else {
            return show(self);
        };
        let blank = draft.is_blank();
        if !blank {
            let size = self.size();
            self.put(&draft.erase(size))?;
        }
        let mut shown = show(self);
        if !blank {
            // The size may be another one, after a stop.
            let size = self.size();
            shown = shown.and(self.put(&draft.draw(size)));
        }
        self.draft = Some(draft);
        shown
    }

    fn size(&mut self) -> Size {
        self.tty.as_mut().map_or(tty::USUAL, Tty::size)
    }

    /// Ends the last line, if anything stands on it.
    fn end_line(&mut self) -> io::Result<()> {
        let open = self.draft.take().is_some_and(|draft| !draft.is_blank());
        match std::mem::take(&mut self.prompting) || open {
            true => self.put("\n"),
            false => Ok(()),
        }
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

/// The sentence for a screen that cannot be written to.
pub(crate) fn cannot_write(error: &io::Error) -> String {
    format!("cannot write to standard output: {error}")
}

//! All that is shown, made harmless.

use std::{
    io::{self, IsTerminal, Stdout, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::Local;
use protocol::{Delivery, Printable};

/// Standard output and standard error, shared by Ta and Tb: each thing shown is one whole line,
/// but for a prompt.
pub(crate) struct Terminal {
    /// Whether what is typed has to be shown here. A terminal shows it by itself; through a pipe
    /// this program writes what a terminal would have shown.
    echo: bool,
    screen: Mutex<Screen>,
}

struct Screen {
    out: Stdout,
    /// Whether a prompt stands on the last line.
    prompting: bool,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let screen = Screen {
            out: io::stdout(),
            prompting: false,
        };
        Self {
            echo: !io::stdin().is_terminal(),
            screen: Mutex::new(screen),
        }
    }

    /// Shows a prompt and leaves the line open; an empty one shows nothing.
    pub(crate) fn prompt(&self, prompt: &str) -> io::Result<()> {
        let mut screen = self.lock();
        screen.prompting = !prompt.is_empty();
        screen.out.write_all(prompt.as_bytes())?;
        screen.out.flush()
    }

    /// Closes the line that was typed, showing it if it is `visible` and no terminal has done so.
    pub(crate) fn typed(&self, line: &[u8], visible: bool) -> io::Result<()> {
        let mut screen = self.lock();
        screen.prompting = false;
        if !self.echo {
            return Ok(());
        }
        let shown = if visible {
            String::from_utf8_lossy(line)
        } else {
            "".into()
        };
        screen.write(&shown)
    }

    /// Closes a prompt's line on which nothing will be typed.
    pub(crate) fn end_line(&self) -> io::Result<()> {
        self.lock().end_line()
    }

    /// Shows a line that came on La.
    pub(crate) fn reply(&self, line: &[u8]) -> io::Result<()> {
        self.show(&String::from_utf8_lossy(line))
    }

    /// Shows a chat message: when, who, what.
    pub(crate) fn delivery(&self, delivery: &Delivery<'_>) -> io::Result<()> {
        let time = Local::now().format("%H:%M");
        let audience = match delivery {
            Delivery::From(..) => "",
            Delivery::BroadcastFrom(..) => " (to all)",
        };
        self.show(&format!(
            "[{time}] {}{audience}: {}",
            delivery.from(),
            delivery.text()
        ))
    }

    /// Shows a sentence about something that is wrong, on standard error.
    pub(crate) fn complain(&self, what: &str) {
        let mut screen = self.lock();
        // If neither can be written to, there is nobody to tell.
        let _ = screen.end_line();
        let _ = writeln!(io::stderr(), "client: {}", Printable(what));
    }

    fn show(&self, line: &str) -> io::Result<()> {
        let mut screen = self.lock();
        screen.end_line()?;
        screen.write(line)
    }

    fn lock(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Screen {
    fn end_line(&mut self) -> io::Result<()> {
        if !self.prompting {
            return Ok(());
        }
        self.prompting = false;
        self.write("")
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        self.out
            .write_all(format!("{}\n", Printable(line)).as_bytes())?;
        self.out.flush()
    }
}

/// The sentence for a screen that cannot be written to.
pub(crate) fn cannot_write(error: &io::Error) -> String {
    format!("cannot write to standard output: {error}")
}

//! The terminal's settings, in the hands of a helper process that puts them back.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::fd::AsFd,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Keys come one by one and unechoed; Ctrl-C and Ctrl-Z come as keys too, so that nothing ends or
/// stops this program before the settings are put back.
pub(crate) const KEY_BY_KEY: &[&str] = &[
    "-icanon", "-echo", "min", "1", "time", "0", "intr", "undef", "susp", "undef",
];

/// What is typed ahead waits unseen and whole for the editor, which makes settings of its own for the
/// time of a line. Between two lines Ctrl-C and Ctrl-Z do what they do everywhere.
#[cfg(feature = "line-editor")]
pub(crate) const FOR_AN_EDITOR: &[&str] = &["-icanon", "-echo", "min", "1", "time", "0"];

/// What the helper does, with the terminal as its standard error: without system calls of its own
/// this program has no other way to the settings than `stty`. Each line it reads asks for the size;
/// the end of its input, which comes however this program ends, means that the settings be put back.
/// It outlives every signal that may end this program, at any moment, also the one for a pipe that
/// nobody reads any more, and may set the terminal also when a shell has put it into the background.
const HELPER: &str = r#"
trap '' HUP INT PIPE QUIT TERM TSTP TTOU
saved=$(stty -g <&2 2>/dev/null) || exit
stty "$@" <&2 2>/dev/null && echo ready 2>/dev/null
while read -r _; do stty size <&2 2>/dev/null || echo; done
stty "$saved" <&2 2>/dev/null
"#;

/// The size of a terminal that does not say.
pub(crate) const USUAL: Size = Size {
    rows: 24,
    columns: 80,
};

/// The terminal's settings; dropped, they are as they were before.
#[derive(Debug)]
pub(crate) struct Tty {
    helper: Child,
    /// Open as long as the settings are held.
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// A terminal's size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Tty {
    /// Gives standard input, which must be a terminal, these settings.
    ///
    /// # Errors
    /// If there is no `stty`, or it cannot do that. Nothing is changed then.
    pub(crate) fn hold(settings: &[&str]) -> io::Result<Self> {
        let terminal = io::stdin().as_fd().try_clone_to_owned()?;
        let mut helper = Command::new("sh")
            .args(["-c", HELPER, "sh"])
            .args(settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(terminal)
            .spawn()?;
        let (Some(ask), Some(answers)) = (helper.stdin.take(), helper.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut tty = Self {
            helper,
            ask: Some(ask),
            answers: BufReader::new(answers),
        };
        match tty.answer()?.as_str() {
            "ready" => Ok(tty),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// How large the terminal is now.
    pub(crate) fn size(&mut self) -> Size {
        let asked = self.ask.as_mut().map(|ask| ask.write_all(b"\n"));
        let answer = match asked {
            Some(Ok(())) => self.answer().unwrap_or_default(),
            _ => String::new(),
        };
        let number = |word: Option<&str>, usual| match word.map(str::parse) {
            Some(Ok(number @ 1..)) => number,
            _ => usual,
        };
        let mut words = answer.split(' ');
        Size {
            rows: number(words.next(), USUAL.rows),
            columns: number(words.next(), USUAL.columns),
        }
    }

    fn answer(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        drop(self.ask.take());
        let _ = self.helper.wait();
    }
}

/// Stops this program and whatever shares its pipeline, as Ctrl-Z does. Returns when it goes on.
pub(crate) fn stop() {
    // Without a shell that could start it again, the system does not stop it.
    let _ = Command::new("sh").args(["-c", "kill -TSTP 0"]).status();
}

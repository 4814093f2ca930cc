//! Thread Ta: asks the keyboard, asks the server, and takes whatever happens meanwhile.

use std::{
    net::TcpStream,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use protocol::{Reply, Status};

use crate::{
    event::Event,
    extended,
    keyboard::{Keyboard, Question},
    la,
    terminal::Terminal,
};

/// When one connection is gone, how long the other one may take to bring what was sent before: a
/// last reply on La, the last deliveries on Lb.
const GRACE: Duration = Duration::from_millis(300);

/// How long the server may take for its `310` at the end of the input.
const GOODBYE: Duration = Duration::from_secs(5);

/// Thread Ta's hands and ears.
pub(crate) struct Ta<'a> {
    la: &'a TcpStream,
    terminal: &'a Arc<Terminal>,
    keyboard: Keyboard,
    events: Receiver<Event>,
    reply_timeout: Duration,
    /// How Lb ended, if that was while a reply was awaited: the reply may still have come.
    lb_lost: Option<String>,
}

/// Why the client is done before its time.
#[derive(Debug)]
pub(crate) enum End {
    /// The user left, or the server said `310`. Exit status 0.
    Left,
    /// The user pressed Ctrl-C. Exit status 130.
    Interrupted,
    /// The server does not answer, though it is there; for how long. Exit status 1.
    Silent(Duration),
    /// Something is wrong: a sentence for standard error. Exit status 1.
    Failed(String),
}

impl<'a> Ta<'a> {
    pub(crate) fn new(
        la: &'a TcpStream,
        terminal: &'a Arc<Terminal>,
        keyboard: Keyboard,
        events: Receiver<Event>,
        reply_timeout: Duration,
    ) -> Self {
        Self {
            la,
            terminal,
            keyboard,
            events,
            reply_timeout,
            lb_lost: None,
        }
    }

    /// Prompts, and waits for what is typed. Only `visible` things are shown.
    ///
    /// # Errors
    /// [`End::Left`] if that is the end of the input, after a polite `/exit`, or if the server says
    /// `310` to a user who is online; `Failed` if the server goes before that is answered.
    pub(crate) fn ask(&mut self, prompt: &'static str, visible: bool) -> Result<Vec<u8>, End> {
        if let Some(how) = self.lb_lost.take() {
            return Err(End::Failed(gone(&how)));
        }
        self.terminal.prompt(prompt, visible).map_err(screen_lost)?;
        self.keyboard.ask(Question { prompt, visible });
        loop {
            // Without a sender left there is no keyboard and no La either.
            let event = self.events.recv().unwrap_or(Event::Typed(None));
            match event {
                Event::Typed(Some(line)) => {
                    self.terminal.typed(&line, visible).map_err(screen_lost)?;
                    return Ok(line);
                }
                Event::Typed(None) => return Err(self.leave()),
                Event::Interrupted => return Err(End::Interrupted),
                Event::Reply(line) => {
                    self.terminal.reply(&line).map_err(screen_lost)?;
                    if prompt.is_empty() && status(&line) == Some(Status::Bye) {
                        return Err(End::Left);
                    }
                }
                Event::Skipped(why) => self.skipped(&why),
                Event::LaLost(how) => return Err(self.lost(how)),
                Event::LbLost(how) => return Err(End::Failed(gone(&how))),
                Event::ScreenLost(why) => return Err(End::Failed(why)),
            }
        }
    }

    /// Sends a command as it was typed, shows the reply and says its status, if that has one.
    ///
    /// # Errors
    /// If no reply comes: `Failed` if the server is gone, `Silent` if it takes too long.
    pub(crate) fn say(&mut self, command: &[u8]) -> Result<Option<Status>, End> {
        self.exchange(command, self.reply_timeout)
    }

    /// Shows a word of help to somebody at a terminal.
    ///
    /// # Errors
    /// `Failed` if that cannot be shown.
    pub(crate) fn hint(&self, text: &str) -> Result<(), End> {
        self.terminal.hint(text).map_err(screen_lost)
    }

    /// Whether there is more than the handout's commands.
    pub(crate) fn is_extended(&self) -> bool {
        self.terminal.is_extended()
    }

    fn exchange(&mut self, command: &[u8], patience: Duration) -> Result<Option<Status>, End> {
        let mut deadline = Instant::now() + patience;
        let mut trouble = None;
        if let Err(error) = la::send(self.la, command) {
            trouble = Some(error.to_string());
        }
        loop {
            if trouble.is_some() {
                deadline = deadline.min(Instant::now() + GRACE);
            }
            match self
                .events
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(Event::Reply(line)) => {
                    self.terminal.reply(&line).map_err(screen_lost)?;
                    if self.terminal.is_extended() && extended::goes_on(&line) {
                        continue;
                    }
                    return Ok(status(&line));
                }
                Ok(Event::Skipped(why)) => {
                    self.skipped(&why);
                    return Ok(None);
                }
                Ok(Event::LaLost(how)) => return Err(self.lost(how)),
                Ok(Event::LbLost(how)) => {
                    self.lb_lost = Some(how.clone());
                    trouble = trouble.or(Some(how));
                }
                Ok(Event::ScreenLost(why)) => return Err(End::Failed(why)),
                Ok(Event::Interrupted) => return Err(End::Interrupted),
                Ok(Event::Typed(_)) => {} // nobody asked
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(match trouble {
                        Some(how) => End::Failed(gone(&how)),
                        None => End::Silent(patience),
                    });
                }
            }
        }
    }

    /// Leaves politely at the end of the input.
    fn leave(&mut self) -> End {
        if let Err(error) = self.terminal.end_line() {
            return screen_lost(error);
        }
        match self.exchange(b"/exit", self.reply_timeout.min(GOODBYE)) {
            // Whatever a server says to that, or does not, the user has left it.
            Ok(_) | Err(End::Silent(_)) => End::Left,
            Err(end) => end,
        }
    }

    /// A reply came that nobody will see; it was the reply all the same.
    fn skipped(&self, why: &str) {
        self.terminal
            .complain(&format!("a reply cannot be shown: {why}"));
    }

    /// La is gone. What came on Lb before that is still shown: Tb says when it is through.
    fn lost(&mut self, how: String) -> End {
        let deadline = Instant::now() + GRACE;
        while let Ok(event) = self
            .events
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            if matches!(event, Event::LbLost(_)) {
                break;
            }
        }
        End::Failed(gone(&how))
    }
}

fn status(reply: &[u8]) -> Option<Status> {
    let reply = String::from_utf8_lossy(reply);
    Reply::parse(&reply).ok().and_then(|reply| reply.status())
}

fn gone(how: &str) -> String {
    format!("the server is gone: {how}")
}

fn screen_lost(error: std::io::Error) -> End {
    End::Failed(crate::terminal::cannot_write(&error))
}

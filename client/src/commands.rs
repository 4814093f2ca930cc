//! What Ta does once the user is online (handout, "Handling commands").

use protocol::Status;

use crate::ta::{End, Ta};

/// What somebody is told who typed something else.
const COMMANDS: &str = "Commands: /list, /to NAME TEXT, /toall TEXT, /exit";

/// The same in extended mode, where they are too many for a line.
const EXTENDED: &str = "All commands: /help";

/// Sends what is typed, as it is typed: the server judges it. Returns after `310`.
///
/// # Errors
/// [`End`], if it ends otherwise.
pub(crate) fn run(ta: &mut Ta<'_>) -> Result<(), End> {
    loop {
        let command = ta.ask("", true)?;
        match ta.say(&command)? {
            Some(Status::Bye) => return Ok(()),
            Some(Status::UnrecognizedMessage | Status::Usage) if ta.is_extended() => {
                ta.hint(EXTENDED)?;
            }
            Some(Status::UnrecognizedMessage) => ta.hint(COMMANDS)?,
            _ => {}
        }
    }
}

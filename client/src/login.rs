//! Logging in (handout, "User authentication").

use protocol::Status;

use crate::ta::{End, Ta};

const USER_NAME: &str = "Please input your user name:";
const PASSWORD: &str = "Please input your password:";

/// What somebody is told whose words the server could not take for a name and a password.
const WORDS: &str = "A user name and a password are one word each, without spaces.";

/// Asks for name and password until the server takes them.
///
/// # Errors
/// [`End`], if that does not come to pass.
pub(crate) fn log_in(ta: &mut Ta<'_>) -> Result<(), End> {
    loop {
        let name = ta.ask(USER_NAME, true)?;
        let password = ta.ask(PASSWORD, false)?;
        let login = [b"/login ", &name[..], b" ", &password[..]].concat();
        match ta.say(&login)? {
            Some(Status::AuthenticationSuccessful) => return Ok(()),
            Some(Status::UnrecognizedMessage) => ta.hint(WORDS)?,
            _ => {}
        }
    }
}

//! Logging in (handout, "User authentication").

use protocol::Status;

use crate::ta::{End, Ta};

const USER_NAME: &str = "Please input your user name:";
const PASSWORD: &str = "Please input your password:";

/// Asks for name and password until the server takes them.
///
/// # Errors
/// [`End`], if that does not come to pass.
pub(crate) fn log_in(ta: &mut Ta<'_>) -> Result<(), End> {
    loop {
        let name = ta.ask(USER_NAME, true)?;
        let password = ta.ask(PASSWORD, false)?;
        let login = [b"/login ", &name[..], b" ", &password[..]].concat();
        if ta.say(&login)? == Some(Status::AuthenticationSuccessful) {
            return Ok(());
        }
    }
}

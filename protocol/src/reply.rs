//! A status and its text: the server's answers on La, the client's receipts on Lb.

use std::fmt;

use crate::{Malformed, Status};

/// A reply: a three-digit number, and behind one space a text for people (handout, section II).
///
/// ```
/// use protocol::{Reply, Status};
///
/// let reply = Reply::parse("303 Message delivery success").unwrap(); // as the appendix once has it
/// assert_eq!(reply.status(), Some(Status::DeliverySuccessful));
///
/// assert_eq!(Reply::from(Status::Bye).to_string(), "310 Bye bye");
/// let names = Reply::new(Status::OnlineUsers, "jacky bob michael");
/// assert_eq!(names.to_string(), "301 jacky bob michael");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    code: u16,
    text: &'a str,
}

impl<'a> Reply<'a> {
    /// A reply with a text of its own in the place of the status's phrase.
    pub const fn new(status: Status, text: &'a str) -> Self {
        Self {
            code: status.code(),
            text,
        }
    }

    /// Reads a reply from a line without its end. The number need not be one of [`Status`].
    ///
    /// # Errors
    /// [`Malformed::Number`] if the line does not begin with three digits and then ends or has a
    /// space.
    pub fn parse(line: &'a str) -> Result<Self, Malformed> {
        let (number, text) = line.split_once(' ').unwrap_or((line, ""));
        let digits = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
        match number.parse() {
            Ok(code) if digits => Ok(Self { code, text }),
            _ => Err(Malformed::Number(line.to_owned())),
        }
    }

    /// The number.
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// The number as one of the handout's, which alone decides what the reply means.
    pub const fn status(&self) -> Option<Status> {
        Status::from_code(self.code)
    }

    /// What follows the number and its space.
    pub const fn text(&self) -> &'a str {
        self.text
    }
}

impl From<Status> for Reply<'static> {
    fn from(status: Status) -> Self {
        Self::new(status, status.phrase())
    }
}

/// The reply without its line end.
impl fmt::Display for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.code)?;
        match self.text {
            "" => Ok(()),
            text => write!(f, " {text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_three_digits_make_a_reply() {
        for line in ["302", "302 ", "302 x", "999 y", "000 z", "302  two spaces"] {
            assert!(Reply::parse(line).is_ok(), "{line:?}");
        }
        for line in [
            "",
            " ",
            "30",
            "3022",
            "302x",
            "+02 x",
            " 302",
            "302\tx",
            "ok",
            "３０２",
        ] {
            assert!(Reply::parse(line).is_err(), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_formatted_is_parsed(code in 0_u16..1000, text in "[^\n]{0,200}") {
            let reply = Reply { code, text: &text };
            let line = reply.to_string();
            prop_assert_eq!(Reply::parse(&line), Ok(reply));
        }

        #[test]
        fn any_line_is_a_reply_or_an_error(line in "[0-9]{0,4}[^\n]*") {
            if let Ok(reply) = Reply::parse(&line) {
                let formatted = reply.to_string();
                prop_assert_eq!(formatted.trim_end(), line.trim_end());
            }
        }
    }
}

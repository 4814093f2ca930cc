//! What the server says on Lb.

use std::fmt;

use crate::{ChatText, Malformed, UserName};

/// A chat message on its way to a receiver (handout, "Handling commands" 2 and 3).
///
/// ```
/// use protocol::Delivery;
///
/// let delivery = Delivery::parse("/from jacky Hello! Nice to meet you!").unwrap();
/// assert_eq!(delivery.from().as_str(), "jacky");
/// assert_eq!(delivery.text().as_str(), "Hello! Nice to meet you!");
/// assert_eq!(delivery.to_string(), "/from jacky Hello! Nice to meet you!");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// `/from sender_username chat_content`: somebody's `/to`.
    From(UserName<'a>, ChatText<'a>),
    /// `/broadcastfrom sender_username chat_content`: somebody's `/toall`.
    BroadcastFrom(UserName<'a>, ChatText<'a>),
}

impl<'a> Delivery<'a> {
    /// Reads a delivery from a line without its end.
    ///
    /// # Errors
    /// [`Malformed`], with what is wrong.
    pub fn parse(line: &'a str) -> Result<Self, Malformed> {
        let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (build, form): (fn(_, _) -> _, _) = match keyword {
            "" => return Err(Malformed::Empty),
            "/from" => (Self::From, "/from sender_username chat_content"),
            "/broadcastfrom" => (
                Self::BroadcastFrom,
                "/broadcastfrom sender_username chat_content",
            ),
            other => return Err(Malformed::Keyword(other.to_owned())),
        };
        let (name, text) = rest.split_once(' ').ok_or(Malformed::Form(form))?;
        Ok(build(UserName::new(name)?, ChatText::new(text)?))
    }

    /// Who said it.
    pub const fn from(&self) -> UserName<'a> {
        match *self {
            Self::From(name, _) | Self::BroadcastFrom(name, _) => name,
        }
    }

    /// What was said.
    pub const fn text(&self) -> ChatText<'a> {
        match *self {
            Self::From(_, text) | Self::BroadcastFrom(_, text) => text,
        }
    }
}

/// The delivery without its line end.
impl fmt::Display for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(name, text) => write!(f, "/from {name} {text}"),
            Self::BroadcastFrom(name, text) => write!(f, "/broadcastfrom {name} {text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wrong_forms() {
        for line in [
            "",
            " ",
            "/from",
            "/from ",
            "/from bob",
            "/from bob ",
            "/from  bob hi",
            "/FROM bob hi",
            "/broadcastfrom",
            "/broadcastfrom bob",
            "/broadcast bob hi",
            "hello",
            "/fromage bob hi",
        ] {
            assert!(Delivery::parse(line).is_err(), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_formatted_is_parsed(name in "[^ \n]{1,40}", text in "[^\n]{1,200}") {
            let (name, text) = (UserName::new(&name).unwrap(), ChatText::new(&text).unwrap());
            for delivery in [Delivery::From(name, text), Delivery::BroadcastFrom(name, text)] {
                let line = delivery.to_string();
                prop_assert_eq!(Delivery::parse(&line), Ok(delivery));
            }
        }

        #[test]
        fn any_line_is_a_delivery_or_an_error(line in "(/(broadcast)?from)?[^\n]*") {
            if let Ok(delivery) = Delivery::parse(&line) {
                prop_assert_eq!(delivery.to_string(), line);
            }
        }
    }
}

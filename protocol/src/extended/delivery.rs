//! What the server says on Lb to a session in extended mode.

use std::fmt;

use super::RoomName;
use crate::{ChatText, Malformed, UserName};

/// A delivery in extended mode: one of the handout's, or one of three more.
///
/// ```
/// use protocol::extended::Delivery;
///
/// for line in [
///     "/from jacky hi",
///     "/channelfrom rust jacky hi",
///     "/groupfrom lunch jacky hi",
///     "/notice jacky came",
/// ] {
///     assert_eq!(Delivery::parse(line).unwrap().to_string(), line);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// As in plain mode.
    Plain(crate::Delivery<'a>),
    /// `/channelfrom CHANNEL SENDER TEXT`: somebody's `/say`.
    Channel(RoomName<'a>, UserName<'a>, ChatText<'a>),
    /// `/groupfrom GROUP SENDER TEXT`: somebody's `/togroup`.
    Group(RoomName<'a>, UserName<'a>, ChatText<'a>),
    /// `/notice NAME came`: that user is online.
    Came(UserName<'a>),
    /// `/notice NAME left`: that user is not any more.
    Left(UserName<'a>),
}

impl<'a> Delivery<'a> {
    /// Reads a delivery from a line without its end.
    ///
    /// # Errors
    /// [`Malformed`], with what is wrong.
    pub fn parse(line: &'a str) -> Result<Self, Malformed> {
        let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
        match keyword {
            "/channelfrom" => {
                let (room, name, text) = spoken(rest, "/channelfrom channel sender text")?;
                Ok(Self::Channel(room, name, text))
            }
            "/groupfrom" => {
                let (room, name, text) = spoken(rest, "/groupfrom group sender text")?;
                Ok(Self::Group(room, name, text))
            }
            "/notice" => match rest.split_once(' ') {
                Some((name, "came")) => Ok(Self::Came(UserName::new(name)?)),
                Some((name, "left")) => Ok(Self::Left(UserName::new(name)?)),
                _ => Err(Malformed::Form("/notice name came|left")),
            },
            _ => crate::Delivery::parse(line).map(Self::Plain),
        }
    }
}

type Spoken<'a> = (RoomName<'a>, UserName<'a>, ChatText<'a>);

fn spoken<'a>(rest: &'a str, form: &'static str) -> Result<Spoken<'a>, Malformed> {
    let (room, rest) = rest.split_once(' ').ok_or(Malformed::Form(form))?;
    let (name, text) = rest.split_once(' ').ok_or(Malformed::Form(form))?;
    Ok((
        RoomName::new(room)?,
        UserName::new(name)?,
        ChatText::new(text)?,
    ))
}

/// The delivery without its line end.
impl fmt::Display for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(delivery) => delivery.fmt(f),
            Self::Channel(room, name, text) => write!(f, "/channelfrom {room} {name} {text}"),
            Self::Group(room, name, text) => write!(f, "/groupfrom {room} {name} {text}"),
            Self::Came(name) => write!(f, "/notice {name} came"),
            Self::Left(name) => write!(f, "/notice {name} left"),
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
            "/notice",
            "/notice bob",
            "/notice bob went",
            "/notice bob came ",
            "/channelfrom rust",
            "/channelfrom rust bob",
            "/channelfrom rust bob ",
            "/channelfrom #rust bob hi",
            "/groupfrom  bob hi",
            "/groupfrom a b",
            "/CHANNELFROM rust bob hi",
        ] {
            assert!(Delivery::parse(line).is_err(), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_formatted_is_parsed(
            room in "[a-zA-Z0-9_.-]{1,32}", name in "[^ \n]{1,40}", text in "[^\n]{1,200}",
        ) {
            let (room, name) = (RoomName::new(&room).unwrap(), UserName::new(&name).unwrap());
            let text = ChatText::new(&text).unwrap();
            for delivery in [
                Delivery::Plain(crate::Delivery::From(name, text)),
                Delivery::Channel(room, name, text),
                Delivery::Group(room, name, text),
                Delivery::Came(name),
                Delivery::Left(name),
            ] {
                let line = delivery.to_string();
                prop_assert_eq!(Delivery::parse(&line), Ok(delivery));
            }
        }

        #[test]
        fn any_line_is_a_delivery_or_an_error(line in "(/(channelfrom|groupfrom|notice|from))?[^\n]*") {
            if let Ok(delivery) = Delivery::parse(&line) {
                prop_assert_eq!(delivery.to_string(), line);
            }
        }
    }
}

//! What a client says on La.

use std::{fmt, num::NonZeroU16};

use crate::{ChatText, Malformed, Password, UserName};

/// A command on La (handout, "User authentication" to "Handling commands").
///
/// Keywords are exact and in lower case, fields are separated by exactly one space, a chat text is
/// all that follows its space.
///
/// ```
/// use protocol::Command;
///
/// let Command::To { name, text } = Command::parse("/to bob Hello! Nice to meet you!").unwrap() else {
///     unreachable!()
/// };
/// assert_eq!((name.as_str(), text.as_str()), ("bob", "Hello! Nice to meet you!"));
/// assert_eq!(Command::To { name, text }.to_string(), "/to bob Hello! Nice to meet you!");
/// assert!(Command::parse("/TO bob hi").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// `/login username password`: "User authentication".
    Login {
        /// Who wants in.
        name: UserName<'a>,
        /// The proof.
        password: Password<'a>,
    },
    /// `/port port_number`: "Establishing another TCP connection"; where the client listens for Lb.
    Port(NonZeroU16),
    /// `/list`: "Handling commands" 1.
    List,
    /// `/to target_username chat_content`: "Handling commands" 2.
    To {
        /// Who is to get it.
        name: UserName<'a>,
        /// What.
        text: ChatText<'a>,
    },
    /// `/toall chat_content`: "Handling commands" 3.
    ToAll(ChatText<'a>),
    /// `/exit`: "Handling commands" 4.
    Exit,
}

impl<'a> Command<'a> {
    /// Reads a command from a line without its end.
    ///
    /// # Errors
    /// [`Malformed`], with what is wrong: the handout's `401`.
    pub fn parse(line: &'a str) -> Result<Self, Malformed> {
        let (keyword, rest) = split_keyword(line);
        Self::from_parts(keyword, rest)
    }

    /// Reads a command whose keyword has been split off.
    pub(crate) fn from_parts(keyword: &str, rest: Option<&'a str>) -> Result<Self, Malformed> {
        match (keyword, rest) {
            ("", None) => Err(Malformed::Empty),
            ("/login", rest) => {
                let (name, password) = two(rest, "/login username password")?;
                let (name, password) = (UserName::new(name)?, Password::new(password)?);
                Ok(Self::Login { name, password })
            }
            ("/port", Some(number)) => port(number).map(Self::Port),
            ("/port", None) => Err(Malformed::Form(PORT)),
            ("/list", None) => Ok(Self::List),
            ("/list", Some(_)) => Err(Malformed::Form("/list")),
            ("/to", rest) => {
                let (name, text) = two(rest, "/to target_username chat_content")?;
                let (name, text) = (UserName::new(name)?, ChatText::new(text)?);
                Ok(Self::To { name, text })
            }
            ("/toall", Some(text)) => ChatText::new(text).map(Self::ToAll),
            ("/toall", None) => Err(Malformed::Form("/toall chat_content")),
            ("/exit", None) => Ok(Self::Exit),
            ("/exit", Some(_)) => Err(Malformed::Form("/exit")),
            (other, _) => Err(Malformed::Keyword(other.to_owned())),
        }
    }
}

/// The command without its line end, as it goes over the wire: `/login` shows the password.
impl fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login { name, password } => write!(f, "/login {name} {}", password.expose()),
            Self::Port(port) => write!(f, "/port {port}"),
            Self::List => f.write_str("/list"),
            Self::To { name, text } => write!(f, "/to {name} {text}"),
            Self::ToAll(text) => write!(f, "/toall {text}"),
            Self::Exit => f.write_str("/exit"),
        }
    }
}

const PORT: &str = "/port port_number";

/// The keyword, and what follows its space if there is one.
pub(crate) fn split_keyword(line: &str) -> (&str, Option<&str>) {
    match line.split_once(' ') {
        Some((keyword, rest)) => (keyword, Some(rest)),
        None => (line, None),
    }
}

/// The first word and all that follows the space behind it.
fn two<'a>(rest: Option<&'a str>, form: &'static str) -> Result<(&'a str, &'a str), Malformed> {
    rest.and_then(|rest| rest.split_once(' '))
        .ok_or(Malformed::Form(form))
}

/// A decimal from 1 to 65535; `parse` alone would take a sign.
fn port(number: &str) -> Result<NonZeroU16, Malformed> {
    let decimal = number.bytes().all(|byte| byte.is_ascii_digit());
    let port = if decimal { number.parse().ok() } else { None };
    port.ok_or(Malformed::Form(PORT))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn right_forms() {
        for line in [
            "/login jacky 12345",
            "/port 1",
            "/port 65535",
            "/list",
            "/to bob x",
            "/to bob  two  spaces ",
            "/to bob  ",
            "/toall /exit",
            "/toall  ",
            "/exit",
        ] {
            assert_eq!(
                Command::parse(line).map(|c| c.to_string()),
                Ok(line.to_owned()),
                "{line:?}"
            );
        }
        assert_eq!(
            Command::parse("/port 00080").map(|c| c.to_string()),
            Ok("/port 80".to_owned())
        );
    }

    #[test]
    fn wrong_forms() {
        for line in [
            "",
            " ",
            "hello",
            "list",
            "/",
            "/LIST",
            "/List",
            " /list",
            "/list ",
            "/list x",
            "/exit ",
            "/exit now",
            "/to",
            "/to ",
            "/to bob",
            "/to bob ",
            "/to  bob hi",
            "/to\tbob hi",
            "/toall",
            "/toall ",
            "/toallhi",
            "/login",
            "/login ",
            "/login a",
            "/login a ",
            "/login  a b",
            "/login a  b",
            "/login a b c",
            "/login a b ",
            "/port",
            "/port ",
            "/port 0",
            "/port 65536",
            "/port -1",
            "/port +80",
            "/port 8x",
            "/port 80 ",
            "/port 0x50",
            "/port  80",
            "/port 99999999999999999999",
            "302 Message receipt successful",
            "/from bob hi",
        ] {
            assert!(Command::parse(line).is_err(), "{line:?}");
        }
    }

    prop_compose! {
        fn word()(word in "[^ \n]{1,40}") -> String { word }
    }

    prop_compose! {
        fn text()(text in "[^\n]{1,200}") -> String { text }
    }

    proptest! {
        #[test]
        fn what_is_formatted_is_parsed(name in word(), password in word(), text in text(), port: NonZeroU16) {
            let (name, text) = (UserName::new(&name).unwrap(), ChatText::new(&text).unwrap());
            let password = Password::new(&password).unwrap();
            for command in [
                Command::Login { name, password },
                Command::Port(port),
                Command::List,
                Command::To { name, text },
                Command::ToAll(text),
                Command::Exit,
            ] {
                let line = command.to_string();
                prop_assert_eq!(Command::parse(&line), Ok(command));
            }
        }

        #[test]
        fn any_line_is_a_command_or_an_error(line in "(/(login|port|list|to|toall|exit))?[^\n]*") {
            match Command::parse(&line) {
                Err(_) | Ok(Command::Port(_)) => {} // a port may have been written with leading zeros
                Ok(command) => prop_assert_eq!(command.to_string(), line),
            }
        }
    }
}

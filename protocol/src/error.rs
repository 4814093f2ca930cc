//! Why something that was said cannot be used.

use std::{error, fmt, io};

/// A line that is none of the protocol's messages. The server answers it with `401`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Malformed {
    /// The line has nothing on it.
    Empty,
    /// The line is not UTF-8.
    NotUtf8,
    /// The first word is no known keyword; it is quoted.
    Keyword(String),
    /// The keyword is known, the rest is not as its form asks.
    Form(&'static str),
    /// A user name, a password or a chat text that cannot be one; what it was to be.
    Word(&'static str),
    /// A reply that does not begin with a three-digit number; it is quoted.
    Number(String),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty line"),
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::Keyword(word) => write!(f, "unknown keyword {word:?}"),
            Self::Form(form) => write!(f, "not of the form {form}"),
            Self::Word(what) => write!(f, "not a {what}"),
            Self::Number(line) => write!(f, "no status number in {line:?}"),
        }
    }
}

impl error::Error for Malformed {}

/// Why no further line could be read.
#[derive(Debug)]
pub enum LineError {
    /// Reading failed or timed out.
    Io(io::Error),
    /// A line is longer than the limit, in bytes. It is skipped; the next call goes on after it.
    TooLong(usize),
    /// A line that was too long still has no end after this many bytes: there is no use in waiting.
    Endless(usize),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::TooLong(limit) => write!(f, "a line of more than {limit} bytes"),
            Self::Endless(limit) => write!(f, "more than {limit} bytes without a newline"),
        }
    }
}

impl error::Error for LineError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::TooLong(_) | Self::Endless(_) => None,
        }
    }
}

impl From<io::Error> for LineError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

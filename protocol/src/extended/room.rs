//! Names of channels and groups.

use std::fmt;

use crate::Malformed;

/// The name of a channel or a group: 1 to 32 ASCII letters, digits, `-`, `_` and `.`.
///
/// ```
/// use protocol::extended::RoomName;
///
/// assert!(RoomName::new("rust-2024_b.c").is_ok());
/// assert!(RoomName::new("#rust").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName<'a>(&'a str);

impl<'a> RoomName<'a> {
    /// Takes a word for a name.
    ///
    /// # Errors
    /// [`Malformed::Word`] if it is none.
    pub fn new(word: &'a str) -> Result<Self, Malformed> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if (1..=32).contains(&word.len()) && word.bytes().all(allowed) {
            return Ok(Self(word));
        }
        Err(Malformed::Word("channel or group name"))
    }

    /// The name as it was given.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for RoomName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        let longest = "x".repeat(32);
        for name in ["a", "A-1_b.c", "-", ".", longest.as_str()] {
            assert!(RoomName::new(name).is_ok(), "{name:?}");
        }
        let longer = "x".repeat(33);
        for name in [
            "",
            " ",
            "a b",
            "#a",
            "*",
            "ä",
            "a:1",
            "a\r",
            longer.as_str(),
        ] {
            assert!(RoomName::new(name).is_err(), "{name:?}");
        }
    }
}

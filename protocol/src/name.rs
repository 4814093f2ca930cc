//! User names.

use std::{borrow::Borrow, fmt, sync::Arc};

use crate::Malformed;

/// The name of a user: not empty, no space, no line end (handout, section III, note 2).
///
/// ```
/// use protocol::UserName;
///
/// assert_eq!(UserName::new("jacky").unwrap().as_str(), "jacky");
/// assert!(UserName::new("two words").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName<'a>(&'a str);

impl<'a> UserName<'a> {
    /// Takes a word for a name.
    ///
    /// # Errors
    /// [`Malformed::Word`] if it is empty or has a space or a line end in it.
    pub fn new(word: &'a str) -> Result<Self, Malformed> {
        if is_word(word) {
            Ok(Self(word))
        } else {
            Err(Malformed::Word("user name"))
        }
    }

    /// The name as it was given.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The same name, to be kept.
    pub fn own(self) -> OwnedName {
        OwnedName(Arc::from(self.0))
    }
}

/// A [`UserName`] that is kept, and shared by those who keep it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnedName(Arc<str>);

impl OwnedName {
    /// The name.
    pub fn get(&self) -> UserName<'_> {
        UserName(&self.0)
    }
}

/// Maps keyed by owned names are searched with `UserName::as_str`.
impl Borrow<str> for OwnedName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Whether this can stand between two single spaces of a message.
pub(crate) fn is_word(word: &str) -> bool {
    !word.is_empty() && !word.bytes().any(|byte| matches!(byte, b' ' | b'\n'))
}

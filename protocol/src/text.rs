//! Chat texts.

use std::fmt;

use crate::Malformed;

/// What one user says to others: not empty, no line end; everything else is kept byte for byte,
/// spaces at both ends too (handout, `chat_content`).
///
/// ```
/// use protocol::ChatText;
///
/// assert_eq!(ChatText::new(" hi ").unwrap().as_str(), " hi ");
/// assert!(ChatText::new("").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatText<'a>(&'a str);

impl<'a> ChatText<'a> {
    /// Takes a text.
    ///
    /// # Errors
    /// [`Malformed::Word`] if it is empty or has a line end in it.
    pub fn new(text: &'a str) -> Result<Self, Malformed> {
        if text.is_empty() || text.contains('\n') {
            return Err(Malformed::Word("chat text"));
        }
        Ok(Self(text))
    }

    /// The text as it was given.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for ChatText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

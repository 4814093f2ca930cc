//! Passwords, which nothing prints.

use std::{fmt, hint};

use crate::{Malformed, name::is_word};

/// A password as it stands in `/login`: not empty, no space, no line end (handout, section III,
/// note 2). It has no `Display`, and its `Debug` shows nothing of it.
///
/// ```
/// use protocol::Password;
///
/// let given = Password::new("12345").unwrap();
/// assert!(given.is("12345"));
/// assert_eq!(format!("{given:?}"), "Password(…)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Password<'a>(&'a str);

impl<'a> Password<'a> {
    /// Takes a word for a password.
    ///
    /// # Errors
    /// [`Malformed::Word`] if it is empty or has a space or a line end in it.
    pub fn new(word: &'a str) -> Result<Self, Malformed> {
        if is_word(word) {
            Ok(Self(word))
        } else {
            Err(Malformed::Word("password"))
        }
    }

    /// Whether this is `secret`, in a time that depends on the length of what was given alone:
    /// neither on where the two differ nor on how long the secret is.
    pub fn is(self, secret: &str) -> bool {
        let mut difference = self.0.len() ^ secret.len();
        let mut secret = secret.bytes().chain([0]).cycle();
        for given in self.0.bytes() {
            difference |= usize::from(given ^ secret.next().unwrap_or(0));
            difference = hint::black_box(difference);
        }
        difference == 0
    }

    /// The form that goes over the wire; for the client, which has to send it.
    pub(crate) const fn expose(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for Password<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_compares_the_whole_of_both() {
        let given = Password::new("12345").unwrap();
        assert!(given.is("12345"));
        for other in [
            "",
            "1",
            "1234",
            "123456",
            "12346",
            "22345",
            "1234512345",
            "12345\0",
        ] {
            assert!(!given.is(other), "{other:?}");
        }
        assert!(!Password::new("12345\x0012345").unwrap().is("12345"));
    }
}

//! The users file: who may log in.

use std::{
    collections::HashMap,
    error, fmt, fs, io,
    path::{Path, PathBuf},
};

use protocol::{Password, Printable, UserName};

/// Names and passwords (handout, "Server basics").
#[derive(Default)]
pub struct Accounts {
    passwords: HashMap<Box<str>, Box<str>>,
}

/// Why a users file cannot be used.
#[derive(Debug)]
pub struct AccountsError {
    file: PathBuf,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Io(io::Error),
    Words { line: usize, count: usize },
    Twice { line: usize, name: String },
    NotUtf8 { line: usize },
}

impl Accounts {
    /// Reads a users file: `username password` a line, white space around ignored, blank lines
    /// skipped.
    ///
    /// # Errors
    /// [`AccountsError`], naming file and line: it cannot be read, is not UTF-8, has a line of
    /// another number of words, or a name twice.
    pub fn load(path: &Path) -> Result<Self, AccountsError> {
        let parsed = fs::read(path)
            .map_err(Cause::Io)
            .and_then(|bytes| Self::parse(&bytes));
        parsed.map_err(|cause| AccountsError {
            file: path.to_owned(),
            cause,
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, Cause> {
        // Some editors put a byte order mark before the first name.
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let mut passwords = HashMap::new();
        for (line, bytes) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            let text = str::from_utf8(bytes).map_err(|_| Cause::NotUtf8 { line })?;
            let words: Vec<&str> = text.split_whitespace().collect();
            match words[..] {
                [] => {}
                [name, password] => {
                    if passwords.insert(name.into(), password.into()).is_some() {
                        return Err(Cause::Twice {
                            line,
                            name: name.to_owned(),
                        });
                    }
                }
                _ => {
                    return Err(Cause::Words {
                        line,
                        count: words.len(),
                    });
                }
            }
        }
        Ok(Self { passwords })
    }

    /// Whether this is the user's password. It takes as long for a name that nobody has: the
    /// password is then compared with another one.
    pub fn verify(&self, name: UserName<'_>, password: Password<'_>) -> bool {
        let secret = self.passwords.get(name.as_str());
        let matches = password.is(secret.map_or("nobody's", |secret| secret));
        matches & secret.is_some()
    }

    /// Whether somebody has this name.
    pub fn has(&self, name: UserName<'_>) -> bool {
        self.passwords.contains_key(name.as_str())
    }

    /// How many users there are.
    pub fn len(&self) -> usize {
        self.passwords.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.passwords.is_empty()
    }
}

/// Only the number of users: passwords are not for logs.
impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Accounts({})", self.len())
    }
}

impl fmt::Display for AccountsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match &self.cause {
            Cause::Io(error) => write!(f, "cannot read {file}: {error}"),
            Cause::Words { line, count } => {
                write!(
                    f,
                    "{file}:{line}: expected a user name and a password, found {count} words"
                )
            }
            Cause::Twice { line, name } => {
                write!(
                    f,
                    "{file}:{line}: the name {} is taken by a line above",
                    Printable(name)
                )
            }
            Cause::NotUtf8 { line } => write!(f, "{file}:{line}: not UTF-8"),
        }
    }
}

impl error::Error for AccountsError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.cause {
            Cause::Io(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(accounts: &Accounts, name: &str, password: &str) -> bool {
        accounts.verify(
            UserName::new(name).unwrap(),
            Password::new(password).unwrap(),
        )
    }

    fn complaint(file: &[u8]) -> String {
        let cause = Accounts::parse(file).unwrap_err();
        AccountsError {
            file: "users.txt".into(),
            cause,
        }
        .to_string()
    }

    #[test]
    fn white_space_blank_lines_and_line_ends_are_taken_as_they_come() {
        let file = "\u{feff}jacky 12345\r\n\n  bob\t23456  \r\n\r\n   \nmichaël 34567";
        let accounts = Accounts::parse(file.as_bytes()).unwrap();
        assert_eq!(accounts.len(), 3);
        assert!(verify(&accounts, "jacky", "12345"));
        assert!(verify(&accounts, "bob", "23456"));
        assert!(verify(&accounts, "michaël", "34567"));
        assert!(!verify(&accounts, "jacky", "23456"));
        assert!(!verify(&accounts, "Jacky", "12345"));
        assert!(!verify(&accounts, "nobody", "nobody's"));
        assert!(Accounts::parse(b"").unwrap().is_empty());
    }

    #[test]
    fn errors_name_file_and_line() {
        for (file, expected) in [
            (
                &b"a 1\nb\n"[..],
                "users.txt:2: expected a user name and a password, found 1 words",
            ),
            (
                b"\na 1 2",
                "users.txt:2: expected a user name and a password, found 3 words",
            ),
            (
                b"a 1\n\na 2\n",
                "users.txt:3: the name a is taken by a line above",
            ),
            (b"a 1\n\xff 2\n", "users.txt:2: not UTF-8"),
        ] {
            assert_eq!(complaint(file), expected);
        }
        let missing = Accounts::load(Path::new("no/such/file"))
            .unwrap_err()
            .to_string();
        assert!(
            missing.starts_with("cannot read no/such/file: "),
            "{missing}"
        );
    }
}

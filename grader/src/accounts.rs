//! The accounts that the transcripts use.

/// Names and passwords.
pub const ACCOUNTS: &[(&str, &str)] = &[
    ("jacky", "12345"),
    ("bob", "23456"),
    ("michael", "34567"),
    ("alice", "45678"),
    ("carol", "56789"),
];

/// The users file, in the handout's format.
pub fn users_file() -> String {
    ACCOUNTS
        .iter()
        .map(|(name, password)| format!("{name} {password}\n"))
        .collect()
}

/// The password of an account; for a name that is none, some word.
pub(crate) fn password(name: &str) -> &'static str {
    ACCOUNTS
        .iter()
        .find(|(account, _)| *account == name)
        .map_or("none", |(_, password)| password)
}

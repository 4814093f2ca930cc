//! Bytes from a submission, as a person can read them.

use std::fmt;

use protocol::Printable;

/// The most of one line that is shown.
const MOST: usize = 160;

/// In quotes, with escapes for what is not to be seen, and cut if it is long.
pub(crate) struct Quoted<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", shown(self.0))?;
        match self.0.len() {
            length if length > MOST => write!(f, " ({length} bytes)"),
            _ => Ok(()),
        }
    }
}

/// A line for the record: harmless, and cut if it is long.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(MOST)];
    let mut shown = String::new();
    for chunk in cut.utf8_chunks() {
        shown += &Printable(chunk.valid()).to_string();
        for byte in chunk.invalid() {
            shown += &format!("\\x{byte:02x}");
        }
    }
    if cut.len() < bytes.len() {
        shown += "...";
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_and_short() {
        assert_eq!(Quoted(b"a\r\x1b\xff\n").to_string(), r#""a\r\u{1b}\xff\n""#);
        let long = shown(&[b'x'; 1000]);
        assert!(long.len() < 200 && long.ends_with("x..."));
        assert!(Quoted(&[b'x'; 1000]).to_string().ends_with("(1000 bytes)"));
    }
}

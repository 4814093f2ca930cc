//! Asking for extended mode (`docs/protocol.md`, part II).

use protocol::{Status, extended::EXTEND};

use crate::{
    ta::{End, Ta},
    terminal::Terminal,
};

/// Asks the server, and goes on in plain mode if it does not know of any other.
///
/// # Errors
/// [`End`], if that is the end of it.
pub(crate) fn ask(ta: &mut Ta<'_>, terminal: &Terminal) -> Result<(), End> {
    // Before the answer: a delivery of extended mode may come ahead of it.
    terminal.extend(true);
    match ta.say(EXTEND.as_bytes())? {
        Some(Status::Extended) => {}
        Some(Status::Bye) => return Err(End::Left),
        _ => {
            terminal.extend(false);
            terminal
                .complain("the server does not know extended mode; this session goes on without");
        }
    }
    Ok(())
}

/// Whether this line is not the last one of its answer: a hyphen behind the number says so.
pub(crate) fn goes_on(line: &[u8]) -> bool {
    match line.split_first_chunk::<3>() {
        Some((number, text)) => number.iter().all(u8::is_ascii_digit) && text.starts_with(b"-"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hyphen_behind_three_digits_says_that_more_follows() {
        for line in ["360-/list", "340-", "999-x"] {
            assert!(goes_on(line.as_bytes()), "{line:?}");
        }
        for line in [
            "360 18 commands",
            "360",
            "36-x",
            "3600-x",
            "36x-",
            "-",
            "",
            "\u{663}60-",
        ] {
            assert!(!goes_on(line.as_bytes()), "{line:?}");
        }
    }
}

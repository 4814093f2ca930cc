//! Words from strangers, made harmless.

use std::fmt;

/// Shows a text so that no byte of it can drive a terminal or forge a line of a log.
///
/// Control characters (C0 with tab and carriage return, DEL, C1), bidirectional controls and the
/// Unicode line separators appear as escapes such as `\u{1b}`; everything else as it is.
///
/// ```
/// use protocol::Printable;
///
/// assert_eq!(Printable("héllo \x1b[2J").to_string(), r"héllo \u{1b}[2J");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((at, found)) = rest.char_indices().find(|&(_, c)| is_harmful(c)) {
            let (harmless, tail) = rest.split_at(at);
            write!(f, "{harmless}{}", found.escape_default())?;
            rest = &tail[found.len_utf8()..];
        }
        f.write_str(rest)
    }
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn harm_is_escaped_and_the_rest_kept() {
        for (text, shown) in [
            ("plain, ünïcode, 漢字 😀", "plain, ünïcode, 漢字 😀"),
            ("\x1b]0;title\x07", r"\u{1b}]0;title\u{7}"),
            ("a\tb\rc\nd", r"a\tb\rc\nd"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("\u{202e}evil\u{2069}", r"\u{202e}evil\u{2069}"),
            ("\0\x7f", r"\u{0}\u{7f}"),
            (r"C:\new", r"C:\new"),
            ("", ""),
        ] {
            assert_eq!(Printable(text).to_string(), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in any::<String>()) {
            prop_assert!(!Printable(&text).to_string().contains(is_harmful));
        }
    }
}

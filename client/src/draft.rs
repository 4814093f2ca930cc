//! The line being typed, and how it stands on the screen.

use protocol::{MAX_LINE, Printable};

use crate::{key::Key, tty::Size, width};

/// No line longer than this is typed on a terminal. The server refuses it long before.
const LONGEST: usize = 2 * MAX_LINE;

/// The last line of the screen: a prompt, and what is typed behind it.
#[derive(Debug)]
pub(crate) struct Draft {
    prompt: &'static str,
    text: String,
    hidden: bool,
}

/// What a key calls for on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// This behind what is there.
    More(String),
    /// Everything anew.
    All,
    /// Nothing.
    None,
}

impl Draft {
    pub(crate) const fn new(prompt: &'static str, hidden: bool) -> Self {
        Self {
            prompt,
            text: String::new(),
            hidden,
        }
    }

    /// Whether nothing is typed.
    pub(crate) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What was typed.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Changes the text as this key does.
    pub(crate) fn press(&mut self, key: Key) -> Change {
        let before = self.text.len();
        match key {
            Key::Char(c) if before + c.len_utf8() <= LONGEST => {
                self.text.push(c);
                return match self.hidden {
                    true => Change::None,
                    false => Change::More(Printable(c.encode_utf8(&mut [0; 4])).to_string()),
                };
            }
            // A mark on top of a character goes with it.
            Key::EraseChar => while self.text.pop().is_some_and(|c| width::of(c) == 0) {},
            Key::EraseWord => {
                let word = self.text.trim_end().trim_end_matches(|c| c != ' ');
                self.text.truncate(word.len());
            }
            Key::EraseLine => self.text.clear(),
            Key::Redraw => return Change::All,
            _ => return Change::None,
        }
        match self.hidden || self.text.len() == before {
            true => Change::None,
            false => Change::All,
        }
    }

    /// Whether anything of it is to be seen.
    pub(crate) fn is_blank(&self) -> bool {
        self.shown().is_empty()
    }

    /// What takes it off a screen of this size, the cursor being at its end.
    pub(crate) fn erase(&self, size: Size) -> String {
        match width::last_row(&self.shown(), size.columns) {
            0 => "\r\x1b[J".into(),
            row => format!("\r\x1b[{row}A\x1b[J"),
        }
    }

    /// What puts it onto a screen of this size; of a line that is too long for it, the end.
    pub(crate) fn draw(&self, size: Size) -> String {
        width::tail(&self.shown(), size.rows, size.columns).to_owned()
    }

    fn shown(&self) -> String {
        match self.hidden {
            true => self.prompt.to_owned(),
            false => format!("{}{}", self.prompt, Printable(&self.text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: impl IntoIterator<Item = Key>) -> Draft {
        let mut draft = Draft::new("", false);
        for key in keys {
            draft.press(key);
        }
        draft
    }

    #[test]
    fn erasing() {
        for (text, key, left) in [
            ("abc", Key::EraseChar, "ab"),
            ("漢字", Key::EraseChar, "漢"),
            ("xe\u{301}", Key::EraseChar, "x"),
            ("", Key::EraseChar, ""),
            ("/to bob hi  ", Key::EraseWord, "/to bob "),
            ("/list", Key::EraseWord, ""),
            ("", Key::EraseWord, ""),
            ("/to bob hi", Key::EraseLine, ""),
        ] {
            let draft = typed(text.chars().map(Key::Char).chain([key]));
            assert_eq!(draft.into_text(), left, "{text} {key:?}");
        }
    }

    #[test]
    fn only_what_changes_is_drawn() {
        let mut draft = Draft::new("Name:", false);
        assert_eq!(draft.press(Key::EraseChar), Change::None);
        assert_eq!(draft.press(Key::Char('漢')), Change::More("漢".into()));
        assert_eq!(draft.press(Key::Char('\t')), Change::More(r"\t".into()));
        assert_eq!(draft.press(Key::EraseChar), Change::All);
        let size = Size {
            rows: 24,
            columns: 4,
        };
        assert_eq!(draft.draw(size), "Name:漢");
        assert_eq!(draft.erase(size), "\r\x1b[1A\x1b[J");
    }

    #[test]
    fn a_hidden_text_is_never_shown() {
        let mut draft = Draft::new("Password:", true);
        for c in "secret".chars() {
            assert_eq!(draft.press(Key::Char(c)), Change::None);
        }
        assert_eq!(draft.press(Key::EraseChar), Change::None);
        let size = Size {
            rows: 24,
            columns: 80,
        };
        assert_eq!(draft.draw(size), "Password:");
        assert_eq!(draft.into_text(), "secre");
    }

    #[test]
    fn no_line_grows_for_ever() {
        let draft = typed(std::iter::repeat_n(Key::Char('x'), LONGEST + 9));
        assert_eq!(draft.into_text().len(), LONGEST);
    }
}

//! Keys, from the bytes that a terminal makes of them.

/// What a key means to the line being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character.
    Char(char),
    /// Enter: the line is done.
    Enter,
    /// Backspace: its last character goes.
    EraseChar,
    /// Ctrl-W: its last word goes.
    EraseWord,
    /// Ctrl-U: all of it goes.
    EraseLine,
    /// Ctrl-D: the end of the input, on an empty line.
    End,
    /// Ctrl-C: leave.
    Interrupt,
    /// Ctrl-Z: back to the shell for a while.
    Stop,
    /// Ctrl-L or Ctrl-R: show the line again.
    Redraw,
}

/// Reads keys byte by byte. What it has no use for (arrows, function keys, bytes that are not UTF-8)
/// it drops.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    escape: Escape,
    /// The beginning of a character of several bytes.
    partial: Vec<u8>,
}

/// How far an escape sequence has come.
#[derive(Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Begun,
    /// `ESC [`, up to a letter.
    Control,
    /// `ESC O`, and one letter.
    Single,
}

impl Decoder {
    /// The key that this byte completes, if it does.
    pub(crate) fn key(&mut self, byte: u8) -> Option<Key> {
        match (std::mem::take(&mut self.escape), byte) {
            (Escape::Begun, b'[') => self.escape = Escape::Control,
            (Escape::Begun, b'O') => self.escape = Escape::Single,
            (Escape::Control, b' '..=b'?') => self.escape = Escape::Control,
            // An escape sequence holds no control characters: whoever presses Ctrl-C means it.
            (Escape::Begun | Escape::Control | Escape::Single, b' '..=b'~') => {}
            _ => return self.character(byte),
        }
        None
    }

    fn character(&mut self, byte: u8) -> Option<Key> {
        if byte >= 0x80 {
            return self.multibyte(byte);
        }
        self.partial.clear();
        Some(match byte {
            0x1b => {
                self.escape = Escape::Begun;
                return None;
            }
            b'\r' | b'\n' => Key::Enter,
            0x08 | 0x7f => Key::EraseChar,
            0x03 => Key::Interrupt,
            0x04 => Key::End,
            0x0c | 0x12 => Key::Redraw,
            0x15 => Key::EraseLine,
            0x17 => Key::EraseWord,
            0x1a => Key::Stop,
            b'\t' | b' '..=b'~' => Key::Char(char::from(byte)),
            _ => return None,
        })
    }

    fn multibyte(&mut self, byte: u8) -> Option<Key> {
        if byte >= 0xc0 {
            self.partial.clear();
        }
        self.partial.push(byte);
        let whole = str::from_utf8(&self.partial);
        let key = match whole.map(|text| text.chars().next()) {
            Ok(character) => character.map(Key::Char),
            Err(error) if error.error_len().is_none() => return None, // more is to come
            Err(_) => None,
        };
        self.partial.clear();
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        bytes.iter().filter_map(|&byte| decoder.key(byte)).collect()
    }

    #[test]
    fn characters_and_controls() {
        let typed = "aé漢😀\t\r\n\x7f\x08\x03\x04\x0c\x15\x17\x1a".as_bytes();
        let expected = [
            Key::Char('a'),
            Key::Char('é'),
            Key::Char('漢'),
            Key::Char('😀'),
            Key::Char('\t'),
            Key::Enter,
            Key::Enter,
            Key::EraseChar,
            Key::EraseChar,
            Key::Interrupt,
            Key::End,
            Key::Redraw,
            Key::EraseLine,
            Key::EraseWord,
            Key::Stop,
        ];
        assert_eq!(keys(typed), expected);
    }

    #[test]
    fn what_is_no_text_is_dropped() {
        for noise in [
            &b"\x1b[A"[..],
            b"\x1b[1;5D",
            b"\x1b[3~",
            b"\x1bOP",
            b"\x1bx",
            b"\xff",
            b"\x80\x80",
            b"\xc3",
            b"\xe6\xbc",
            b"\xc0\x80",
            b"\x01\x02\x05",
        ] {
            let typed = [b"<", noise, b">"].concat();
            assert_eq!(keys(&typed), [Key::Char('<'), Key::Char('>')], "{noise:x?}");
        }
        assert_eq!(keys(b"\x1b\x03"), [Key::Interrupt]);
        assert_eq!(keys(b"\xe6\xbc\xc3\xa9"), [Key::Char('é')]);
    }
}

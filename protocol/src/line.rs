//! Framing: a byte stream cut into lines of bounded length.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
    ops::Range,
};

use crate::LineError;

/// The longest line a client may send, in bytes, without its end.
pub const MAX_LINE: usize = 8_192;

/// The longest line a client should take from the server, in bytes, without its end: a `301` names
/// everybody who is online.
pub const MAX_SERVER_LINE: usize = 1 << 20;

/// So many bytes without a newline are nobody's message.
pub const MAX_ENDLESS: usize = 1 << 20;

/// What a reader has for its first line: a login, say.
const FIRST: usize = 64;

/// The most that a reader keeps between two lines.
const KEPT: usize = 1_024;

/// Cuts what comes from one source into lines, and holds what has come but is not yet a line.
///
/// A line ends with `\n`; one `\r` before it is dropped. There is one reader for each source, for
/// the whole of the source's life. Reading ([`fill`](Self::fill)) and cutting ([`take_line`](Self::take_line))
/// are two things, so that whoever owns the source can put a deadline around the first.
///
/// ```
/// use protocol::LineReader;
///
/// let mut source = &b"/list\r\n/ex"[..];
/// let mut lines = LineReader::new(80);
/// assert_eq!(lines.read_line(&mut source).unwrap(), Some(&b"/list"[..]));
/// assert_eq!(lines.read_line(&mut source).unwrap(), None); // the end, and no line before it
/// ```
#[derive(Debug)]
pub struct LineReader {
    /// `buffer[start..end]` has come and is not yet given out; `start <= searched <= end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// There is no newline in `buffer[start..searched]`.
    searched: usize,
    limit: usize,
    /// How much of a line that was too long has been thrown away, while its end has not come.
    skipped: Option<usize>,
}

impl LineReader {
    /// A reader for lines of at most `limit` bytes, not counting their ends.
    pub const fn new(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            searched: 0,
            limit,
            skipped: None,
        }
    }

    /// Whether nothing has come that was not given out.
    pub const fn is_empty(&self) -> bool {
        self.start == self.end && self.skipped.is_none()
    }

    /// The next line that has come whole, without its end; `None` if more must be read first.
    ///
    /// # Errors
    /// [`LineError::TooLong`] once for each line beyond the limit, as soon as that is known, and
    /// [`LineError::Endless`] for each further [`MAX_ENDLESS`] bytes without an end.
    pub fn take_line(&mut self) -> Result<Option<&[u8]>, LineError> {
        Ok(self.cut()?.map(|line| &self.buffer[line]))
    }

    /// Where the next whole line is in the buffer; it counts as given out.
    fn cut(&mut self) -> Result<Option<Range<usize>>, LineError> {
        loop {
            let unsearched = &self.buffer[self.searched..self.end];
            let Some(offset) = unsearched.iter().position(|&byte| byte == b'\n') else {
                self.searched = self.end;
                return self.unfinished().map(|()| None);
            };
            let (start, newline) = (self.start, self.searched + offset);
            (self.start, self.searched) = (newline + 1, newline + 1);
            if self.skipped.take().is_some() {
                continue; // that was the end of a line already reported
            }
            let line = &self.buffer[start..newline];
            let length = line.strip_suffix(b"\r").unwrap_or(line).len();
            if length > self.limit {
                return Err(LineError::TooLong(self.limit));
            }
            return Ok(Some(start..start + length));
        }
    }

    /// All that has come is the beginning of one line.
    fn unfinished(&mut self) -> Result<(), LineError> {
        let length = self.end - self.start;
        match self.skipped {
            // One byte more than the limit may yet turn out to be the `\r` before the end.
            None if length <= self.limit + 1 => Ok(()),
            None => {
                self.skipped = Some(length);
                self.start = self.end;
                Err(LineError::TooLong(self.limit))
            }
            Some(skipped) => {
                self.start = self.end;
                if skipped + length > MAX_ENDLESS.max(self.limit) {
                    self.skipped = Some(0);
                    return Err(LineError::Endless(MAX_ENDLESS));
                }
                self.skipped = Some(skipped + length);
                Ok(())
            }
        }
    }

    /// Reads once from the source, and says how many bytes came: 0 is the source's end.
    ///
    /// # Errors
    /// As the source's `read`. Nothing that came before is lost.
    pub fn fill(&mut self, mut source: impl Read) -> io::Result<usize> {
        self.make_room();
        let count = source.read(&mut self.buffer[self.end..])?;
        self.end += count;
        Ok(count)
    }

    /// Reads until there is a line; `None` is the source's end. What came after the last line end
    /// is then still here: [`take_rest`](Self::take_rest).
    ///
    /// # Errors
    /// [`LineError`]; after `TooLong` and after a time-out the next call goes on where this one was.
    pub fn read_line(&mut self, source: impl Read) -> Result<Option<&[u8]>, LineError> {
        Ok(self.read_line_ahead(source)?.map(|(line, _)| line))
    }

    /// As [`read_line`](Self::read_line), with whether another whole line has come behind that one.
    ///
    /// # Errors
    /// As [`read_line`](Self::read_line).
    pub fn read_line_ahead(
        &mut self,
        mut source: impl Read,
    ) -> Result<Option<(&[u8], bool)>, LineError> {
        loop {
            if let Some(line) = self.cut()? {
                let ahead = self.buffer[self.start..self.end].contains(&b'\n');
                return Ok(Some((&self.buffer[line], ahead)));
            }
            match self.fill(&mut source) {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes what came after the last line end, for sources whose last line may lack one.
    pub fn take_rest(&mut self) -> Option<Vec<u8>> {
        let rest = self.buffer[self.start..self.end].to_vec();
        self.start = self.end;
        self.searched = self.end;
        (self.skipped.take().is_none() && !rest.is_empty()).then_some(rest)
    }

    /// Makes sure that there is space behind `end`. A connection costs what its usual lines cost: the
    /// buffer grows with them, and one that grew for a long line is let go once that line is out.
    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end, self.searched) = (0, 0, 0);
            if self.buffer.is_empty() || self.buffer.len() > KEPT {
                self.buffer = vec![0; FIRST];
            }
        } else if self.end == self.buffer.len() {
            if self.start == 0 || self.buffer.len() < KEPT {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            self.buffer.copy_within(self.start..self.end, 0);
            self.searched -= self.start;
            self.end -= self.start;
            self.start = 0;
        }
    }
}

/// Makes `buffer` hold `message` as one whole line, ready for one `write_all`.
///
/// ```
/// use protocol::{Status, set_line};
///
/// let mut buffer = Vec::new();
/// set_line(&mut buffer, Status::Bye);
/// assert_eq!(buffer, b"310 Bye bye\n");
/// ```
pub fn set_line(buffer: &mut Vec<u8>, message: impl fmt::Display) {
    buffer.clear();
    // Writing to a `Vec` cannot fail.
    let _ = writeln!(buffer, "{message}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A source that gives what it has in pieces of at most so many bytes.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    /// All lines of a source; `None` stands for one that was too long.
    fn lines(bytes: &[u8], piece: usize, limit: usize) -> Vec<Option<Vec<u8>>> {
        let mut source = Pieces(bytes, piece);
        let mut reader = LineReader::new(limit);
        let mut found = Vec::new();
        loop {
            match reader.read_line(&mut source) {
                Ok(Some(line)) => found.push(Some(line.to_vec())),
                Ok(None) => return found,
                Err(LineError::TooLong(_)) => found.push(None),
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn line_ends() {
        let some = |line: &str| Some(line.as_bytes().to_vec());
        for piece in [1, 2, 3, 100] {
            let found = lines(b"a\r\n\n\r\nb\r\r\nc\rd\nrest", piece, 10);
            assert_eq!(
                found,
                [some("a"), some(""), some(""), some("b\r"), some("c\rd")]
            );
        }
    }

    #[test]
    fn the_limit_is_on_what_stands_before_the_line_end() {
        for limit in [1, 255, 256, 257, MAX_LINE] {
            for end in ["\n", "\r\n"] {
                let fits = "x".repeat(limit);
                let bytes = format!("{fits}{end}x{fits}{end}/list{end}");
                for piece in [1, 7, 1 << 20] {
                    let found = lines(bytes.as_bytes(), piece, limit.max(5));
                    let long = if limit < 5 {
                        Some(format!("x{fits}").into_bytes())
                    } else {
                        None
                    };
                    assert_eq!(
                        found,
                        [
                            Some(fits.clone().into_bytes()),
                            long,
                            Some(b"/list".to_vec())
                        ]
                    );
                }
            }
        }
    }

    #[test]
    fn too_long_is_said_before_the_end_of_the_line_and_only_once() {
        let mut reader = LineReader::new(4);
        assert!(matches!(
            reader.read_line(&b"123456"[..]),
            Err(LineError::TooLong(4))
        ));
        assert!(matches!(reader.read_line(&b"789"[..]), Ok(None)));
        assert!(matches!(
            reader.read_line(&b"0\nnext\n"[..]),
            Ok(Some(b"next"))
        ));
    }

    #[test]
    fn a_line_without_end_is_neither_stored_nor_awaited_for_ever() {
        let mut reader = LineReader::new(MAX_LINE);
        assert!(matches!(
            reader.read_line(io::repeat(b'x')),
            Err(LineError::TooLong(_))
        ));
        assert!(matches!(
            reader.read_line(io::repeat(b'x')),
            Err(LineError::Endless(_))
        ));
        assert!(reader.buffer.len() <= 2 * MAX_LINE);
        assert!(matches!(reader.take_line(), Ok(None)), "said once");
        assert!(matches!(
            reader.read_line(&b"end\nnext\n"[..]),
            Ok(Some(b"next"))
        ));
    }

    #[test]
    fn a_long_line_does_not_keep_its_buffer() {
        let mut reader = LineReader::new(MAX_LINE);
        let long = format!("{}\n", "x".repeat(5000));
        assert!(matches!(reader.read_line(long.as_bytes()), Ok(Some(_))));
        assert!(matches!(
            reader.read_line(&b"short\n"[..]),
            Ok(Some(b"short"))
        ));
        assert_eq!(reader.buffer.len(), FIRST);
    }

    #[test]
    fn the_rest_is_kept_for_those_who_want_it() {
        let mut reader = LineReader::new(80);
        assert!(matches!(reader.read_line(&b"whole\nrest"[..]), Ok(Some(_))));
        assert!(!reader.is_empty());
        assert_eq!(reader.take_rest(), Some(b"rest".to_vec()));
        assert_eq!(reader.take_rest(), None);
        assert!(reader.is_empty());
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..600),
            piece in 1_usize..50,
            limit in 1_usize..300,
        ) {
            let whole: Vec<_> = bytes.split(|&byte| byte == b'\n').collect();
            let whole = &whole[..whole.len() - 1];
            let expected: Vec<_> = whole
                .iter()
                .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
                .map(|line| (line.len() <= limit).then(|| line.to_vec()))
                .collect();
            let mut found = lines(&bytes, piece, limit);
            if found.len() > expected.len() {
                prop_assert_eq!(found.pop(), Some(None), "only a line that is too long is told before its end");
            }
            prop_assert_eq!(found, expected);
        }
    }
}

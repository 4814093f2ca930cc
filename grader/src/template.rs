//! A text of a transcript: escapes, and placeholders for what is known only while playing.

/// A text to send, or to be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Bytes(Vec<u8>),
    /// `{port}`: where the one who speaks listens for Lb.
    Port,
    /// `{closed port}`: a port at which nobody listens.
    ClosedPort,
}

/// The longest text that `{TEXT*N}` may make.
const MOST: usize = 4 << 20;

impl Template {
    /// A text without escapes or placeholders.
    pub(crate) fn literal(text: &str) -> Self {
        Self(vec![Part::Bytes(text.as_bytes().to_vec())])
    }

    /// Reads a text; `escapes` says whether `\n`, `\r`, `\t`, `\\` and `\xNN` stand for bytes.
    pub(crate) fn parse(text: &str, escapes: bool) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut bytes = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let tail = &rest[first.len_utf8()..];
            match first {
                '{' | '}' if tail.starts_with(first) => {
                    bytes.push(first as u8);
                    rest = &tail[1..];
                }
                '{' => {
                    let (inside, behind) = tail.split_once('}').ok_or("a { without its }")?;
                    match placeholder(inside)? {
                        Part::Bytes(repeated) => bytes.extend(repeated),
                        part => {
                            parts.push(Part::Bytes(std::mem::take(&mut bytes)));
                            parts.push(part);
                        }
                    }
                    rest = behind;
                }
                '\\' if escapes => {
                    let (byte, length) = escape(tail)?;
                    bytes.push(byte);
                    rest = &tail[length..];
                }
                _ => {
                    bytes.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
                    rest = tail;
                }
            }
        }
        parts.push(Part::Bytes(bytes));
        Ok(Self(parts))
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.0
    }
}

fn placeholder(inside: &str) -> Result<Part, String> {
    match inside {
        "port" => return Ok(Part::Port),
        "closed port" => return Ok(Part::ClosedPort),
        _ => {}
    }
    let unknown = || {
        format!(
            "{{{inside}}} is not known: {{port}}, {{closed port}}, {{TEXT*COUNT}}; a brace itself is {{{{ or }}}}"
        )
    };
    let (text, count) = inside.rsplit_once('*').ok_or_else(unknown)?;
    let count: usize = count.parse().map_err(|_| unknown())?;
    match text.len().checked_mul(count) {
        Some(length) if length <= MOST => Ok(Part::Bytes(text.repeat(count).into_bytes())),
        _ => Err(format!("{{{inside}}} is more than {MOST} bytes")),
    }
}

/// The byte for what follows a backslash, and how many bytes that took.
fn escape(tail: &str) -> Result<(u8, usize), String> {
    let code = match tail.as_bytes() {
        [b'n', ..] => return Ok((b'\n', 1)),
        [b'r', ..] => return Ok((b'\r', 1)),
        [b't', ..] => return Ok((b'\t', 1)),
        [b'\\', ..] => return Ok((b'\\', 1)),
        [b'x', ..] => tail.get(1..3),
        _ => None,
    };
    code.and_then(|digits| u8::from_str_radix(digits, 16).ok())
        .map(|byte| (byte, 3))
        .ok_or_else(|| r"a backslash is followed by n, r, t, \ or x and two digits".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str, escapes: bool) -> Vec<u8> {
        match Template::parse(text, escapes).unwrap().parts() {
            [Part::Bytes(bytes)] => bytes.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn escapes_and_repetitions() {
        assert_eq!(bytes(r"a\n\r\t\\\xff", true), b"a\n\r\t\\\xff");
        assert_eq!(bytes(r"a\n", false), br"a\n");
        assert_eq!(bytes("{{x}} {ab*3}", false), b"{x} ababab");
        assert_eq!(bytes("ü {x*0}.", false), "ü .".as_bytes());
    }

    #[test]
    fn placeholders() {
        let template = Template::parse("/port {port}{closed port}", false).unwrap();
        assert_eq!(
            template.parts(),
            [
                Part::Bytes(b"/port ".to_vec()),
                Part::Port,
                Part::Bytes(vec![]),
                Part::ClosedPort,
                Part::Bytes(vec![])
            ]
        );
    }

    #[test]
    fn mistakes() {
        for (text, expected) in [
            ("{port", "a { without its }"),
            ("{prot}", "{prot} is not known"),
            ("{x*9999999}", "more than"),
            (r"\q", "a backslash is followed by"),
            (r"\x4", "a backslash is followed by"),
            (r"\x4ü", "a backslash is followed by"),
        ] {
            let complaint = Template::parse(text, true).unwrap_err();
            assert!(complaint.contains(expected), "{text}: {complaint}");
        }
    }
}

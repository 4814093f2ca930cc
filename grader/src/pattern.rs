//! What a line must look like.

use std::fmt;

use crate::{
    show::Quoted,
    template::{Part, Template},
};

/// One or more forms, one of which a line must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Form>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// This line.
    Exact(Vec<u8>),
    /// `303 ...`: this, then nothing or a space and anything.
    Begins(String),
    /// `301 {bob, jacky}`: this word and these names in any order.
    Names(String, Vec<String>),
    /// `/port {port}`: any port number between these two.
    Port(Vec<u8>, Vec<u8>),
    /// `350-bob {time} plain`: any time in UTC between these two.
    Time(Vec<u8>, Vec<u8>),
}

/// What a line that fits says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Match {
    /// The number of the form it has.
    pub(crate) form: usize,
    /// The number in the place of `{port}`.
    pub(crate) port: Option<u16>,
}

impl Pattern {
    /// Reads alternatives such as `303 ... | 304 ...`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        text.split(" | ")
            .map(form)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// One exact line, with escapes.
    pub(crate) fn bytes(text: &str) -> Result<Self, String> {
        let template = Template::parse(text, true)?;
        exact(&template).map(|form| Self(vec![form]))
    }

    /// Whether a line without its end fits.
    pub(crate) fn matches(&self, line: &[u8]) -> Option<Match> {
        self.0
            .iter()
            .enumerate()
            .find_map(|(number, form)| form.matches(line).map(|port| Match { form: number, port }))
    }

    /// The other forms, when this one has come.
    pub(crate) fn without(&self, number: usize) -> Self {
        let mut forms = self.0.clone();
        forms.remove(number);
        Self(forms)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What may be wrong with a line that does not fit, in a student's words.
    pub(crate) fn hint(&self, line: &[u8]) -> Option<String> {
        self.0.iter().find_map(|form| form.hint(line))
    }
}

/// Where a time is expected. Only here: nothing that is sent has one.
const TIME: &str = "{time}";

fn form(text: &str) -> Result<Form, String> {
    let text = text.trim();
    let time = text.split_once(TIME);
    if let Some((before, behind)) = time.filter(|(before, _)| !before.ends_with('{')) {
        return match (
            exact(&Template::parse(before, false)?)?,
            exact(&Template::parse(behind, false)?)?,
        ) {
            (Form::Exact(before), Form::Exact(behind)) => Ok(Form::Time(before, behind)),
            _ => Err("{port} and {time} are not expected in one line".into()),
        };
    }
    if let Some(beginning) = text.strip_suffix(" ...") {
        return Ok(Form::Begins(beginning.to_owned()));
    }
    if let Some((code, names)) = text
        .strip_suffix('}')
        .and_then(|text| text.split_once(" {"))
        .filter(|(_, names)| {
            !matches!(*names, "port" | "closed port") && !names.contains(['*', '{'])
        })
    {
        let mut names: Vec<String> = names
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect();
        if names.iter().any(String::is_empty) || code.contains(' ') {
            return Err("names in any order are written so: 301 {bob, jacky}".into());
        }
        names.sort();
        return Ok(Form::Names(code.to_owned(), names));
    }
    exact(&Template::parse(text, false)?)
}

fn exact(template: &Template) -> Result<Form, String> {
    match template.parts() {
        [Part::Bytes(line)] => Ok(Form::Exact(line.clone())),
        [Part::Bytes(before), Part::Port, Part::Bytes(behind)] => {
            Ok(Form::Port(before.clone(), behind.clone()))
        }
        _ => Err("only one {port} can be expected in a line".into()),
    }
}

impl Form {
    fn matches(&self, line: &[u8]) -> Option<Option<u16>> {
        let fits = match self {
            Self::Exact(expected) => line == expected,
            Self::Begins(beginning) => line
                .strip_prefix(beginning.as_bytes())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b" ")),
            Self::Names(code, expected) => {
                named(line).is_some_and(|(first, names)| first == *code && names == *expected)
            }
            Self::Port(before, behind) => {
                let digits = line.strip_prefix(&before[..])?.strip_suffix(&behind[..])?;
                let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
                let port = str::from_utf8(digits).ok()?.parse().ok()?;
                return (plain && port > 0).then_some(Some(port));
            }
            Self::Time(before, behind) => line
                .strip_prefix(&before[..])
                .and_then(|rest| rest.strip_suffix(&behind[..]))
                .is_some_and(is_time),
        };
        fits.then_some(None)
    }

    fn hint(&self, line: &[u8]) -> Option<String> {
        let expected: &[u8] = match self {
            Self::Exact(expected) => expected,
            Self::Begins(beginning) => beginning.as_bytes(),
            Self::Port(before, _) => before,
            Self::Time(before, _) => {
                return line.starts_with(before).then(||"a time looks like 2026-11-21T10:31:05.123Z, and the rest must be word for word".into());
            }
            Self::Names(code, expected) => {
                let (first, names) = named(line)?;
                if first != *code {
                    return None;
                }
                let all = |these: &[String], but: &[String]| -> String {
                    let some: Vec<&str> = these
                        .iter()
                        .filter(|name| !but.contains(name))
                        .map(String::as_str)
                        .collect();
                    some.join(", ")
                };
                return Some(match (all(expected, &names), all(&names, expected)) {
                    (missing, _) if !missing.is_empty() => format!("missing: {missing}"),
                    (_, extra) if !extra.is_empty() => format!("should not be there: {extra}"),
                    _ => "a name is there twice".into(),
                });
            }
        };
        if line.trim_ascii() == expected.trim_ascii() {
            return Some("it differs only in white space at its beginning or end".into());
        }
        if !expected.is_empty() && line.starts_with(expected) {
            return Some(
                "more follows than belongs to this message; does every message end with its own \\n?".into(),
            );
        }
        let code = expected
            .get(..3)
            .filter(|code| code.iter().all(u8::is_ascii_digit))?;
        line.starts_with(code).then(|| {
            "the code is right, but the text after it must be word for word as in the handout"
                .into()
        })
    }
}

/// Whether this is a time as RFC 3339 writes it, in UTC with milliseconds.
fn is_time(text: &[u8]) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00.000Z";
    let fits = |(&given, &shape): (&u8, &u8)| match shape {
        b'0' => given.is_ascii_digit(),
        _ => given == shape,
    };
    let within = |at: usize, least: &[u8; 2], most: &[u8; 2]| {
        let digits = &text[at..at + 2];
        digits >= &least[..] && digits <= &most[..]
    };
    text.len() == SHAPE.len()
        && text.iter().zip(SHAPE).all(fits)
        && within(5, b"01", b"12")
        && within(8, b"01", b"31")
        && within(11, b"00", b"23")
        && within(14, b"00", b"59")
        && within(17, b"00", b"60")
}

/// The first word and the others, sorted.
fn named(line: &[u8]) -> Option<(String, Vec<String>)> {
    let line = str::from_utf8(line).ok()?;
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let first = words.next()?.to_owned();
    let mut names: Vec<String> = words.map(str::to_owned).collect();
    names.sort();
    Some((first, names))
}

/// In words that follow "expected".
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, form) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(", or ")?;
            }
            match form {
                Form::Exact(line) => write!(f, "{}", Quoted(line))?,
                Form::Begins(beginning) => write!(f, "a line that begins with {beginning:?}")?,
                Form::Names(code, names) => {
                    write!(
                        f,
                        "{code:?} and the names {} in any order",
                        names.join(", ")
                    )?;
                }
                Form::Time(before, behind) => {
                    write!(f, "{}, a time in UTC, {}", Quoted(before), Quoted(behind))?;
                }
                Form::Port(before, behind) => write!(
                    f,
                    "{}, a port number from 1 to 65535 without anything around it{}",
                    Quoted(before),
                    if behind.is_empty() {
                        String::new()
                    } else {
                        format!(", {}", Quoted(behind))
                    }
                )?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, line: &str) -> bool {
        Pattern::parse(pattern)
            .unwrap()
            .matches(line.as_bytes())
            .is_some()
    }

    #[test]
    fn forms() {
        for (pattern, line) in [
            ("310 Bye bye", "310 Bye bye"),
            ("303 ...", "303"),
            ("303 ...", "303 Message delivery success"),
            ("301 {jacky, bob}", "301 bob jacky"),
            ("301 {jacky}", "301 jacky "),
            ("303 ... | 304 ...", "304 no"),
            ("/port {port}", "/port 65535"),
            ("x {a*3}", "x aaa"),
            (
                "350-bob {time} plain",
                "350-bob 2026-11-21T10:31:05.123Z plain",
            ),
            ("{{time}}", "{time}"),
        ] {
            assert!(fits(pattern, line), "{pattern}: {line}");
        }
        for (pattern, line) in [
            ("310 Bye bye", "310 Bye bye "),
            ("303 ...", "3033"),
            ("301 {jacky, bob}", "301 bob"),
            ("301 {jacky, bob}", "301 bob jacky jacky"),
            ("301 {jacky, bob}", "301 bob jacky michael"),
            ("301 {jacky, bob}", "302 bob jacky"),
            ("/port {port}", "/port 0"),
            ("/port {port}", "/port +80"),
            ("/port {port}", "/port 65536"),
            ("/port {port}", "/port 80 "),
            ("at {time}", "at 2026-11-21T10:31:05Z"),
            ("at {time}", "at 2026-11-21 10:31:05.123Z"),
            ("at {time}", "at 2026-21-11T10:31:05.123Z"),
            ("at {time}", "at 2026-11-21T10:31:05.123Z "),
            ("at {time}", "at ü026-11-21T10:31:05.123Z"),
            ("at {time}", "at "),
        ] {
            assert!(!fits(pattern, line), "{pattern}: {line}");
        }
    }

    #[test]
    fn a_choice_gets_smaller() {
        let pattern = Pattern::parse("a | b").unwrap();
        let rest = pattern.without(pattern.matches(b"b").unwrap().form);
        assert_eq!(rest, Pattern::parse("a").unwrap());
        assert!(rest.without(0).is_empty());
    }

    #[test]
    fn hints() {
        for (pattern, line, expected) in [
            ("310 Bye bye", "310 bye", "the code is right"),
            ("310 Bye bye", "310 Bye bye\r", "white space"),
            ("310 Bye bye", "310 Bye bye310 Bye bye", "more follows"),
            ("301 {jacky, bob}", "301 bob", "missing: jacky"),
            ("301 {bob}", "301 bob ann", "should not be there: ann"),
            ("301 {bob}", "301 bob bob", "twice"),
        ] {
            let hint = Pattern::parse(pattern).unwrap().hint(line.as_bytes());
            assert!(
                hint.as_deref().is_some_and(|hint| hint.contains(expected)),
                "{line}: {hint:?}"
            );
        }
        assert_eq!(Pattern::parse("310 Bye bye").unwrap().hint(b"401 no"), None);
    }
}

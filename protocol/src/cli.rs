//! The command line that the programs of this project share: one table for each program says what
//! can be given, and reading, `--help`, the manual page, completion and the complaints all follow
//! from it.

mod completion;
mod manual;

use std::{
    env, error,
    ffi::{OsStr, OsString},
    fmt,
    io::{self, ErrorKind, Write},
    str::FromStr,
    time::Duration,
};

/// What a program takes.
#[derive(Debug)]
pub struct Program {
    /// The binary's name.
    pub name: &'static str,
    /// The version that `--version` shows.
    pub version: &'static str,
    /// What it does, in a sentence or two.
    pub about: &'static str,
    /// Name and meaning of each operand, in order. One that starts with `[` may be left out, one that
    /// ends with `...` may be given several times (both only at the end), and one that starts with
    /// `[--` stands for all that follows `--`, which is then kept apart: [`Arguments::rest`].
    pub operands: &'static [(&'static str, &'static str)],
    /// The options, but for `--help` and `--version`, which every program has.
    pub options: &'static [Flag],
    /// Titles and texts that follow the options in `--help`.
    pub sections: &'static [(&'static str, &'static str)],
}

/// An option: `--name`, `--name VALUE` or `--name=VALUE`.
#[derive(Debug)]
pub struct Flag {
    /// Without the dashes.
    pub name: &'static str,
    /// What stands for its value in the help, if it takes one.
    pub value: Option<&'static str>,
    /// Its meaning, with the default.
    pub help: &'static str,
}

/// Where the options stand in a synopsis.
const OPTIONS: &str = "[OPTION]...";

const HELP: Flag = Flag {
    name: "help",
    value: None,
    help: "Show this help and exit",
};
const VERSION: Flag = Flag {
    name: "version",
    value: None,
    help: "Show the version and exit",
};

/// What was given.
#[derive(Debug, PartialEq, Eq)]
pub enum Given {
    /// `--help` or `--version`: what is to be shown before exiting with 0.
    Information(String),
    /// Operands and options.
    Arguments(Arguments),
}

/// The operands, as many as the program takes, and the options that were given.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    operands: Vec<OsString>,
    rest: Option<Vec<OsString>>,
    options: Vec<(&'static str, OsString)>,
}

/// A command line that cannot be used. Exit status 2.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError(String);

impl Program {
    /// Reads a command line without its first word. Options may stand before, between and behind
    /// the operands; behind `--` everything is an operand, or the rest for a program that has one.
    ///
    /// # Errors
    /// [`UsageError`], naming what is wrong.
    pub fn read(&self, words: impl IntoIterator<Item = OsString>) -> Result<Given, UsageError> {
        let mut words = words.into_iter();
        let (mut operands, mut options) = (Vec::new(), Vec::new());
        let mut only_operands = false;
        while let Some(word) = words.next() {
            let Some(option) = word
                .to_str()
                .filter(|text| !only_operands && is_option(text))
            else {
                operands.push(word);
                continue;
            };
            if option == "--" {
                if self.has_rest() {
                    let rest = Some(words.collect());
                    return self.arguments(operands, rest, options);
                }
                only_operands = true;
                continue;
            }
            let (name, attached) = match option.split_once('=') {
                Some((name, value)) => (name, Some(OsString::from(value))),
                None => (option, None),
            };
            let flag = self.find(name)?;
            let value = match (flag.value, attached) {
                (None, None) if flag.name == HELP.name => {
                    return Ok(Given::Information(self.help()));
                }
                (None, None) if flag.name == VERSION.name => {
                    return Ok(Given::Information(format!(
                        "{} {}\n",
                        self.name, self.version
                    )));
                }
                (None, None) => OsString::new(),
                (None, Some(_)) => return Err(UsageError(format!("{name} takes no value"))),
                (Some(_), Some(value)) => value,
                (Some(what), None) => words
                    .next()
                    .ok_or_else(|| UsageError(format!("{name} needs a value: {name} {what}")))?,
            };
            options.push((flag.name, value));
        }
        self.arguments(operands, None, options)
    }

    /// Checks the number of operands.
    fn arguments(
        &self,
        operands: Vec<OsString>,
        rest: Option<Vec<OsString>>,
        options: Vec<(&'static str, OsString)>,
    ) -> Result<Given, UsageError> {
        let most = self.operands.len() - usize::from(self.has_rest());
        let places = &self.operands[..most];
        match places.get(operands.len()) {
            Some((missing, _)) if !missing.starts_with('[') => {
                return Err(UsageError(format!("{missing} is missing")));
            }
            _ => {}
        }
        let repeated = places.last().is_some_and(|(name, _)| name.ends_with("..."));
        match operands.get(most) {
            Some(extra) if !repeated => Err(UsageError(format!(
                "{} is one argument too many",
                quoted(extra)
            ))),
            _ => Ok(Given::Arguments(Arguments {
                operands,
                rest,
                options,
            })),
        }
    }

    fn has_rest(&self) -> bool {
        self.operands
            .last()
            .is_some_and(|(name, _)| name.starts_with("[--"))
    }

    /// The one line that shows how the program is called.
    pub fn usage(&self) -> String {
        let mut usage = format!("Usage: {}", self.name);
        for part in self.synopsis() {
            usage += &format!(" {part}");
        }
        usage
    }

    /// What follows the program's name: operands, [`OPTIONS`], the rest.
    fn synopsis(&self) -> impl Iterator<Item = &'static str> {
        let places = self.operands.len() - usize::from(self.has_rest());
        let (operands, rest) = self.operands.split_at(places);
        let names =
            |these: &'static [(&'static str, &'static str)]| these.iter().map(|(name, _)| *name);
        names(operands).chain([OPTIONS]).chain(names(rest))
    }

    /// All that `--help` shows.
    pub fn help(&self) -> String {
        let left = |flag: &Flag| match flag.value {
            Some(value) => format!("--{} {value}", flag.name),
            None => format!("--{}", flag.name),
        };
        let mut help = format!("{}\n\n{}\n\n", self.usage(), self.about);
        for (name, meaning) in self.operands {
            help += &format!("  {name:24}{meaning}\n");
        }
        help += "\nOptions:\n";
        for flag in self.flags() {
            help += &format!("  {:24}{}\n", left(flag), flag.help);
        }
        for (title, text) in self.sections {
            help += &format!("\n{title}:\n{text}\n");
        }
        help
    }

    /// Every option, the two that all programs have last.
    pub fn flags(&self) -> impl Iterator<Item = &Flag> {
        self.options.iter().chain([&HELP, &VERSION])
    }

    fn find(&self, given: &str) -> Result<&Flag, UsageError> {
        let name = given.trim_start_matches('-');
        if let Some(flag) = self
            .flags()
            .find(|flag| given.starts_with("--") && flag.name == name)
        {
            return Ok(flag);
        }
        let nearest = self
            .flags()
            .map(|flag| (distance(name, flag.name), flag.name))
            .min();
        Err(UsageError(match nearest {
            Some((distance, flag)) if distance <= 3 && distance < flag.len() => {
                format!("no option {given:?}; did you mean --{flag}?")
            }
            _ => format!("no option {given:?}"),
        }))
    }
}

impl Arguments {
    /// The operand at this place of [`Program::operands`].
    pub fn operand(&self, place: usize) -> &OsStr {
        self.operands
            .get(place)
            .map_or(OsStr::new(""), OsString::as_os_str)
    }

    /// All operands.
    pub fn operands(&self) -> &[OsString] {
        &self.operands
    }

    /// What followed `--`, in a program that has such a rest; `None` if there was no `--`.
    pub fn rest(&self) -> Option<&[OsString]> {
        self.rest.as_deref()
    }

    /// The operand at this place, as a `T`.
    ///
    /// # Errors
    /// [`UsageError`], saying that the operand is not `what` (say "a port").
    pub fn parse_operand<T: FromStr>(&self, place: usize, what: &str) -> Result<T, UsageError> {
        let given = self.operand(place);
        parse(given).ok_or_else(|| UsageError(format!("{} is not {what}", quoted(given))))
    }

    /// Whether this option was given.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The value of this option as a `T`, or the default; the last one counts.
    ///
    /// # Errors
    /// [`UsageError`], saying that the value is not `what`.
    pub fn parse_option<T: FromStr>(
        &self,
        name: &str,
        default: T,
        what: &str,
    ) -> Result<T, UsageError> {
        let Some(given) = self.value(name) else {
            return Ok(default);
        };
        parse(given).ok_or_else(|| UsageError(format!("--{name}: {} is not {what}", quoted(given))))
    }

    /// The value of this option in seconds, with or without a fraction, above 0 and at most a day.
    ///
    /// # Errors
    /// [`UsageError`], saying so.
    pub fn seconds(&self, name: &str, default: Duration) -> Result<Duration, UsageError> {
        let what = "a number of seconds above 0 and at most 86400";
        let seconds = self.parse_option(name, default.as_secs_f64(), what)?;
        if (0.001..=86_400.0).contains(&seconds) {
            return Ok(Duration::from_secs_f64(seconds));
        }
        Err(UsageError(format!("--{name}: {seconds} is not {what}")))
    }

    /// The value of this option as it was given; the last one counts.
    pub fn value(&self, name: &str) -> Option<&OsStr> {
        let mut given = self
            .options
            .iter()
            .rev()
            .filter(|(option, _)| *option == name);
        given.next().map(|(_, value)| value.as_os_str())
    }
}

impl UsageError {
    /// A complaint about something given; one clause, naming the argument.
    pub fn new(complaint: impl Into<String>) -> Self {
        Self(complaint.into())
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for UsageError {}

/// Writes what was asked for to standard output, to its last byte.
///
/// # Errors
/// As `write`. A reader that has seen enough, as in `--help | head -1`, is no error.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Whether the terminal, if there is one, can do no more than print: its `TERM` is missing or `dumb`.
pub fn is_dumb() -> bool {
    let kind = env::var_os("TERM").unwrap_or_default();
    kind.is_empty() || kind == "dumb"
}

/// Whether a terminal should show colour: `NO_COLOR` is missing or empty, and it is not
/// [dumb](is_dumb).
pub fn wants_colour() -> bool {
    !is_dumb() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A lone `-` is an operand, and so is a negative number.
fn is_option(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|rest| !rest.is_empty() && rest.parse::<f64>().is_err())
}

fn parse<T: FromStr>(given: &OsStr) -> Option<T> {
    given.to_str()?.parse().ok()
}

fn quoted(word: &OsStr) -> String {
    format!("{:?}", word.to_string_lossy())
}

/// How many letters must be put in, taken out or changed to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let change = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Program = Program {
        name: "talk",
        version: "1.2",
        about: "Talks.",
        operands: &[("PORT", "where"), ("FILE", "who")],
        options: &[
            Flag {
                name: "wait",
                value: Some("SECONDS"),
                help: "how long [default: 5]",
            },
            Flag {
                name: "check",
                value: None,
                help: "only look",
            },
        ],
        sections: &[("Environment", "  NONE")],
    };

    fn read(line: &str) -> Result<Given, UsageError> {
        PROGRAM.read(
            line.split(' ')
                .filter(|word| !word.is_empty())
                .map(OsString::from),
        )
    }

    fn arguments(line: &str) -> Arguments {
        match read(line) {
            Ok(Given::Arguments(arguments)) => arguments,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn complaint(line: &str) -> String {
        match read(line) {
            Err(UsageError(complaint)) => complaint,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn options_stand_anywhere_before_a_double_dash() {
        for line in [
            "--wait 2 80 f",
            "80 --wait=2 f",
            "80 f --wait 2",
            "--wait 9 80 f --wait 2",
        ] {
            let arguments = arguments(line);
            assert_eq!(
                arguments.parse_operand::<u16>(0, "a port"),
                Ok(80),
                "{line}"
            );
            assert_eq!(arguments.operand(1), "f");
            assert_eq!(
                arguments.seconds("wait", Duration::ZERO),
                Ok(Duration::from_secs(2))
            );
            assert!(!arguments.has("check"));
        }
        assert!(arguments("--check 1 2").has("check"));
        assert_eq!(arguments("-- --check --").operand(0), "--check");
        assert_eq!(arguments("- -5").operand(1), "-5");
    }

    #[test]
    fn complaints_name_what_is_wrong() {
        for (line, expected) in [
            ("", "PORT is missing"),
            ("80", "FILE is missing"),
            ("80 f x", "\"x\" is one argument too many"),
            (
                "--wiat 1 80 f",
                "no option \"--wiat\"; did you mean --wait?",
            ),
            ("-wait 1 80 f", "no option \"-wait\"; did you mean --wait?"),
            ("--something-else 80 f", "no option \"--something-else\""),
            ("80 f --wait", "--wait needs a value: --wait SECONDS"),
            ("80 f --check=1", "--check takes no value"),
        ] {
            assert_eq!(complaint(line), expected);
        }
    }

    #[test]
    fn values_are_checked() {
        let wait = |line: &str| {
            arguments(line)
                .seconds("wait", Duration::from_secs(5))
                .map_err(|e| e.0)
        };
        assert_eq!(wait("1 2"), Ok(Duration::from_secs(5)));
        assert_eq!(wait("1 2 --wait 0.5"), Ok(Duration::from_millis(500)));
        for bad in ["0", "-1", "nan", "inf", "1e9", "x", ""] {
            assert!(wait(&format!("1 2 --wait={bad}")).is_err(), "{bad}");
        }
        let port = arguments("70000 f").parse_operand::<u16>(0, "a port");
        assert_eq!(port, Err(UsageError::new("\"70000\" is not a port")));
    }

    #[test]
    fn operands_left_out_repeated_and_kept_apart() {
        const RUN: Program = Program {
            operands: &[
                ("WHAT", "what"),
                ("[FILE]...", "files"),
                ("[-- COMMAND [ARG]...]", "what to run"),
            ],
            ..PROGRAM
        };
        let read = |line: &str| RUN.read(line.split(' ').map(OsString::from));
        for (line, operands, rest) in [
            ("a", &["a"][..], None),
            ("a b --check c", &["a", "b", "c"], None),
            ("a --", &["a"], Some(&[][..])),
            (
                "a b -- c --check -- d",
                &["a", "b"],
                Some(&["c", "--check", "--", "d"]),
            ),
        ] {
            let Ok(Given::Arguments(arguments)) = read(line) else {
                panic!("{line}");
            };
            assert_eq!(arguments.operands(), operands, "{line}");
            let words = |rest: &[&str]| rest.iter().map(OsString::from).collect::<Vec<_>>();
            assert_eq!(arguments.rest(), rest.map(words).as_deref(), "{line}");
        }
        assert_eq!(read("--check"), Err(UsageError::new("WHAT is missing")));
        assert_eq!(
            RUN.usage(),
            "Usage: talk WHAT [FILE]... [OPTION]... [-- COMMAND [ARG]...]"
        );
    }

    #[test]
    fn help_and_version() {
        let help = Given::Information(PROGRAM.help());
        assert_eq!(read("--help"), Ok(help));
        assert_eq!(
            read("80 --version --nonsense"),
            Ok(Given::Information("talk 1.2\n".into()))
        );
        assert_eq!(PROGRAM.usage(), "Usage: talk PORT FILE [OPTION]...");
        for part in [
            "  --wait SECONDS",
            "how long [default: 5]",
            "  --help",
            "Environment:\n  NONE",
        ] {
            assert!(PROGRAM.help().contains(part), "{part}");
        }
    }
}

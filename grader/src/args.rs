//! The command line.

use std::{
    ffi::{OsStr, OsString},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use grader::{Examinee, Mark, Patience, Role, Script, Submission, VISIBILITIES, builtin, one_of};
use protocol::cli::{Arguments, Flag, Given, Program, UsageError};

/// What the command line may hold.
pub(crate) const PROGRAM: Program = Program {
    name: "grade",
    version: env!("CARGO_PKG_VERSION"),
    about: "Plays scripted conversations against a server or a client, and marks it. It is\n\
            started afresh for each conversation, and all that it started is ended.",
    operands: &[
        ("[server|client]", "What the submission is"),
        (
            "[TRANSCRIPT]...",
            "Built-in transcripts or files; without any, all that\n                          \
             are built in but those marked extended",
        ),
        (
            "[-- COMMAND [ARG]...]",
            "How it is started. PORT USERS_FILE for a server and\n                          \
             IP PORT for a client follow, or take the place of\n                          \
             {port}, {users} and {ip}",
        ),
    ],
    options: &[
        Flag {
            name: "at",
            value: Some("IP:PORT"),
            help: "Take a server that runs, with these --accounts",
        },
        Flag {
            name: "tty",
            value: None,
            help: "Give a client a pseudo-terminal instead of pipes",
        },
        Flag {
            name: "mark",
            value: Some("MARK[,MARK]"),
            help: "Only those marked handout, abnormal, strict or\n                          \
                   extended",
        },
        Flag {
            name: "json",
            value: Some("FILE"),
            help: "Write Gradescope's results.json",
        },
        Flag {
            name: "visibility",
            value: Some("WHEN"),
            help: "In it: visible, hidden, after_due_date or\n                          \
                   after_published [default: visible]",
        },
        Flag {
            name: "patience",
            value: Some("SECONDS"),
            help: "Wait for a reply [default: 5]",
        },
        Flag {
            name: "start",
            value: Some("SECONDS"),
            help: "Wait for the start [default: 10]",
        },
        Flag {
            name: "jobs",
            value: Some("N"),
            help: "Conversations at once [default: 1]",
        },
        Flag {
            name: "list",
            value: None,
            help: "Show transcripts and points, and exit",
        },
        Flag {
            name: "accounts",
            value: None,
            help: "Show the users file for --at, and exit",
        },
    ],
    sections: &[
        (
            "Example",
            "  grade server -- python3 server.py\n  \
               grade server --mark handout -- java Server {port} {users}\n  \
               grade server appendix my.chat --json results.json -- ./server\n  \
               grade server --at 127.0.0.1:12345\n  \
               grade client --tty -- python3 client.py",
        ),
        (
            "Exit status",
            "  0  all passed\n  \
               1  not all passed\n  \
               2  wrong usage, or a transcript that cannot be read",
        ),
    ],
};

/// What is to be done.
pub(crate) enum Task {
    /// Show this and exit.
    Show(String),
    /// Show these and exit.
    List(Vec<Script>),
    /// Play.
    Play(Play),
}

/// What playing needs.
pub(crate) struct Play {
    pub(crate) scripts: Vec<Script>,
    pub(crate) examinee: Examinee,
    pub(crate) patience: Patience,
    pub(crate) jobs: usize,
    pub(crate) json: Option<PathBuf>,
    pub(crate) visibility: &'static str,
}

/// Reads the command line and the transcripts that it names.
pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Task, UsageError> {
    let given = match PROGRAM.read(words)? {
        Given::Information(text) => return Ok(Task::Show(text)),
        Given::Arguments(given) => given,
    };
    if given.has("accounts") {
        return Ok(Task::Show(grader::users_file()));
    }
    let role = given
        .operands()
        .first()
        .map(|word| one_of(Role::ALL, Role::word, &word.to_string_lossy()).map_err(UsageError::new))
        .transpose()?;
    let scripts = scripts(&given, role)?;
    if given.has("list") {
        return Ok(Task::List(scripts));
    }
    let role = role.ok_or_else(|| UsageError::new("say what is to be graded: server or client"))?;
    if scripts.is_empty() {
        return Err(UsageError::new(
            "nothing to play: none of these transcripts has such a mark",
        ));
    }
    let examinee = examinee(&given, role)?;
    let default = Patience::default();
    let jobs = given.parse_option("jobs", 1, "a number")?;
    let jobs = match examinee {
        Examinee::ServerAt(_) if jobs > 1 => {
            return Err(UsageError::new(
                "--jobs is not for --at: there is only one server",
            ));
        }
        _ => jobs,
    };
    let visibility = given
        .value("visibility")
        .map_or("visible".into(), OsStr::to_string_lossy);
    Ok(Task::Play(Play {
        scripts,
        examinee,
        patience: Patience {
            reply: given.seconds("patience", default.reply)?,
            start: given.seconds("start", default.start)?,
        },
        jobs,
        json: given.value("json").map(PathBuf::from),
        visibility: one_of(VISIBILITIES, |word| word, &visibility).map_err(UsageError::new)?,
    }))
}

/// The transcripts that are named, or all that anybody's program can pass; of these, those with the marks that are asked for.
fn scripts(given: &Arguments, role: Option<Role>) -> Result<Vec<Script>, UsageError> {
    let complain = |error: grader::ScriptError| UsageError::new(error.to_string());
    let builtin = builtin().map_err(complain)?;
    let mut scripts = Vec::new();
    for name in given.operands().iter().skip(1) {
        let path = Path::new(name);
        let script = match builtin
            .iter()
            .find(|script| OsStr::new(&script.name) == name)
        {
            Some(script) => script.clone(),
            None if path.is_file() => Script::load(path).map_err(complain)?,
            None => {
                return Err(UsageError::new(format!(
                    "{name:?} is neither a built-in transcript nor a file (the submission's command comes behind --)"
                )));
            }
        };
        if role.is_some_and(|role| role != script.role) {
            return Err(UsageError::new(format!(
                "{name:?} is for a {}",
                script.role.word()
            )));
        }
        scripts.push(script);
    }
    if given.operands().len() < 2 {
        // Other people's programs need not have extended mode.
        let all = given.has("list") || given.value("mark").is_some();
        scripts = builtin;
        scripts.retain(|script| role.is_none_or(|role| role == script.role));
        scripts.retain(|script| all || script.mark != Mark::Extended);
    }
    if let Some(marks) = given.value("mark") {
        let marks = marks.to_string_lossy();
        let marks: Result<Vec<Mark>, String> = marks
            .split(',')
            .map(|mark| one_of(Mark::ALL, Mark::word, mark))
            .collect();
        let marks = marks.map_err(|why| UsageError::new(format!("--mark: {why}")))?;
        scripts.retain(|script| marks.contains(&script.mark));
    }
    Ok(scripts)
}

fn examinee(given: &Arguments, role: Role) -> Result<Examinee, UsageError> {
    let submission = given
        .rest()
        .and_then(|rest| Submission::new(rest.iter().cloned()));
    let on_terminal = given.has("tty");
    if on_terminal && role == Role::Server {
        return Err(UsageError::new("--tty is for clients"));
    }
    match (role, given.value("at"), submission) {
        (Role::Server, None, Some(submission)) => Ok(Examinee::Server(submission)),
        (Role::Client, None, Some(submission)) => Ok(Examinee::Client {
            submission,
            on_terminal,
        }),
        (_, Some(_), Some(_)) => Err(UsageError::new(
            "either --at or a command behind --, not both",
        )),
        (Role::Client, Some(_), None) => Err(UsageError::new("--at is for servers")),
        (Role::Server, Some(_), None) => {
            let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
            let address = given.parse_option(
                "at",
                unspecified,
                "an address and a port, say 127.0.0.1:12345",
            )?;
            Ok(Examinee::ServerAt(address))
        }
        (_, None, None) => Err(UsageError::new(
            "how is the submission started? say: -- COMMAND [ARG]...",
        )),
    }
}

#[cfg(test)]
mod tests {
    use testkit::check_document;

    use super::*;

    #[test]
    fn documents_do_not_drift() {
        check_document("docs/grade.1", &PROGRAM.manual());
        check_document("docs/completions/grade.bash", &PROGRAM.bash_completion());
    }

    /// Which transcripts these words ask for: of how many, how many are of extended mode.
    fn extended_of(words: &[&str]) -> (usize, usize) {
        let scripts = match read(words.iter().map(OsString::from)).unwrap() {
            Task::Play(play) => play.scripts,
            Task::List(scripts) => scripts,
            Task::Show(_) => Vec::new(),
        };
        let extended = scripts
            .iter()
            .filter(|script| script.mark == Mark::Extended);
        (scripts.len(), extended.count())
    }

    #[test]
    fn extended_mode_is_played_only_when_asked() {
        let at = "--at=127.0.0.1:9";
        let (all, extended) = extended_of(&["server", "--list"]);
        assert!(extended > 0);
        assert_eq!(extended_of(&["server", at]), (all - extended, 0));
        let marked = ["server", "--mark", "extended", at];
        assert_eq!(extended_of(&marked), (extended, extended));
        assert_eq!(extended_of(&["server", "extended-join", at]), (1, 1));
    }

    #[test]
    fn help_fits_on_a_terminal() {
        for line in PROGRAM.help().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

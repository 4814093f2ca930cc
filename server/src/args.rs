//! The command line.

use std::{
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
};

use protocol::cli::{Arguments, Flag, Given, Program, UsageError};
use server::Limits;

/// What the command line may hold.
pub(crate) const PROGRAM: Program = Program {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: "Serves the messenger: a thread for each client on connection La, and a\n\
            connection Lb dialled back to each. Prints one line when ready: Listening on\n\
            ADDRESS:PORT.",
    operands: &[
        ("PORT", "Port to listen on; 0 takes a free one"),
        (
            "USERS_FILE",
            "Text file of accounts: username password, a line each",
        ),
    ],
    options: &[
        Flag {
            name: "bind",
            value: Some("ADDRESS"),
            help: "Address to listen on [default: 0.0.0.0]",
        },
        Flag {
            name: "ack-timeout",
            value: Some("SECONDS"),
            help: "Wait for a receipt [default: 5]",
        },
        Flag {
            name: "dial-timeout",
            value: Some("SECONDS"),
            help: "Wait for Lb to be taken [default: 5]",
        },
        Flag {
            name: "login-timeout",
            value: Some("SECONDS"),
            help: "From connecting to 101 [default: 300]",
        },
        Flag {
            name: "port-timeout",
            value: Some("SECONDS"),
            help: "From 101 to 201 [default: 30]",
        },
        Flag {
            name: "max-clients",
            value: Some("N"),
            help: "Connections at once [default: 10000]",
        },
        Flag {
            name: "strict",
            value: None,
            help: "No extended mode: /extend is 401, nothing is kept",
        },
        Flag {
            name: "history",
            value: Some("FILE"),
            help: "Keep in FILE what /history shows after a restart",
        },
        Flag {
            name: "history-limit",
            value: Some("N"),
            help: "Messages a conversation to remember [default: 1000]",
        },
        Flag {
            name: "takeover",
            value: None,
            help: "A second login with the right password ends the first",
        },
        Flag {
            name: "check",
            value: None,
            help: "Read USERS_FILE, say how many users, exit",
        },
    ],
    sections: &[
        (
            "Example",
            "  server 12345 users.txt\n  server 0 users.txt --bind 127.0.0.1 --ack-timeout 2.5",
        ),
        (
            "Environment",
            "  RUST_LOG                What goes to the log on standard error: error, warn,\n  \
               \x20                       info (the default), debug (with what is chatted),\n  \
               \x20                       trace, off\n  \
               NO_COLOR                No colour in a log on a terminal, if set and not empty\n  \
               TERM                    dumb: the same\n  \
               TZ                      The time zone of the log's times",
        ),
        (
            "Exit status",
            "  0  the information asked for was shown\n  \
               1  cannot run: the file cannot be used, the port is taken\n  \
               2  wrong usage",
        ),
    ],
};

/// What is to be done.
pub(crate) enum Task {
    /// Show this and exit.
    Show(String),
    /// Read this users file and exit.
    Check(PathBuf),
    /// Serve.
    Serve(Args),
}

/// What serving needs.
pub(crate) struct Args {
    /// Where to listen.
    pub(crate) address: SocketAddr,
    /// The users file.
    pub(crate) users: PathBuf,
    /// The history file, if history is to survive.
    pub(crate) history: Option<PathBuf>,
    /// Time-outs and counts.
    pub(crate) limits: Limits,
}

/// Reads the command line.
pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Task, UsageError> {
    let words: Vec<OsString> = words.into_iter().collect();
    let given = PROGRAM.read(words.clone()).or_else(|error| {
        // Reading the users file takes no port.
        let checks = words.iter().any(|word| word == "--check");
        let with_port = [OsString::from("0")].into_iter().chain(words);
        if checks {
            PROGRAM.read(with_port).map_err(|_| error)
        } else {
            Err(error)
        }
    });
    let given = match given? {
        Given::Information(text) => return Ok(Task::Show(text)),
        Given::Arguments(given) => given,
    };
    let port = given.parse_operand(0, "a port: 0 to 65535")?;
    let users = PathBuf::from(given.operand(1));
    let limits = limits(&given)?;
    let bind = given.parse_option("bind", IpAddr::from(Ipv4Addr::UNSPECIFIED), "an IP address")?;
    let history = given.value("history").map(PathBuf::from);
    if limits.strict && history.is_some() {
        return Err(UsageError::new(
            "--strict keeps no history, so --history makes no sense",
        ));
    }
    if given.has("check") {
        return Ok(Task::Check(users));
    }
    Ok(Task::Serve(Args {
        address: SocketAddr::new(bind, port),
        users,
        history,
        limits,
    }))
}

fn limits(given: &Arguments) -> Result<Limits, UsageError> {
    let default = Limits::default();
    Ok(Limits {
        ack_timeout: given.seconds("ack-timeout", default.ack_timeout)?,
        dial_timeout: given.seconds("dial-timeout", default.dial_timeout)?,
        login_timeout: given.seconds("login-timeout", default.login_timeout)?,
        port_timeout: given.seconds("port-timeout", default.port_timeout)?,
        takeover: given.has("takeover"),
        strict: given.has("strict"),
        history_limit: given.parse_option(
            "history-limit",
            default.history_limit,
            "a number of messages",
        )?,
        max_clients: at_least_one(given, default.max_clients)?,
    })
}

fn at_least_one(given: &Arguments, default: usize) -> Result<usize, UsageError> {
    let default = NonZeroUsize::new(default).unwrap_or(NonZeroUsize::MIN);
    Ok(given
        .parse_option("max-clients", default, "a number of clients above 0")?
        .get())
}

#[cfg(test)]
mod tests {
    use testkit::check_document;

    use super::*;

    #[test]
    fn documents_do_not_drift() {
        check_document("docs/server.1", &PROGRAM.manual());
        check_document("docs/completions/server.bash", &PROGRAM.bash_completion());
    }

    #[test]
    fn help_fits_on_a_terminal() {
        for line in PROGRAM.help().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

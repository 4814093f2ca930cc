//! The command line.

use std::{ffi::OsString, num::NonZeroU16, time::Duration};

use protocol::cli::{Flag, Given, Program, UsageError};

/// What the command line may hold.
pub(crate) const PROGRAM: Program = Program {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: "Talks to a messenger server: asks for user name and password, then takes\n\
            commands.",
    operands: &[
        ("IP", "Address of the server, say 127.0.0.1"),
        ("PORT", "Port of the server"),
    ],
    options: &[
        Flag {
            name: "extended",
            value: None,
            help: "Ask for channels, groups, history and notices",
        },
        Flag {
            name: "reply-timeout",
            value: Some("SECONDS"),
            help: "Give up on a server that does not answer [default: 60]",
        },
    ],
    sections: &[
        ("Example", "  client 127.0.0.1 12345"),
        (
            "Commands, once logged in",
            "  /list                   Who is online; you come first\n  \
               /to bob Hello!          Say something to one user\n  \
               /toall Hello, all!      Say something to everybody else\n  \
               /exit                   Leave; the end of the input does the same",
        ),
        (
            "Commands of extended mode, with --extended",
            "  /join rust              Enter a channel; made if new\n  \
               /leave rust             Leave it\n  \
               /channels               Which channels there are\n  \
               /members rust           Who is in a channel\n  \
               /say rust Hello!        Say something to a channel you are in\n  \
               /group lunch bob alice  Give some users a name, which is yours alone\n  \
               /ungroup lunch          Forget it\n  \
               /groups                 Which groups you have\n  \
               /togroup lunch Hungry?  Say something to a group\n  \
               /history bob 5          What passed between you and bob, the last 5\n  \
               /history #rust          What was said in a channel, the last 20\n  \
               /history *              What was said to all\n  \
               /notices on             Be told who comes and who leaves; or off\n  \
               /who                    Who is online since when, and in which mode\n  \
               /help                   All commands",
        ),
        (
            "Answers",
            "  301                     Who is online\n  \
               303                     Delivered: everybody it was for has acknowledged it\n  \
               304                     Not delivered, or not to everybody\n  \
               401                     The server does not know this command\n  \
               402                     It does, but not in this form; the right one follows\n  \
               404                     No such channel or group, or you are not in it\n  \
               405                     There is no such user",
        ),
        (
            "Keys, on a terminal",
            "  Backspace, Ctrl-W, Ctrl-U  Erase a character, a word, the line\n  \
               Ctrl-L                  Show the line again\n  \
               Ctrl-D                  Leave, on an empty line\n  \
               Ctrl-C                  Leave at once\n  \
               Ctrl-Z                  Back to the shell, until fg; meanwhile nothing can be\n  \
               \x20                       delivered, and whoever tries ends your session",
        ),
        (
            "Environment",
            "  NO_COLOR                No colour, if set and not empty\n  \
               TERM                    dumb: no colour, and nothing is drawn anew\n  \
               TZ                      The time zone of the times shown",
        ),
        (
            "Exit status",
            "  0    left with /exit or at the end of the input\n  \
               1    the server could not be reached, could not connect back, or is gone\n  \
               2    wrong usage\n  \
               130  left with Ctrl-C",
        ),
    ],
};

/// What is to be done.
pub(crate) enum Task {
    /// Show this and exit.
    Show(String),
    /// Talk.
    Talk(Args),
}

/// What talking needs.
pub(crate) struct Args {
    /// The server's address.
    pub(crate) host: String,
    /// The server's port.
    pub(crate) port: u16,
    /// Whether to ask for extended mode.
    pub(crate) extended: bool,
    /// How long the server may take to answer one command.
    pub(crate) reply_timeout: Duration,
}

/// Reads the command line.
pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Task, UsageError> {
    let given = match PROGRAM.read(words)? {
        Given::Information(text) => return Ok(Task::Show(text)),
        Given::Arguments(given) => given,
    };
    let host: String = given.parse_operand(0, "an address")?;
    if host.is_empty() {
        return Err(UsageError::new("\"\" is not an address"));
    }
    Ok(Task::Talk(Args {
        host,
        port: given
            .parse_operand::<NonZeroU16>(1, "a port: 1 to 65535")?
            .get(),
        extended: given.has("extended"),
        reply_timeout: given.seconds("reply-timeout", Duration::from_secs(60))?,
    }))
}

#[cfg(test)]
mod tests {
    use testkit::check_document;

    use super::*;

    #[test]
    fn documents_do_not_drift() {
        check_document("docs/client.1", &PROGRAM.manual());
        check_document("docs/completions/client.bash", &PROGRAM.bash_completion());
    }

    #[test]
    fn help_fits_on_a_terminal() {
        for line in PROGRAM.help().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

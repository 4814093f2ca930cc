//! A program on pipes or on a pseudo-terminal.

use std::{
    ffi::OsStr,
    fs::File,
    io::Write,
    process::{Child, Command, Stdio},
};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::{Transcript, process::wait_until};

/// A running program; it is ended with the test.
pub struct Program {
    child: Started,
    input: Option<Box<dyn Write + Send>>,
    /// What it writes to standard output; on a terminal, all that the terminal shows.
    pub output: Transcript,
    /// What it writes to standard error; nothing on a terminal.
    pub errors: Transcript,
}

enum Started {
    OnPipes(Child),
    OnTerminal {
        child: Box<dyn portable_pty::Child + Send + Sync>,
        /// Its end is the terminal's end.
        _master: Box<dyn MasterPty + Send>,
    },
}

impl Program {
    /// Starts a program on pipes.
    pub fn start(path: &str, arguments: &[&str]) -> Self {
        Self::start_with(Command::new(path).args(arguments))
    }

    /// As [`start`](Self::start), but once the program has written `last` to standard output, nobody
    /// reads that any more: the end of [`output`](Self::output) says so. That holds if this process
    /// starts no other program at that moment, which for an instant has a copy of each descriptor.
    pub fn start_unheard(path: &str, arguments: &[&str], last: &'static str) -> Self {
        let wanted = move |come: &[u8]| !String::from_utf8_lossy(come).contains(last);
        Self::spawn(Command::new(path).args(arguments), wanted)
    }

    /// Starts a command on pipes.
    pub fn start_with(command: &mut Command) -> Self {
        Self::spawn(command, |_| true)
    }

    fn spawn(command: &mut Command, wanted: impl Fn(&[u8]) -> bool + Send + 'static) -> Self {
        let command = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let input = Box::new(child.stdin.take().expect("a pipe"));
        let output = child.stdout.take().expect("a pipe");
        Self {
            output: Transcript::follow_while(output, wanted),
            errors: Transcript::follow(child.stderr.take().expect("a pipe")),
            child: Started::OnPipes(child),
            input: Some(input),
        }
    }

    /// Starts a program on a terminal of 80 columns.
    pub fn start_on_terminal(path: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_on_terminal_of(80, path, arguments, environment)
    }

    /// Starts a program on a terminal of so many columns.
    pub fn start_on_terminal_of(
        columns: u16,
        path: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let size = PtySize {
            rows: 24,
            cols: columns,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(path);
        command.args(arguments.iter().map(OsStr::new));
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the program starts");
        Self {
            output: Transcript::follow(pair.master.try_clone_reader().expect("a reader")),
            errors: Transcript::follow(std::io::empty()),
            input: Some(pair.master.take_writer().expect("a writer")),
            child: Started::OnTerminal {
                child,
                _master: pair.master,
            },
        }
    }

    /// Types a line.
    pub fn type_line(&mut self, line: &str) {
        self.type_bytes(format!("{line}\n"));
    }

    /// Types bytes.
    pub fn type_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let input = self.input.as_mut().expect("its input is open");
        input
            .write_all(bytes.as_ref())
            .and_then(|()| input.flush())
            .expect("typing");
    }

    /// Ends the input of a program on pipes.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        match &self.child {
            Started::OnPipes(child) => child.id(),
            Started::OnTerminal { child, .. } => child.process_id().expect("a running process"),
        }
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        match &mut self.child {
            Started::OnPipes(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            Started::OnTerminal { child, .. } => {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }

    /// Waits for its end, and returns its exit status; 128 and more for a signal.
    #[track_caller]
    pub fn status(&mut self) -> u32 {
        let mut status = None;
        wait_until("the program's end", || {
            status = match &mut self.child {
                Started::OnPipes(child) => child
                    .try_wait()
                    .expect("waiting")
                    .map(|status| status.code().map_or(128, i32::unsigned_abs)),
                Started::OnTerminal { child, .. } => child
                    .try_wait()
                    .expect("waiting")
                    .map(|status| status.exit_code()),
            };
            status.is_some()
        });
        status.expect("just waited for")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks a program for information that it cannot write: exit status and standard error.
pub fn run_on_a_full_disk(path: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("Linux has one");
    let mut command = Command::new(path);
    let command = command.args(arguments).stdin(Stdio::null()).stdout(full);
    let ended = command.output().expect("the program runs");
    let errors = String::from_utf8_lossy(&ended.stderr).into_owned();
    (ended.status.code(), errors)
}

/// Runs a program to its end without input: exit status, standard output, standard error.
pub fn run(path: &str, arguments: &[&str]) -> (u32, String, String) {
    let mut program = Program::start(path, arguments);
    program.close_input();
    let status = program.status();
    (status, program.output.rest(), program.errors.rest())
}

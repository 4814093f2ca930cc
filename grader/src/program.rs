//! A submission as a process: starting it, watching it, and ending it with all that it started.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt,
    io::{self, PipeReader, PipeWriter, Read, Write},
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::{leftovers, output::Output, play_server::remove_users_files};

/// How long a submission may take to end after SIGTERM before SIGKILL comes.
const GRACE: Duration = Duration::from_millis(500);

/// Between two looks at whether a process has ended.
const LOOK: Duration = Duration::from_millis(5);

/// The environment variable that marks all processes of one run, those that leave its group too.
pub(crate) const MARK: &str = "GRADE_RUN";

/// A command line of somebody's.
#[derive(Debug, Clone)]
pub struct Submission {
    program: OsString,
    arguments: Vec<OsString>,
}

/// Removes the users files and ends, on Linux, all submissions that this process has started and not yet ended, with all that
/// they started: for a grader that is about to be ended itself. No other one starts afterwards.
pub fn end_everything() {
    STOPPING.store(true, Ordering::SeqCst);
    leftovers::end_all(&format!("{}.", std::process::id()));
    remove_users_files();
}

/// Whether no submission may be started any more.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// A client that is a function, for tests of transcripts: it gets the server's address, its
/// keyboard and its screen, and returns its exit status.
pub type InProcess = Arc<dyn Fn(SocketAddr, PipeReader, PipeWriter) -> u32 + Send + Sync>;

impl Submission {
    /// A command line from its words; `None` if there are none.
    pub fn new(words: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut words = words.into_iter();
        Some(Self {
            program: words.next()?,
            arguments: words.collect(),
        })
    }

    /// The arguments with these values: in the place of their `{names}` where any is given, else at
    /// the end.
    fn arguments(&self, values: &[(&str, &OsStr)]) -> Vec<OsString> {
        let mut replaced = false;
        let mut arguments: Vec<OsString> = Vec::new();
        for argument in &self.arguments {
            let mut argument = argument.clone();
            for (name, value) in values {
                if let (Some(text), Some(value)) = (argument.to_str(), value.to_str()) {
                    let name = format!("{{{name}}}");
                    if text.contains(&name) {
                        argument = text.replace(&name, value).into();
                        replaced = true;
                    }
                }
            }
            arguments.push(argument);
        }
        if !replaced {
            arguments.extend(values.iter().map(|(_, value)| (*value).to_owned()));
        }
        arguments
    }
}

/// Something that runs, until it is dropped.
pub(crate) struct Running {
    life: Life,
    /// To the thread that types; a submission that does not read holds up only that thread.
    keyboard: Option<Sender<Vec<u8>>>,
    output: Output,
    mark: String,
    exit: Option<Exit>,
    on_terminal: bool,
}

enum Life {
    OnPipes(Child),
    OnTerminal {
        child: Box<dyn portable_pty::Child + Send + Sync>,
        /// Its end is the terminal's end.
        _master: Box<dyn MasterPty + Send>,
    },
    InProcess(Option<JoinHandle<u32>>),
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Exit {
    Status(u32),
    Signal(String),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exited with status {status}"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
        }
    }
}

impl Running {
    /// Starts a submission on pipes, in a process group of its own, with `values` as arguments. What
    /// it writes to either output is one output here.
    pub(crate) fn start(
        submission: &Submission,
        values: &[(&str, &OsStr)],
        output: Output,
    ) -> io::Result<Self> {
        let mark = next_mark()?;
        let mut child = in_own_session(&submission.program)?
            .args(submission.arguments(values))
            .env(MARK, &mark)
            // Else what a Python program prints stays in its buffer.
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(stdout) = child.stdout.take() {
            output.follow(stdout)?;
        }
        if let Some(stderr) = child.stderr.take() {
            output.follow(stderr)?;
        }
        let keyboard = child.stdin.take().map(keyboard).transpose()?;
        Ok(Self::new(Life::OnPipes(child), keyboard, output, mark))
    }

    /// As [`start`](Self::start), on a pseudo-terminal.
    pub(crate) fn start_on_terminal(
        submission: &Submission,
        values: &[(&str, &OsStr)],
        output: Output,
    ) -> io::Result<Self> {
        // Wide enough that no message is wrapped.
        let size = PtySize {
            rows: 24,
            cols: 240,
            ..PtySize::default()
        };
        let mark = next_mark()?;
        let pair = native_pty_system()
            .openpty(size)
            .map_err(io::Error::other)?;
        let mut command = CommandBuilder::new(located(&submission.program)?);
        command.args(submission.arguments(values));
        command.env(MARK, &mark);
        command.env("TERM", "xterm");
        command.cwd(std::env::current_dir()?);
        let spawned = pair.slave.spawn_command(command);
        // An error here may say no more than "No such file or directory".
        let child = spawned.map_err(io::Error::other)?;
        output.follow(pair.master.try_clone_reader().map_err(io::Error::other)?)?;
        let keyboard = keyboard(pair.master.take_writer().map_err(io::Error::other)?)?;
        let life = Life::OnTerminal {
            child,
            _master: pair.master,
        };
        let mut running = Self::new(life, Some(keyboard), output, mark);
        running.on_terminal = true;
        Ok(running)
    }

    /// Starts a function on pipes.
    pub(crate) fn start_in_process(
        client: &InProcess,
        address: SocketAddr,
        output: Output,
    ) -> io::Result<Self> {
        let (typed, types) = io::pipe()?;
        let (shown, shows) = io::pipe()?;
        output.follow(shown)?;
        let client = Arc::clone(client);
        let thread = thread::Builder::new().spawn(move || client(address, typed, shows))?;
        let keyboard = Some(keyboard(types)?);
        Ok(Self::new(
            Life::InProcess(Some(thread)),
            keyboard,
            output,
            next_mark()?,
        ))
    }

    fn new(life: Life, keyboard: Option<Sender<Vec<u8>>>, output: Output, mark: String) -> Self {
        Self {
            life,
            keyboard,
            output,
            mark,
            exit: None,
            on_terminal: false,
        }
    }

    pub(crate) fn output(&self) -> &Output {
        &self.output
    }

    /// Types.
    pub(crate) fn type_bytes(&self, bytes: Vec<u8>) {
        if let Some(keyboard) = &self.keyboard {
            // A submission that has ended reads no more.
            let _ = keyboard.send(bytes);
        }
    }

    /// Ends the input: on a terminal with Ctrl-D.
    pub(crate) fn end_input(&mut self) {
        if self.on_terminal {
            self.type_bytes(vec![4]);
        } else {
            self.keyboard = None;
        }
    }

    /// How it ended, if it has.
    pub(crate) fn exit(&mut self) -> Option<&Exit> {
        if self.exit.is_none() {
            self.exit = match &mut self.life {
                Life::InProcess(thread) => match thread {
                    Some(running) if running.is_finished() => {
                        let joined = thread.take().map(JoinHandle::join);
                        // A panic's own exit status.
                        Some(Exit::Status(joined.and_then(Result::ok).unwrap_or(101)))
                    }
                    _ => None,
                },
                _ => self.group().and_then(ended),
            };
        }
        self.exit.as_ref()
    }

    /// Waits for its end until then.
    pub(crate) fn wait(&mut self, deadline: Instant) -> Option<&Exit> {
        while self.exit().is_none() && Instant::now() < deadline {
            thread::sleep(LOOK);
        }
        self.exit()
    }

    fn group(&self) -> Option<Pid> {
        let number = match &self.life {
            Life::OnPipes(child) => Some(child.id()),
            Life::OnTerminal { child, .. } => child.process_id(),
            Life::InProcess(_) => None,
        }?;
        Pid::from_raw(number.try_into().ok()?)
    }
}

/// How a process ended, if it has. It is not waited for, so that its number stays its own.
fn ended(process: Pid) -> Option<Exit> {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let status = waitid(WaitId::Pid(process), look).ok()??;
    match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => Some(Exit::Signal(signal.to_string())),
        (None, code) => Some(Exit::Status(code.unwrap_or(0).unsigned_abs())),
    }
}

/// Ends the submission and everything that it started. As long as the process has not been waited
/// for, its number, and so its group's, is nobody else's.
impl Drop for Running {
    fn drop(&mut self) {
        self.keyboard = None;
        let Some(group) = self.group() else {
            return;
        };
        if self.exit().is_none() {
            let _ = kill_process_group(group, Signal::TERM);
            let deadline = Instant::now() + GRACE;
            self.wait(deadline);
        }
        let _ = kill_process_group(group, Signal::KILL);
        leftovers::end(&self.mark);
        let _ = match &mut self.life {
            Life::OnPipes(child) => child.wait().map(drop),
            Life::OnTerminal { child, .. } => child.wait().map(drop),
            Life::InProcess(_) => Ok(()),
        };
    }
}

/// A thread that types what it is sent, until it is told no more or nobody reads.
fn keyboard(mut input: impl Write + Send + 'static) -> io::Result<Sender<Vec<u8>>> {
    let (sender, typed) = mpsc::channel::<Vec<u8>>();
    let write = move || {
        for bytes in typed {
            if input
                .write_all(&bytes)
                .and_then(|()| input.flush())
                .is_err()
            {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("keyboard".into())
        .spawn(write)?;
    Ok(sender)
}

fn next_mark() -> io::Result<String> {
    if STOPPING.load(Ordering::SeqCst) {
        return Err(io::ErrorKind::Interrupted.into());
    }
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    Ok(format!("{}.{number}", std::process::id()))
}

/// Reads a source to its end in a thread.
pub(crate) fn in_thread(
    mut source: impl Read + Send + 'static,
    mut take: impl FnMut(&[u8]) + Send + 'static,
) -> io::Result<()> {
    let read = move || {
        let mut piece = [0; 8192];
        loop {
            match source.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A terminal whose other side is gone gives an error instead of an end.
                Ok(0) | Err(_) => return take(&[]),
                Ok(count) => take(&piece[..count]),
            }
        }
    };
    thread::Builder::new()
        .name("output".into())
        .spawn(read)
        .map(drop)
}

/// The program as a shell would find it: a name with a slash in it is a path from here, which the
/// terminal's way of starting programs does not know.
fn located(program: &OsStr) -> io::Result<PathBuf> {
    let path = Path::new(program);
    match path.components().count() {
        0 | 1 => Ok(path.to_owned()),
        _ => std::path::absolute(path),
    }
}

/// A program in a session of its own, where there is the tool `setsid`: one that asks for a password
/// at its terminal must not find the one at which the grader was started. Elsewhere in a process
/// group of its own.
fn in_own_session(program: &OsStr) -> io::Result<Command> {
    let program = found(program)?;
    if let Ok(setsid) = found(OsStr::new("setsid")) {
        let mut command = Command::new(setsid);
        command.arg(program);
        return Ok(command);
    }
    let mut command = Command::new(program);
    command.process_group(0);
    Ok(command)
}

/// Where a program is, as a shell would look for it.
fn found(program: &OsStr) -> io::Result<PathBuf> {
    let path = located(program)?;
    if path.is_absolute() {
        return path.metadata().map(|_| path);
    }
    let places = env::var_os("PATH").unwrap_or_default();
    let mut found = env::split_paths(&places).map(|place| place.join(&path));
    found
        .find(|file| file.is_file())
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn submission(words: &[&str]) -> Submission {
        Submission::new(words.iter().map(OsString::from)).unwrap()
    }

    #[test]
    fn a_name_with_a_slash_is_a_path_from_here() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(
            located(OsStr::new("target/client")).unwrap(),
            here.join("target/client")
        );
        assert_eq!(
            located(OsStr::new("/bin/sh")).unwrap(),
            Path::new("/bin/sh")
        );
        assert_eq!(
            located(OsStr::new("python3")).unwrap(),
            Path::new("python3")
        );
    }

    #[test]
    fn arguments_are_replaced_or_appended() {
        let values = [("port", OsStr::new("80")), ("users", OsStr::new("u.txt"))];
        for (words, expected) in [
            (
                &["python3", "server.py"][..],
                &["server.py", "80", "u.txt"][..],
            ),
            (&["x"], &["80", "u.txt"]),
            (
                &["x", "--port={port}", "-u", "{users}"],
                &["--port=80", "-u", "u.txt"],
            ),
            (&["x", "{port}"], &["80"]),
        ] {
            assert_eq!(submission(words).arguments(&values), expected);
        }
        assert!(Submission::new([]).is_none());
    }

    fn shell(script: &str) -> Running {
        let output = Output::new("x", &Record::new());
        Running::start(&submission(&["sh", "-c", script]), &[], output).unwrap()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn statuses_and_signals() {
        assert_eq!(shell("exit 7").wait(soon()), Some(&Exit::Status(7)));
        assert_eq!(
            shell("kill -9 $$").wait(soon()),
            Some(&Exit::Signal("9".into()))
        );
        let missing = submission(&["/nowhere/at/all"]);
        let output = Output::new("x", &Record::new());
        assert!(Running::start(&missing, &[], output.clone()).is_err());
        assert!(Running::start_on_terminal(&missing, &[], output).is_err());
    }

    /// Waits for the script to say `ready`, ends it, and sees nobody of that run left.
    #[cfg(target_os = "linux")]
    #[track_caller]
    fn leaves_nobody(mut running: Running) {
        while !running.output().plain().contains("ready") {
            assert!(running.exit().is_none(), "{}", running.output().plain());
            thread::sleep(LOOK);
        }
        let mark = running.mark.clone();
        assert!(!leftovers::find(&mark).is_empty());
        let start = Instant::now();
        drop(running);
        assert!(start.elapsed() < Duration::from_secs(5));
        assert_eq!(leftovers::find(&mark).len(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_is_left_of_those_that_resist() {
        leaves_nobody(shell("echo ready; sleep 60"));
        leaves_nobody(shell(
            "trap '' TERM HUP INT; echo ready; while :; do sleep 1; done",
        ));
        leaves_nobody(shell("sleep 60 & sleep 60 & echo ready; wait"));
        leaves_nobody(shell(
            "setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done' & wait",
        ));
        // The parent has ended long before its child is to be ended.
        leaves_nobody(shell(
            "setsid sh -c 'sleep 1; echo ready; sleep 60' & exec sleep 60",
        ));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_is_left_of_the_group_either_without_a_mark() {
        let running = shell(
            "env -i sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done' & echo \"child $! \"",
        );
        let child = loop {
            let shown = running.output().plain();
            let number = shown.split_once("child ").map(|(_, rest)| rest);
            match number.and_then(|rest| rest.split_once(' ')) {
                Some((number, _)) if shown.contains("ready") => break number.to_owned(),
                _ => thread::sleep(LOOK),
            }
        };
        drop(running);
        let deadline = soon();
        // Killed, it may still wait for somebody to notice.
        let lives = || {
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat"));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        while lives() {
            assert!(Instant::now() < deadline, "{child} is left");
            thread::sleep(LOOK);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_graders_terminal_is_out_of_reach() {
        let running = shell("(: < /dev/tty) 2> /dev/null && echo ready || echo none");
        while !running.output().plain().contains("none") {
            assert!(!running.output().plain().contains("ready"));
            thread::sleep(LOOK);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_is_left_on_a_terminal() {
        let output = Output::new("x", &Record::new());
        let words = submission(&[
            "sh",
            "-c",
            "trap '' TERM HUP; sleep 60 & echo ready; while :; do sleep 1; done",
        ]);
        leaves_nobody(Running::start_on_terminal(&words, &[], output).unwrap());
    }
}

//! However bad a submission is, the grader stands, says what happened, and leaves nobody behind.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // this is test code

use std::{
    ffi::OsString,
    fs,
    process::{self, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use grader::{Examinee, Failure, Patience, Script, Submission, play};

const HEAD: &str = "title: T\nheading: H\npoints: 1\nmark: handout\n";

const PATIENCE: Patience = Patience {
    reply: Duration::from_millis(1200),
    start: Duration::from_secs(5),
};

/// Whatever happens, a play of these short transcripts takes no longer.
const BOUND: Duration = Duration::from_secs(15);

/// A sign that a submission's own processes can be known by.
fn sign() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!(
        "sign-{}-{}",
        process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// How many processes have this sign in their command line.
fn signed(sign: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines
        .filter(|line| String::from_utf8_lossy(line).contains(sign))
        .count()
}

/// Plays against a shell script, which must fail, in time, and without a process left.
fn failure(role: &str, steps: &str, shell: &str, on_terminal: bool) -> Failure {
    let script = Script::parse("x", "x.chat", &format!("{HEAD}for: {role}\n\n{steps}\n")).unwrap();
    let sign = sign();
    let words = ["sh", "-c", shell, &sign].map(OsString::from);
    let submission = Submission::new(words).unwrap();
    let examinee = match role {
        "server" => Examinee::Server(submission),
        _ => Examinee::Client {
            submission,
            on_terminal,
        },
    };
    let start = Instant::now();
    let outcome = play(&script, &examinee, PATIENCE);
    assert!(start.elapsed() < BOUND, "{shell}: {:?}", start.elapsed());
    assert_eq!(signed(&sign), 0, "{shell}");
    outcome.failure.unwrap_or_else(|| panic!("passed: {shell}"))
}

/// A server in Python with this body, which finds `listener`, the listening socket.
fn python(body: &str) -> String {
    format!(
        "exec python3 -c '\nimport socket, sys, time, os, signal\n\
         listener = socket.socket()\n\
         listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n\
         listener.bind((\"127.0.0.1\", int(sys.argv[2])))\n\
         listener.listen()\n{body}\n' \"$0\" \"$1\" \"$2\""
    )
}

#[test]
fn an_interrupted_grader_leaves_nobody() {
    let sign = sign();
    let mut grade = Command::new(env!("CARGO_BIN_EXE_grade"))
        .args(["server", "to-delivered", "--", "sh", "-c"])
        .args([
            "setsid sleep 60 & echo ready; while :; do sleep 1; done",
            &sign,
        ])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + BOUND;
    // The grader's own command line has it too.
    while signed(&sign) < 2 {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(10));
    }
    let pid = grade.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(grade.wait().unwrap().code(), Some(130));
    assert_eq!(signed(&sign), 0);
}

#[test]
fn a_server_that_never_starts() {
    let failed = failure("server", "jacky joins", "echo I sleep >&2; sleep 60", false);
    assert!(
        failed
            .expected
            .starts_with("a server that accepts connections on port ")
    );
    assert_eq!(failed.last_words.as_deref(), Some("I sleep"));
    assert_eq!(failed.ended, None);
}

#[test]
fn a_server_that_exits() {
    let failed = failure(
        "server",
        "jacky joins",
        "echo no such file >&2; exit 3",
        false,
    );
    assert_eq!(failed.came, "the server exited with status 3");
    assert_eq!(failed.last_words.as_deref(), Some("no such file"));
}

#[test]
fn a_server_that_cannot_be_started() {
    let script = Script::parse(
        "x",
        "x.chat",
        &format!("{HEAD}for: server\n\njacky joins\n"),
    )
    .unwrap();
    let submission = Submission::new([OsString::from("./no-such-program")]).unwrap();
    let failed = play(&script, &Examinee::Server(submission), PATIENCE)
        .failure
        .unwrap();
    assert!(
        failed.came.starts_with("it cannot be started: "),
        "{}",
        failed.came
    );
}

#[test]
fn a_server_that_says_nothing_and_resists() {
    let body = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)";
    let failed = failure("server", "jacky joins", &python(body), false);
    assert_eq!(failed.came, "nothing within 1.2 s");
}

#[test]
fn a_server_that_crashes_in_between() {
    let body = "listener.accept()\nraise ValueError(\"oh no\")";
    let failed = failure("server", "jacky joins", &python(body), false);
    assert!(
        failed.came.starts_with("the connection was "),
        "{}",
        failed.came
    );
    assert_eq!(failed.ended.as_deref(), Some("exited with status 1"));
    assert!(failed.last_words.unwrap().contains("ValueError: oh no"));
}

#[test]
fn a_server_that_floods_the_connection() {
    let steps = "jacky connects\nwait 500 ms\njacky sees a closed";
    for piece in ["120", "120, 10"] {
        let body =
            format!("la, _ = listener.accept()\nwhile True: la.sendall(bytes([{piece}]) * 65536)");
        let failed = failure("server", steps, &python(&body), false);
        assert!(
            failed.came.contains("flood") || failed.came == "\"x\"",
            "{}",
            failed.came
        );
    }
}

#[test]
fn a_server_that_floods_its_outputs() {
    let failed = failure(
        "server",
        "jacky joins",
        "yes flood & yes flood >&2 & wait",
        false,
    );
    assert!(failed.last_words.unwrap().contains("flood"));
}

#[test]
fn a_server_that_does_not_read() {
    let body = "la, _ = listener.accept()\ntime.sleep(60)";
    let steps = "jacky connects\n".to_owned() + &"jacky CLIENT(a) bytes: {x*4000000}\n".repeat(5);
    let failed = failure("server", &steps, &python(body), false);
    assert!(
        failed
            .came
            .starts_with("nobody took what jacky CLIENT(a) sent"),
        "{}",
        failed.came
    );
}

#[test]
fn a_server_with_children_who_keep_the_port() {
    let body = "for _ in range(3):\n  if os.fork() == 0:\n    os.setsid()\n    \
                signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    time.sleep(60)\n\
                la, _ = listener.accept()\nsys.exit(0)";
    for _ in 0..2 {
        failure("server", "jacky joins", &python(body), false);
    }
}

#[test]
fn a_play_has_an_end() {
    let body =
        "la, _ = listener.accept()\nwhile True:\n  la.recv(100)\n  la.sendall(b\"401 no\\n\")";
    let script = format!(
        "{HEAD}for: server\ntime limit: 2 s\n\njacky connects\njacky CLIENT(a) until 101 ... within 300 s: /list\n"
    );
    let script = Script::parse("x", "x.chat", &script).unwrap();
    let words = ["sh", "-c", &python(body), "x"].map(OsString::from);
    let start = Instant::now();
    let outcome = play(
        &script,
        &Examinee::Server(Submission::new(words).unwrap()),
        PATIENCE,
    );
    assert!(start.elapsed() < Duration::from_secs(6));
    assert_eq!(outcome.failure.unwrap().came, "still \"401 no\"");
}

#[test]
fn clients_on_pipes() {
    clients_that_do_nothing_exit_flood_or_resist(false);
}

#[test]
fn clients_on_a_terminal() {
    clients_that_do_nothing_exit_flood_or_resist(true);
}

fn clients_that_do_nothing_exit_flood_or_resist(on_terminal: bool) {
    let failed = failure("client", "CLIENT connects", "sleep 60", on_terminal);
    assert_eq!(failed.came, "it did not");
    let failed = failure(
        "client",
        "CLIENT connects",
        "echo what; exit 4",
        on_terminal,
    );
    assert_eq!(failed.came, "the client exited with status 4");
    assert_eq!(failed.last_words.as_deref(), Some("what"));
    let failed = failure("client", "SCREEN shows: hello", "yes no", on_terminal);
    assert_eq!(failed.came, "a flood of output");
    let failed = failure(
        "client",
        "CLIENT quits",
        "trap '' TERM HUP; sleep 60 & while :; do sleep 1; done",
        on_terminal,
    );
    assert_eq!(failed.came, "it still runs");
    // Nobody reads what is typed.
    let typed = "USER types: {x*100000}\nUSER types: {x*100000}\nCLIENT quits";
    let failed = failure("client", typed, "sleep 60", on_terminal);
    assert_eq!(failed.came, "it still runs");
}

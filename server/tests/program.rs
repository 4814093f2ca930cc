//! The program around the protocol: command line, exit statuses, what it prints and logs.

use std::net::TcpListener;

use testkit::{Program, Server, TempFile, run, run_on_a_full_disk};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const USAGE: &str = "\nUsage: server PORT USERS_FILE [OPTION]...\n";

#[test]
fn wrong_usage_is_2_and_shows_the_usage_line() {
    let wrong: &[&[&str]] = &[
        &[],
        &["0"],
        &["x", "users.txt"],
        &["70000", "users.txt"],
        &["-1", "users.txt"],
        &["0", "users.txt", "more"],
        &["0", "users.txt", "--unknown"],
        &["0", "users.txt", "--bind"],
        &["0", "users.txt", "--bind", "here"],
        &["0", "users.txt", "--ack-timeout", "0"],
        &["0", "users.txt", "--max-clients=-3"],
        &["0", "users.txt", "--max-clients", "0"],
        &["0", "users.txt", "--strict", "--history", "file"],
        &["--check"],
    ];
    for arguments in wrong {
        let (status, output, errors) = run(SERVER, arguments);
        assert_eq!((status, output.as_str()), (2, ""), "{arguments:?}");
        assert!(
            errors.starts_with("server: ") && errors.ends_with(USAGE),
            "{arguments:?}: {errors}"
        );
    }
}

#[test]
fn what_cannot_run_is_1_and_says_why() {
    let (status, _, errors) = run(SERVER, &["0", "no/such/file"]);
    assert_eq!(status, 1);
    assert!(errors.contains("no/such/file"), "{errors}");

    let users = TempFile::new("bob 1\nbob 2\n");
    let path = users.path().to_str().unwrap();
    for arguments in [&["0", path][..], &["0", path, "--check"]] {
        let (status, _, errors) = run(SERVER, arguments);
        assert_eq!(status, 1);
        assert_eq!(
            errors,
            format!("server: {path}:2: the name bob is taken by a line above\n")
        );
    }

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let users = testkit::users_file(0);
    let path = users.path().to_str().unwrap();
    let (status, output, errors) = run(SERVER, &[&port, path, "--bind", "127.0.0.1"]);
    assert_eq!((status, output.as_str()), (1, ""));
    assert!(errors.contains(&format!("127.0.0.1:{port}")), "{errors}");
}

#[test]
fn information_is_0() {
    let users = testkit::users_file(4);
    let path = users.path().to_str().unwrap();
    let checked = run(SERVER, &["--check", "0", path]);
    assert_eq!(checked, (0, format!("{path}: 7 users\n"), String::new()));
    assert_eq!(
        run(SERVER, &[path, "--check"]),
        run(SERVER, &["--check", "0", path])
    );
    let (status, help, _) = run(SERVER, &["--help"]);
    assert_eq!(status, 0);
    for flag in [
        "--bind",
        "--ack-timeout",
        "--dial-timeout",
        "--login-timeout",
        "--port-timeout",
    ] {
        assert!(help.contains(flag), "{flag}");
    }
    let version = format!("server {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(SERVER, &["--version"]), (0, version, String::new()));
    for asked in [&["--help"][..], &["--version"], &[path, "--check"]] {
        let (status, errors) = run_on_a_full_disk(SERVER, asked);
        assert_eq!(status, Some(1));
        assert!(
            errors.starts_with("server: cannot write to standard output: "),
            "{errors}"
        );
    }
}

#[test]
fn flags_may_stand_before_the_operands_and_the_address_is_printed() {
    let users = testkit::users_file(0);
    let path = users.path().to_str().unwrap();
    let arguments = [
        "--ack-timeout=1",
        "--bind",
        "127.0.0.1",
        "0",
        path,
        "--max-clients",
        "5",
    ];
    let mut server = Program::start(SERVER, &arguments);
    let line = server.output.until("\n");
    assert!(line.starts_with("Listening on 127.0.0.1:"), "{line}");
    let mut server = Program::start(SERVER, &["0", path]);
    let line = server.output.until("\n");
    assert!(line.starts_with("Listening on 0.0.0.0:"), "{line}");
}

#[test]
fn no_password_in_the_log_and_no_chat_above_debug() {
    let users = testkit::users_file(0);
    for level in ["info", "debug", "trace"] {
        let path = users.path().to_str().unwrap();
        let mut command = std::process::Command::new(SERVER);
        command
            .args(["0", path, "--bind", "127.0.0.1"])
            .env("RUST_LOG", level);
        let mut server = Program::start_with(&mut command);
        let address = server.output.until("\n");
        let address = address
            .trim()
            .strip_prefix("Listening on ")
            .unwrap()
            .parse()
            .unwrap();
        let mut peer = testkit::Peer::connect(address);
        for line in [
            "/login bob wrong-hush",
            "/login bob  bob-hush",
            "/login bob bob-secret hush",
            "/LOGIN bob bob-hush",
            "/login hush bob-secret",
            "hush",
        ] {
            peer.ask(line);
        }
        let mut bob = testkit::User::log_in(peer, "bob");
        bob.ask("/LOGIN:hush");
        bob.la.say("/to bob psst");
        bob.receive("/from bob psst");
        bob.la.expect("303 Message delivery successful");
        bob.ask("/toall psst");
        bob.ask("/exit");
        server.errors.until("/exit");
        let log = server.errors.all();
        assert!(!log.contains("secret") && !log.contains("hush"), "{log}");
        assert_eq!(log.contains("psst"), level != "info", "{log}");
    }
}

#[test]
fn what_an_echoing_client_answers_is_no_more_in_the_log_than_what_was_said() {
    let mut server = Server::start(SERVER, &[]);
    let (mut jacky, mut bob) = (server.user("jacky"), server.user("bob"));
    jacky.la.say("/to bob psst");
    bob.lb.expect("/from jacky psst");
    bob.lb.say("/from jacky psst");
    jacky.la.expect("304 Message delivery failed");
    server.log().until("not delivered to bob");
    assert!(!server.log().all().contains("psst"));
}

#[test]
fn control_characters_cannot_forge_the_log() {
    let users = TempFile::new("\u{1b}[2J2026\u{9b}\u{202e}bob secret\n");
    let mut server = Server::start_for(SERVER, &[], users);
    let mut peer = server.dial();
    peer.ask("/login \u{1b}[2J2026\u{9b}\u{202e}bob wrong");
    server
        .log()
        .until(r"login as \u{1b}[2J2026\u{9b}\u{202e}bob refused");
    let log = server.log().all();
    assert!(!log.chars().any(|c| c.is_control() && c != '\n'), "{log:?}");
}

//! The program `grade`, as people and autograders call it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // this is test code

use std::{
    env, fs,
    path::PathBuf,
    process::{self, Command},
};

use serde_json::Value;
use testkit::run_on_a_full_disk;

/// Runs it: exit status, standard output, standard error.
fn grade(words: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_grade"))
        .args(words)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn temporary(name: &str) -> PathBuf {
    env::temp_dir().join(format!("grade-test-{}-{name}", process::id()))
}

const SCRIPT: &str = "title: The client says a word\nheading: Client basics\npoints: 4\nmark: handout\nfor: client\n\n";

#[test]
fn lists_and_information() {
    let (status, list, _) = grade(&["--list"]);
    assert_eq!(status, 0);
    assert!(list.contains("to-delivered") && list.contains("client-from"));
    let lines = list.lines().count();
    let (_, servers, _) = grade(&["server", "--list"]);
    let (_, strict, _) = grade(&["--list", "server", "--mark", "strict,abnormal"]);
    assert!(strict.lines().count() < servers.lines().count() && servers.lines().count() < lines);
    assert!(!servers.contains("client-from") && !strict.contains("to-delivered"));
    let (status, accounts, _) = grade(&["--accounts"]);
    assert_eq!((status, accounts.lines().next()), (0, Some("jacky 12345")));
    let (status, help, _) = grade(&["--help"]);
    assert_eq!(status, 0);
    assert!(help.starts_with(
        "Usage: grade [server|client] [TRANSCRIPT]... [OPTION]... [-- COMMAND [ARG]...]\n"
    ));
    for asked in ["--help", "--list"] {
        let (status, errors) = run_on_a_full_disk(env!("CARGO_BIN_EXE_grade"), &[asked]);
        assert_eq!(status, Some(1));
        assert!(
            errors.starts_with("grade: cannot write to standard output: "),
            "{errors}"
        );
    }
}

#[test]
fn passed_and_failed() {
    let (good, bad) = (temporary("good.chat"), temporary("bad.chat"));
    fs::write(
        &good,
        format!("{SCRIPT}SCREEN shows: word\nCLIENT quits with status 0\n"),
    )
    .unwrap();
    fs::write(
        &bad,
        format!("{SCRIPT}SCREEN shows within 100 ms: another\n"),
    )
    .unwrap();
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    let json = temporary("results.json");

    let client = ["--", "sh", "-c", "echo a word {ip} {port}"];
    let (status, output, errors) = grade(&[&["client", good], &client[..]].concat());
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(
        output.ends_with("\n4 of 4 points\n1 passed, 0 failed\n"),
        "{output}"
    );

    let options = [
        "--json",
        json.to_str().unwrap(),
        "--visibility",
        "after_published",
    ];
    let words = [&["client", good, bad][..], &options, &client].concat();
    let (status, output, _) = grade(&words);
    assert_eq!(status, 1);
    for part in [
        "pass  4/4 ",
        "FAIL  0/4 ",
        "The conversation, with times in ms:",
        "SCREEN: a word 127.0.0.1 ",
        "bad.chat:7: SCREEN shows within 100 ms: another",
        "Expected: the screen shows \"another\"",
        "Handout:  Client basics",
    ] {
        assert!(output.contains(part), "{part}: {output}");
    }
    assert!(
        output.ends_with("\n4 of 8 points\n1 passed, 1 failed\n"),
        "{output}"
    );

    let results: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let tests = results["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 2);
    assert_eq!(
        (&tests[0]["score"], &tests[0]["max_score"]),
        (&4.into(), &4.into())
    );
    assert_eq!(
        (&tests[1]["score"], &tests[1]["status"]),
        (&0.into(), &"failed".into())
    );
    assert_eq!(tests[1]["visibility"], "after_published");
    assert!(tests[1]["output"].as_str().unwrap().contains("Expected: "));

    for path in [good, bad] {
        fs::remove_file(path).unwrap();
    }
    fs::remove_file(json).unwrap();
}

#[test]
fn wrong_usage_and_wrong_transcripts_are_status_2() {
    let wrong = temporary("wrong.chat");
    fs::write(&wrong, format!("{SCRIPT}CLIENT connects\nCLIENT dances\n")).unwrap();
    let wrong = wrong.to_str().unwrap();
    for (words, expected) in [
        (&[][..], "say what is to be graded: server or client"),
        (&["peer", "--", "x"], "\"peer\" is none of server, client"),
        (&["server"], "how is the submission started?"),
        (&["server", "--"], "how is the submission started?"),
        (
            &["server", "--mark", "strict", "list-alone", "--", "x"],
            "nothing to play",
        ),
        (
            &["server", "python3", "server.py"],
            "\"python3\" is neither a built-in transcript nor a file",
        ),
        (
            &["server", "--at", "127.0.0.1:9", "--", "x"],
            "either --at or a command",
        ),
        (
            &["server", "--at", "nowhere"],
            "is not an address and a port",
        ),
        (
            &["server", "--at", "127.0.0.1:9", "--jobs", "2"],
            "--jobs is not for --at",
        ),
        (&["client", "--at", "127.0.0.1:9"], "--at is for servers"),
        (&["server", "--tty", "--", "x"], "--tty is for clients"),
        (
            &["server", "--mark", "fun", "--", "x"],
            "--mark: \"fun\" is none of handout, abnormal, strict",
        ),
        (
            &["server", "client-from", "--", "x"],
            "\"client-from\" is for a client",
        ),
        (
            &["server", "--visibility", "never", "--", "x"],
            "\"never\" is none of visible, hidden",
        ),
        (
            &["client", wrong, "--", "x"],
            ":8: \"dances\" is nothing that a client does here",
        ),
        (&["--list", wrong], "none of server, client"),
    ] {
        let (status, output, errors) = grade(words);
        assert_eq!((status, output.as_str()), (2, ""), "{words:?}");
        assert!(errors.contains(expected), "{words:?}: {errors}");
        assert!(errors.contains("Usage: grade "), "{words:?}: {errors}");
    }
    fs::remove_file(wrong).unwrap();
}

//! This project's own server and client pass every transcript, as processes like any submission.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // this is test code

use std::{env, ffi::OsString, path::PathBuf, process::Command, sync::OnceLock};

use grader::{Examinee, Patience, Role, Submission, builtin, play_all, verdict};
use serde_json::Value;

/// The path of one of this project's programs. They belong to other packages, so cargo is asked to
/// build them, the way it built this test, and to say where they are.
fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<Vec<(String, PathBuf)>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--package=server", "--package=client", "--bins"]);
        cargo.args(["--message-format=json-render-diagnostics"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let output = cargo
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let messages = String::from_utf8(output.stdout).unwrap();
        let messages = messages
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let programs = messages.filter_map(|message| {
            let path = message["executable"].as_str()?;
            Some((
                message["target"]["name"].as_str()?.to_owned(),
                PathBuf::from(path),
            ))
        });
        programs.collect()
    });
    let found = built.iter().find(|(built, _)| built == name);
    found
        .map(|(_, path)| path.clone())
        .unwrap_or_else(|| panic!("cargo built no {name}: {built:?}"))
}

fn submission(name: &str) -> Submission {
    Submission::new([OsString::from(program(name))]).unwrap()
}

fn passes_everything(role: Role, examinee: &Examinee) {
    let mut scripts = builtin().unwrap();
    scripts.retain(|script| script.role == role);
    let mut complaints = String::new();
    play_all(
        &scripts,
        examinee,
        Patience::default(),
        12,
        |script, outcome| {
            if !outcome.passed() {
                complaints += &verdict(script, &outcome);
            }
        },
    );
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn our_server() {
    passes_everything(Role::Server, &Examinee::Server(submission("server")));
}

#[test]
fn our_client_on_pipes() {
    let submission = submission("client");
    passes_everything(
        Role::Client,
        &Examinee::Client {
            submission,
            on_terminal: false,
        },
    );
}

#[test]
fn our_client_on_a_terminal() {
    let submission = submission("client");
    passes_everything(
        Role::Client,
        &Examinee::Client {
            submission,
            on_terminal: true,
        },
    );
}

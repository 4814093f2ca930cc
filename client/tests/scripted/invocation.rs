//! The command line, and a server that is not there.

use std::net::TcpListener;

use testkit::{run, run_on_a_full_disk};

use crate::CLIENT;

const USAGE: &str = "Usage: client IP PORT";

#[test]
fn wrong_usage_is_shown_with_the_right_one() {
    for arguments in [
        &[][..],
        &["127.0.0.1"],
        &["127.0.0.1", "12345", "extra"],
        &["127.0.0.1", ""],
        &["", "12345"],
        &["127.0.0.1", "port"],
        &["127.0.0.1", "0"],
        &["127.0.0.1", "65536"],
        &["127.0.0.1", "-1"],
        &["127.0.0.1", "12345", "--nonsense"],
        &["127.0.0.1", "12345", "--reply-timeout"],
        &["127.0.0.1", "12345", "--reply-timeout", "soon"],
        &["127.0.0.1", "12345", "--reply-timeout", "0"],
        &["127.0.0.1", "12345", "--help=x"],
    ] {
        let (status, output, errors) = run(CLIENT, arguments);
        assert_eq!((status, &*output), (2, ""), "{arguments:?}");
        assert!(
            errors.lines().any(|line| line.starts_with(USAGE)),
            "{errors}"
        );
        assert!(errors.starts_with("client: "), "{errors}");
    }
}

#[test]
fn help_and_version() {
    for arguments in [
        &["--help"][..],
        &["127.0.0.1", "--help"],
        &["--help", "--nonsense"],
    ] {
        let (status, output, errors) = run(CLIENT, arguments);
        assert_eq!((status, &*errors), (0, ""), "{arguments:?}");
        assert!(output.starts_with(USAGE), "{output}");
        for part in [
            "IP",
            "PORT",
            "--reply-timeout",
            "--version",
            "/toall",
            "Exit status",
        ] {
            assert!(output.contains(part), "{part} in {output}");
        }
    }
    let version = concat!("client ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(
        run(CLIENT, &["--version"]),
        (0, version.into(), String::new())
    );
    let (status, errors) = run_on_a_full_disk(CLIENT, &["--help"]);
    assert_eq!(status, Some(1));
    assert!(
        errors.starts_with("client: cannot write to standard output: "),
        "{errors}"
    );
}

#[test]
fn nobody_listens() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = closed.expect("a port").port().to_string();
    let (status, output, errors) = run(CLIENT, &["127.0.0.1", &port]);
    assert_eq!((status, &*output), (1, ""), "no prompt without a server");
    assert!(
        errors.contains("127.0.0.1") && errors.contains(&port),
        "{errors}"
    );
    assert_eq!(errors.matches('\n').count(), 1, "{errors}");
}

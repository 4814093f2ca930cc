//! What people see who sit at a terminal.

#![allow(clippy::expect_used, clippy::panic)] // this is test code

use std::{
    net::{SocketAddr, TcpListener},
    process::Command,
    thread,
};

use server::{Accounts, Limits};
use testkit::{Peer, Program, User, password, users_file};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");
const COLOURS: &[(&str, &str)] = &[("TERM", "xterm-256color"), ("NO_COLOR", "")];
const NO_COLOURS: &[(&str, &str)] = &[("TERM", "xterm-256color"), ("NO_COLOR", "1")];
const DUMB: &[(&str, &str)] = &[("TERM", "dumb"), ("NO_COLOR", "")];

/// Says how the client ended, and when the terminal is itself again. The shell outlives Ctrl-C, as
/// an interactive one does.
const THEN: &str = r#"trap : INT
sh -c 'echo "number $$."; exec "$@"' sh "$@"
echo "status $?."
until stty -a | grep -q '[^-]icanon' && stty -a | grep -q '[^-]echo ' && stty -a | grep -q 'intr = ^C'
do :; done
echo restored"#;

/// A server in this process, which ends with it.
fn start_server() -> SocketAddr {
    let accounts = Accounts::load(users_file(4).path()).expect("a users file");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = server::Server::new(accounts, Limits::default(), None).expect("a server");
    thread::spawn(move || server.run(&listener));
    address
}

/// A client on a terminal of so many columns.
fn start(server: SocketAddr, columns: u16, environment: &[(&str, &str)]) -> Program {
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    Program::start_on_terminal_of(columns, CLIENT, &[&ip, &port], environment)
}

/// A client under a shell that says what became of it.
fn start_under_shell(server: SocketAddr, redirection: &str) -> Program {
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    let script = THEN.replace(r#"exec "$@"'"#, &format!(r#"exec "$@" {redirection}'"#));
    let arguments = ["-c", &script, "sh", CLIENT, &ip, &port];
    Program::start_on_terminal("sh", &arguments, COLOURS)
}

/// Logs in, and returns what was to be seen up to the end of the `201`'s line.
fn log_in(client: &mut Program, name: &str) -> String {
    let mut seen = client.output.until("user name:");
    client.type_line(name);
    seen += &client.output.until("password:");
    client.type_line(&password(name));
    seen += &client.output.until("Build connection successful");
    seen + &client.output.until("\n")
}

fn user(server: SocketAddr, name: &str) -> User {
    User::log_in(Peer::connect(server), name)
}

/// Sends a message, which the client acknowledges.
#[track_caller]
fn send(from: &mut User, command: &str) {
    assert_eq!(from.ask(command), "303 Message delivery successful");
}

fn is_time(time: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| match at {
        2 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    time.len() == 5 && time.bytes().enumerate().all(is_right)
}

#[test]
fn a_password_is_not_shown() {
    let server = start_server();
    for environment in [COLOURS, DUMB] {
        let mut client = start(server, 80, environment);
        client.output.until("user name:");
        client.type_line("jacky");
        client.output.until("password:");
        client.type_line("a-wrong-one");
        client.output.until("\r\n");
        client.output.until("102");
        client.output.until("Authentication failed");
        log_in(&mut client, "jacky");
        client.type_line("/exit");
        client.output.until("Bye bye");
        assert_eq!(client.status(), 0);
        let all = client.output.all();
        assert!(!all.contains("a-wrong-one"), "{all:?}");
        assert!(!all.contains(&password("jacky")), "{all:?}");
    }
}

#[test]
fn the_terminal_is_itself_again_after_leaving() {
    let server = start_server();
    for typed in ["/exit\n", "\x04"] {
        let mut client = start_under_shell(server, "");
        log_in(&mut client, "jacky");
        client.type_bytes(typed);
        client.output.until("Bye bye");
        client.output.until("status 0.");
        client.output.until("restored");
    }
}

#[test]
fn the_terminal_is_itself_again_after_ctrl_c() {
    let server = start_server();
    for redirection in ["", "2>/dev/null"] {
        let mut client = start_under_shell(server, redirection);
        client.output.until("user name:");
        client.type_bytes("\x03");
        client.output.until("status 130.");
        client.output.until("restored");

        let mut client = start_under_shell(server, redirection);
        client.output.until("user name:");
        client.type_line("jacky");
        client.output.until("password:");
        client.type_bytes("half\x03");
        client.output.until("status 130.");
        client.output.until("restored");
        assert!(!client.output.all().contains("half"));

        let mut client = start_under_shell(server, redirection);
        log_in(&mut client, "jacky");
        client.type_bytes("/to bob hal\x03");
        client.output.until("status 130.");
        client.output.until("restored");
    }
}

#[test]
fn a_password_is_not_shown_when_the_output_goes_elsewhere() {
    let server = start_server();
    let mut client = start_under_shell(server, "| cat");
    client.output.until("user name:");
    client.type_line("jacky");
    client.output.until("password:");
    client.type_bytes("half\x03");
    client.output.until("restored");
    assert!(!client.output.all().contains("half"));

    let mut client = start_under_shell(server, "| cat");
    client.output.until("user name:");
    client.type_line("jacky");
    client.output.until("password:");
    client.type_line(&password("jacky"));
    client.output.until("\n101 Authentication successful\r\n");
    client.output.until("201 Build connection successful\r\n");
    client.type_line("/lits");
    client.output.until("\n401 Unrecognized message\r\n");
    client.type_line("/exit");
    let seen = client.output.until("restored");
    assert!(seen.contains("\n310 Bye bye\r\n"), "{seen:?}");
    let all = client.output.all();
    assert!(
        !all.contains("Commands:") && !all.contains("\x1b["),
        "{all:?}"
    );
    assert!(!all.contains(&password("jacky")), "{all:?}");
}

#[test]
fn the_terminal_is_itself_again_when_the_server_vanishes() {
    for names in [&["jacky"][..], &[]] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut client = start_under_shell(listener.local_addr().expect("an address"), "");
        let (la, _) = listener.accept().expect("a client");
        client.output.until("user name:");
        for name in names {
            client.type_line(name);
            client.output.until("password:");
        }
        drop(la);
        client.output.until("\r\nclient: the server is gone");
        client.output.until("status 1.");
        client.output.until("restored");
    }
}

#[test]
fn the_terminal_is_itself_again_after_signals() {
    let server = start_server();
    for (signal, status) in [("TERM", "143"), ("KILL", "137")] {
        let mut client = start_under_shell(server, "");
        client.output.until("number ");
        let number = client.output.until(".").replace('.', "");
        client.output.until("user name:");
        client.type_line("jacky");
        client.output.until("password:");
        let kill = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {number}")])
            .status();
        assert!(kill.expect("a shell").success());
        client.output.until(&format!("status {status}."));
        client.output.until("restored");
    }
}

#[test]
fn replies_and_messages_are_coloured_and_numbers_stay() {
    let server = start_server();
    let mut bob = user(server, "bob");
    let mut client = start(server, 80, COLOURS);
    let seen = log_in(&mut client, "jacky");
    assert!(
        seen.contains("\x1b[1;32m101\x1b[0m\x1b[32m Authentication successful\x1b[0m\r\n"),
        "{seen:?}"
    );
    client.type_line("/to nobody hi");
    client
        .output
        .until("\x1b[1;31m304\x1b[0m\x1b[31m Message delivery failed\x1b[0m\r\n");
    for command in ["/to jacky hi", "/toall hi"] {
        bob.la.say(command);
        client.output.until("\x1b[2m[");
        let time = client.output.until("]\x1b[0m ");
        assert!(is_time(&time[..5]), "{time:?}");
        let name = client.output.until(": hi\r\n");
        assert!(name.contains("bob\x1b[0m"), "{name:?}");
        assert_eq!(name.contains("(to all)"), command == "/toall hi");
        bob.la.expect("303 Message delivery successful");
    }
}

#[test]
fn no_colour_where_it_is_not_wanted() {
    let server = start_server();
    let mut bob = user(server, "bob");
    for environment in [NO_COLOURS, DUMB] {
        let mut client = start(server, 80, environment);
        log_in(&mut client, "jacky");
        client.type_line("/lits");
        client.output.until("401 Unrecognized message\r\n");
        send(&mut bob, "/to jacky hi");
        client.output.until("] bob: hi\r\n");
        client.type_line("/exit");
        client.output.until("310 Bye bye\r\n");
        assert_eq!(client.status(), 0);
        let all = client.output.all();
        assert!(!all.contains("m401") && !all.contains("\x1b[0m"), "{all:?}");
    }
}

#[test]
fn after_a_401_the_commands_are_named() {
    let server = start_server();
    for environment in [COLOURS, NO_COLOURS, DUMB] {
        let mut client = start(server, 80, environment);
        client.output.until("user name:");
        client.type_line("two words");
        client.output.until("password:");
        client.type_line("x");
        client.output.until("Unrecognized message");
        client.output.until("one word each");
        log_in(&mut client, "jacky");
        client.type_line("/lits");
        client.output.until("Unrecognized message");
        client
            .output
            .until("Commands: /list, /to NAME TEXT, /toall TEXT, /exit");
        client.type_line("/exit");
        client.output.until("Bye bye");
        assert_eq!(client.status(), 0);
    }
}

#[test]
fn a_half_typed_line_survives_a_message_and_is_sent_whole() {
    let server = start_server();
    let mut bob = user(server, "bob");
    for environment in [COLOURS, DUMB] {
        let mut client = start(server, 40, environment);
        log_in(&mut client, "jacky");
        client.type_bytes("/to bob this is ");
        send(&mut bob, "/to jacky wait");
        client.output.until(": wait\r\n");
        client.type_bytes("sent whole, 漢字\n");
        bob.receive("/from jacky this is sent whole, 漢字");
        client.output.until("Message delivery successful");
        client.type_line("/exit");
        client.output.until("Bye bye");
        assert_eq!(client.status(), 0);
    }
}

#[test]
fn a_reader_who_goes_away_is_no_panic() {
    let server = start_server();
    let mut client = start_under_shell(server, "| { head -n 1; exec <&-; echo gone >&2; }");
    client.type_line("jacky");
    client.type_line("wrong");
    client.output.until("gone");
    client.type_line("jacky");
    let seen = client.output.until("restored");
    assert!(!seen.contains("panic"), "{seen:?}");
}

/// What is drawn by this program itself.
#[cfg(not(feature = "line-editor"))]
mod drawn {
    use super::*;

    #[test]
    fn a_half_typed_line_stands_below_the_message() {
        let server = start_server();
        let mut bob = user(server, "bob");
        let mut client = start(server, 80, NO_COLOURS);
        log_in(&mut client, "jacky");
        client.type_bytes("/to bob hel");
        client.output.until("/to bob hel");
        send(&mut bob, "/to jacky wait");
        let seen = client.output.until("/to bob hel");
        assert!(seen.starts_with("\r\x1b[J["), "{seen:?}");
        assert!(seen.ends_with("] bob: wait\r\n/to bob hel"), "{seen:?}");
        client.type_bytes("lo\n");
        client.output.until("lo\r\n");
        bob.receive("/from jacky hello");
        client.output.until("303 Message delivery successful\r\n");
    }

    #[test]
    fn all_rows_of_a_long_line_are_taken_away_and_put_back() {
        let server = start_server();
        let mut bob = user(server, "bob");
        let mut client = start(server, 40, NO_COLOURS);
        log_in(&mut client, "jacky");
        let line = format!("/to bob {}", "漢字".repeat(20)); // 8 columns and 80
        client.type_bytes(&line);
        client.output.until(&line);
        send(&mut bob, "/to jacky wait");
        client.output.until("\r\x1b[2A\x1b[J[");
        client.output.until(&format!("] bob: wait\r\n{line}"));
        client.type_bytes("\x7f\x7f");
        client.output.until("\r\x1b[2A\x1b[J");
        client.output.until("\r\x1b[2A\x1b[J");
        client.output.until(&line[..line.len() - 6]);
        client.type_bytes("\n");
        bob.receive(&format!("/from jacky {}", "漢字".repeat(19)));
    }

    #[test]
    fn words_and_lines_can_be_erased() {
        let server = start_server();
        let mut bob = user(server, "bob");
        let mut client = start(server, 80, NO_COLOURS);
        log_in(&mut client, "jacky");
        client.type_bytes("nonsense\x15/to bob one two\x17\x1b[Dthree\x04\n");
        bob.receive("/from jacky one three");
        client.output.until("303");
        client.type_bytes("\x04");
        client.output.until("310 Bye bye\r\n");
        assert_eq!(client.status(), 0);
    }

    #[test]
    fn what_is_typed_ahead_is_shown_when_it_is_asked_for() {
        let server = start_server();
        let mut client = start(server, 80, NO_COLOURS);
        log_in(&mut client, "jacky");
        client.type_bytes("/list\n/lits\n/exit\n");
        client
            .output
            .until("/list\r\n301 jacky\r\n/lits\r\n401 Unrecognized message\r\n");
        client.output.until("\r\n/exit\r\n310 Bye bye\r\n");
        assert_eq!(client.status(), 0);
    }

    #[test]
    fn ctrl_c_works_while_the_server_is_silent() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut client = start_under_shell(listener.local_addr().expect("an address"), "");
        let (la, _) = listener.accept().expect("a client");
        let mut la = Peer::over(la);
        client.output.until("user name:");
        client.type_line("jacky");
        client.output.until("password:");
        client.type_line("12345");
        la.expect("/login jacky 12345");
        // Past whatever has been typed ahead.
        client.type_bytes("x".repeat(2000));
        client.type_bytes("\x03");
        client.output.until("status 130.");
        client.output.until("restored");
    }

    #[test]
    fn without_stty_there_is_still_a_client() {
        let server = start_server();
        let environment = [
            ("TERM", "xterm"),
            ("NO_COLOR", "1"),
            ("PATH", "/nonexistent"),
        ];
        let mut client = start(server, 80, &environment);
        log_in(&mut client, "jacky");
        client.type_line("/exit");
        client.output.until("310 Bye bye\r\n");
        assert_eq!(client.status(), 0);
    }
}

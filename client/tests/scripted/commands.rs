//! What is typed goes out as it is, and what comes back is shown as it is.

use std::time::Duration;

use crate::{DELIVERED, leave, online, tell};

const UNRECOGNIZED: &str = "401 Unrecognized message";

#[test]
fn right_or_wrong_as_typed() {
    let (mut program, mut client) = online(&[]);
    for (command, reply) in [
        ("/list", "301 jacky"),
        ("/to bob Hello!", DELIVERED),
        ("/to bob  two  spaces ", DELIVERED),
        ("/toall ünïcode 漢字 😀", "304 Message delivery failed"),
        ("/toall /exit", DELIVERED),
        ("", UNRECOGNIZED),
        (" ", UNRECOGNIZED),
        (" /list ", UNRECOGNIZED),
        ("/LIST", UNRECOGNIZED),
        ("/exit now", UNRECOGNIZED),
        ("/to", UNRECOGNIZED),
        ("/login bob 23456", UNRECOGNIZED),
        ("/port 1", UNRECOGNIZED),
        ("/from bob hi", UNRECOGNIZED),
        ("302 Message receipt successful", UNRECOGNIZED),
        ("hello", UNRECOGNIZED),
        (r"back\slash \n", UNRECOGNIZED),
        ("/exit", UNRECOGNIZED),
    ] {
        tell(&mut program, &mut client, command, reply);
    }
    leave(program, client);
}

#[test]
fn byte_for_byte() {
    let long = [b"/toall ", &[b'x'; 20_000][..], b"\n"].concat();
    let (mut program, mut client) = online(&[]);
    for (typed, sent) in [
        (&b"/list\r\n"[..], &b"/list\n"[..]),
        (b"/list\r\r\n", b"/list\r\n"),
        (b"/list \t\n", b"/list \t\n"),
        (
            b"/to bob a\rb\x1b[2J\x00\x7f\n",
            b"/to bob a\rb\x1b[2J\x00\x7f\n",
        ),
        (b"/to bob \xff\xfe\xc3\n", b"/to bob \xff\xfe\xc3\n"),
        (&long, &long),
    ] {
        program.type_bytes(typed);
        client.la.expect_bytes(sent);
        client.la.say("401 Unrecognized message");
        program.output.until("\n401 Unrecognized message\n");
    }
    leave(program, client);
}

#[test]
fn every_reply_is_shown_as_it_came() {
    let (mut program, mut client) = online(&[]);
    let long = format!("301 {}", "somebody ".repeat(200_000 / 9));
    for reply in [
        "303 Message delivery success",
        "303",
        "303  two  spaces ",
        "301 jacky bob michael",
        "301 müller 漢字",
        "101 Authentication successful",
        "201 Build connection successful",
        "202 Build connection failed",
        "302 Message receipt successful",
        "999 no such code",
        "31 Bye bye",
        "3100 Bye bye",
        "310x",
        "no code at all",
        "/from bob not here",
        "",
        &long,
    ] {
        tell(&mut program, &mut client, "/toall hi", reply);
    }
    leave(program, client);
}

/// It is over the limit of the client, which is above all that our server says.
#[test]
fn a_reply_that_is_too_long_is_reported_and_nobody_waits_for_it() {
    let (mut program, mut client) = online(&[]);
    let long = "x".repeat((1 << 20) + 5_000);
    program.type_line("/list");
    client.la.expect("/list");
    client.la.say(&long);
    let report = "client: a reply cannot be shown: a line of more than 1048576 bytes\n";
    program.errors.expect(report);
    program.output.expect("/list\n");
    tell(&mut program, &mut client, "/toall hi", DELIVERED);
    client.la.say(&long); // nobody asked
    program.errors.expect(report);
    leave(program, client);
}

#[test]
fn no_reply_drives_the_terminal() {
    let (mut program, mut client) = online(&[]);
    for (reply, shown) in [
        (
            &b"303 \x1b[2J\x1b]0;title\x07"[..],
            r"303 \u{1b}[2J\u{1b}]0;title\u{7}",
        ),
        (b"303 a\rb\tc\x08\x7f\x00", r"303 a\rb\tc\u{8}\u{7f}\u{0}"),
        ("303 \u{9b}31m\u{85}".as_bytes(), r"303 \u{9b}31m\u{85}"),
        (
            "301 \u{202e}bob\u{2066}".as_bytes(),
            r"301 \u{202e}bob\u{2066}",
        ),
        (b"303 \x9b31m", "303 \u{fffd}31m"),
        (b"\xff\xfe", "\u{fffd}\u{fffd}"),
    ] {
        program.type_line("/list");
        client.la.expect("/list");
        client.la.send([reply, b"\n"].concat());
        program.output.expect(&format!("/list\n{shown}\n"));
    }
    leave(program, client);
}

#[test]
fn a_reply_in_pieces_and_two_in_one() {
    let (mut program, mut client) = online(&[]);
    program.type_line("/list");
    client.la.expect("/list");
    for byte in b"301 jacky bob\r\n" {
        client.la.send([*byte]);
    }
    program.output.expect("/list\n301 jacky bob\n");
    program.type_line("/list");
    client.la.expect("/list");
    client.la.send("301 jacky\n401 nobody asked\n");
    program
        .output
        .expect("/list\n301 jacky\n401 nobody asked\n");
    leave(program, client);
}

#[test]
fn what_is_typed_ahead_waits_for_its_turn() {
    let (mut program, mut client) = online(&[]);
    program.type_bytes("/list\n/to bob hi\n/exit\n");
    client.la.expect("/list");
    client.la.expect_silence(Duration::from_millis(50));
    program.output.expect("/list\n");
    client.la.say("301 jacky");
    client.la.expect("/to bob hi");
    client.la.expect_silence(Duration::from_millis(50));
    program.output.expect("301 jacky\n/to bob hi\n");
    client.la.say(DELIVERED);
    client.la.expect("/exit");
    program.output.expect(&format!("{DELIVERED}\n/exit\n"));
    client.la.say("310 Bye bye");
    program.output.expect("310 Bye bye\n");
    assert_eq!(program.status(), 0);
    program.output.expect_end();
}

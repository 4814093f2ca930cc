//! Lb: each chat message is shown and then acknowledged, whatever else goes on.

use std::time::Duration;

use crate::{DELIVERED, leave, online, tell};

const RECEIPT: &str = "302 Message receipt successful\n";

#[test]
fn shown_with_sender_and_text_as_sent() {
    let (mut program, mut client) = online(&[]);
    for (delivery, shown) in [
        ("/from bob hi", "bob: hi"),
        ("/broadcastfrom bob hi", "bob (to all): hi"),
        ("/from bob  two  spaces ", "bob:  two  spaces "),
        ("/from bob  ", "bob:  "),
        ("/from müller ünïcode 漢字 😀", "müller: ünïcode 漢字 😀"),
        ("/from bob /exit", "bob: /exit"),
        ("/from bob 310 Bye bye", "bob: 310 Bye bye"),
        (
            "/broadcastfrom bob /from michael hi",
            "bob (to all): /from michael hi",
        ),
        (r"/from bob C:\new \u{1b}", r"bob: C:\new \u{1b}"),
    ] {
        client.lb.say(delivery);
        client.lb.expect_bytes(RECEIPT);
        program.output.expect(&format!("[HH:MM] {shown}\n"));
    }
    leave(program, client);
}

#[test]
fn acknowledged_while_a_command_waits_for_its_reply() {
    let (mut program, mut client) = online(&[]);
    program.type_line("/toall hi");
    client.la.expect("/toall hi");
    client.deliver("/from bob one");
    client.deliver("/broadcastfrom michael two");
    client.la.say(DELIVERED);
    program.output.expect(&format!(
        "/toall hi\n[HH:MM] bob: one\n[HH:MM] michael (to all): two\n{DELIVERED}\n"
    ));
    leave(program, client);
}

#[test]
fn two_in_one_segment_get_two_receipts() {
    let (mut program, mut client) = online(&[]);
    client.lb.send("/from bob one\n/from michael two\n");
    client.lb.expect_bytes(RECEIPT.repeat(2));
    client.lb.send("/from bob x\r\n".repeat(100));
    client.lb.expect_bytes(RECEIPT.repeat(100));
    program
        .output
        .expect("[HH:MM] bob: one\n[HH:MM] michael: two\n");
    program.output.expect(&"[HH:MM] bob: x\n".repeat(100));
    leave(program, client);
}

#[test]
fn in_pieces_it_is_one_message() {
    let (mut program, mut client) = online(&[]);
    for byte in b"/from bob in pi" {
        client.lb.send([*byte]);
    }
    client.lb.expect_silence(Duration::from_millis(50));
    client.lb.send("eces\n/from b");
    client.lb.expect_bytes(RECEIPT);
    client.lb.expect_silence(Duration::from_millis(50));
    client.lb.send("ob and again\n");
    client.lb.expect_bytes(RECEIPT);
    program
        .output
        .expect("[HH:MM] bob: in pieces\n[HH:MM] bob: and again\n");
    leave(program, client);
}

#[test]
fn long_ones_too() {
    let (mut program, mut client) = online(&[]);
    let text = "x".repeat(100_000);
    client.deliver(&format!("/from bob {text}"));
    program.output.expect(&format!("[HH:MM] bob: {text}\n"));
    leave(program, client);
}

/// A receipt too many would stand on Lb before the end that [`leave`] waits for.
#[test]
fn what_is_no_delivery_is_reported_and_not_acknowledged() {
    let (mut program, mut client) = online(&[]);
    for line in [
        &b""[..],
        b" ",
        b"hello",
        b"/from",
        b"/from ",
        b"/from bob",
        b"/from bob ",
        b"/from  bob hi",
        b" /from bob hi",
        b"/FROM bob hi",
        b"/from\tbob\thi",
        b"/fromage bob hi",
        b"/broadcastfrom",
        b"/broadcastfrom bob",
        b"/broadcast bob hi",
        b"/to jacky hi",
        b"303 Message delivery successful",
        b"310 Bye bye",
        b"/from bob \xff\xfe",
        b"/from b\xc3 hi",
        b"\x1b[2J\xc2\x9b31m \xe2\x80\xae",
    ] {
        client.lb.send([line, b"\n"].concat());
        let report = program.errors.until("\n");
        let report = report.trim_end();
        assert!(!report.is_empty(), "{line:?}");
        assert!(
            report.chars().all(|c| c.is_ascii() && !c.is_control()),
            "{report:?}"
        );
        client.deliver("/from bob hi");
        program.output.expect("[HH:MM] bob: hi\n");
    }
    leave(program, client);
}

#[test]
fn no_byte_drives_the_terminal() {
    let (mut program, mut client) = online(&[]);
    for (raw, harmless) in [
        ("\x1b[2J\x1b]0;title\x07", r"\u{1b}[2J\u{1b}]0;title\u{7}"),
        (
            "\x00\x08\x0b\x0c\x0e\x7f",
            r"\u{0}\u{8}\u{b}\u{c}\u{e}\u{7f}",
        ),
        ("\u{9b}31m\u{85}\u{90}", r"\u{9b}31m\u{85}\u{90}"),
        (
            "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}",
            r"\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}",
        ),
        (
            "\u{2066}\u{2067}\u{2068}\u{2069}",
            r"\u{2066}\u{2067}\u{2068}\u{2069}",
        ),
        ("\u{61c}\u{200e}\u{200f}", r"\u{61c}\u{200e}\u{200f}"),
        ("\u{2028}\u{2029}", r"\u{2028}\u{2029}"),
        ("over\rwritten\tx", r"over\rwritten\tx"),
    ] {
        client.deliver(&format!("/from bob <{raw}>"));
        program
            .output
            .expect(&format!("[HH:MM] bob: <{harmless}>\n"));
        client.deliver(&format!("/broadcastfrom b{raw}b hi"));
        program
            .output
            .expect(&format!("[HH:MM] b{harmless}b (to all): hi\n"));
    }
    leave(program, client);
}

#[test]
fn between_commands_and_replies_in_the_order_of_events() {
    let (mut program, mut client) = online(&[]);
    client.deliver("/from bob one");
    program.output.expect("[HH:MM] bob: one\n");
    tell(&mut program, &mut client, "/list", "301 jacky bob");
    client.deliver("/from bob two");
    program.output.expect("[HH:MM] bob: two\n");
    tell(&mut program, &mut client, "/to jacky three", DELIVERED);
    leave(program, client);
}

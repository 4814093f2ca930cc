//! `cargo +nightly fuzz run lines`: whatever comes on either connection, cut into lines in whatever
//! pieces, each line read as everything it could be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{Command, Delivery, LineError, LineReader, MAX_LINE, Printable, Reply};

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let mut lines = LineReader::new(MAX_LINE);
    for mut piece in bytes.chunks(usize::from(piece) + 1) {
        while !piece.is_empty() {
            lines.fill(&mut piece).expect("a slice can be read");
            loop {
                match lines.take_line() {
                    Ok(Some(line)) => look_at(line),
                    Ok(None) => break,
                    Err(LineError::TooLong(_) | LineError::Endless(_)) => {}
                    Err(LineError::Io(error)) => panic!("{error}"),
                }
            }
        }
    }
});

fn look_at(line: &[u8]) {
    assert!(line.len() <= MAX_LINE && !line.contains(&b'\n'));
    let Ok(line) = str::from_utf8(line) else { return };
    match Command::parse(line) {
        Err(_) | Ok(Command::Port(_)) => {} // a port may have leading zeros
        Ok(command) => assert_eq!(command.to_string(), line),
    }
    if let Ok(delivery) = Delivery::parse(line) {
        assert_eq!(delivery.to_string(), line);
    }
    if let Ok(reply) = Reply::parse(line) {
        assert!(line.starts_with(&format!("{:03}", reply.code())));
    }
    assert!(!Printable(line).to_string().chars().any(char::is_control));
}

//! One login's Lb: mostly acknowledges, and now and then breaks in one of the ways there are.

use std::{thread, time::Duration};

use rand::RngExt;
use testkit::Peer;

use crate::book::Book;

const RECEIPT: &str = "302 Message receipt successful\n";

/// How many deliveries out of a thousand are answered wrongly.
const FAULTS: u32 = 4;

/// Answers until Lb ends, or this receiver has broken it.
pub(crate) fn answer(mut lb: Peer, login: u64, book: &Book) {
    let mut random = rand::rng();
    while let Some(line) = lb.next_line(Duration::from_secs(60)) {
        let number = line
            .rsplit(' ')
            .next()
            .and_then(|number| number.parse().ok());
        let number = number.unwrap_or_else(|| panic!("not a message of ours: {line:?}"));
        let fault = random.random_range(0..1000) < FAULTS;
        book.received(number, login, !fault);
        let sent = match fault.then(|| random.random_range(0..8)) {
            None => lb.try_send(RECEIPT),
            Some(0) => return, // closes
            Some(1) => return lb.reset(),
            Some(2) => lb.try_send("401 Unrecognized message\n"),
            Some(3) => lb.try_send(format!("{RECEIPT}{RECEIPT}")),
            Some(4) => lb.try_send("what?\n"),
            Some(5) => lb.try_send(RECEIPT.trim_end()), // never whole
            Some(6) => drip(&mut lb),
            Some(_) => Ok(()), // silent
        };
        if sent.is_err() {
            return;
        }
    }
}

/// A byte now and then, for longer than the server waits.
fn drip(lb: &mut Peer) -> std::io::Result<()> {
    for byte in RECEIPT.bytes() {
        lb.try_send([byte])?;
        thread::sleep(Duration::from_millis(30));
    }
    Ok(())
}

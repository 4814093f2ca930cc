//! Many receivers on one thread: the clients' work must be small beside the server's.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, EventData, EventFlags},
};

use crate::client::RECEIPT;

/// Acknowledges what comes on one connection until it ends.
pub(crate) fn acknowledge(mut lb: &TcpStream) {
    let mut line = [0; 512];
    while lb.read(&mut line).is_ok_and(|count| count > 0) && lb.write_all(RECEIPT).is_ok() {}
}

/// Acknowledges what comes on any of these, for ever. What ends is left alone from then on.
pub(crate) fn acknowledge_all(lbs: &[TcpStream]) {
    let epoll = epoll::create(CreateFlags::CLOEXEC).expect("epoll");
    for (number, lb) in (0..).zip(lbs) {
        epoll::add(&epoll, lb, EventData::new_u64(number), EventFlags::IN).expect("one more");
    }
    let mut events = Vec::with_capacity(1024);
    let mut line = [0; 512];
    loop {
        events.clear();
        epoll::wait(&epoll, spare_capacity(&mut events), None).expect("events");
        for event in &events {
            let number = usize::try_from(event.data.u64()).expect("a small number");
            let mut lb = &lbs[number];
            let came = lb.read(&mut line).is_ok_and(|count| count > 0);
            if !came || lb.write_all(RECEIPT).is_err() {
                let _ = epoll::delete(&epoll, lb);
            }
        }
    }
}

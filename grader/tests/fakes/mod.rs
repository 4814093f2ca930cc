//! A small correct server and a small correct client, each of which can have one fault.

pub(crate) mod client;
pub(crate) mod extended;
pub(crate) mod server;

use std::{
    io::{ErrorKind, Read},
    net::TcpStream,
    time::{Duration, Instant},
};

/// Cuts what comes into lines, or with a fault takes each piece for a line.
pub(crate) struct Lines {
    buffer: Vec<u8>,
    piece_is_line: bool,
}

pub(crate) enum Got {
    Line(Vec<u8>),
    TooLong,
    End,
    TimedOut,
}

impl Lines {
    pub(crate) fn new(piece_is_line: bool) -> Self {
        Self {
            buffer: Vec::new(),
            piece_is_line,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    pub(crate) fn next(
        &mut self,
        mut stream: &TcpStream,
        limit: usize,
        deadline: Option<Instant>,
    ) -> Got {
        let mut skipping = false;
        loop {
            if let Some(at) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=at).collect();
                line.pop();
                if skipping || line.len() > limit {
                    return Got::TooLong;
                }
                return Got::Line(line);
            }
            if self.buffer.len() > limit + 1 {
                self.buffer.clear();
                skipping = true;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Got::TimedOut;
            }
            stream.set_read_timeout(left).unwrap();
            let mut piece = [0; 4096];
            match stream.read(&mut piece) {
                Ok(0) => return Got::End,
                Ok(count) if self.piece_is_line => {
                    return Got::Line(piece[..count].trim_ascii_end().to_vec());
                }
                Ok(count) => self.buffer.extend_from_slice(&piece[..count]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Got::TimedOut;
                }
                Err(_) => return Got::End,
            }
        }
    }
}

//! Raw connections: what a stranger's program would send and see.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use socket2::{Domain, SockRef, Socket, Type};

use crate::PATIENCE;

/// One raw connection.
#[derive(Debug)]
pub struct Peer {
    stream: TcpStream,
    /// What came and was not yet asked for.
    pending: Vec<u8>,
}

impl Peer {
    /// Dials.
    pub fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect_timeout(&address, PATIENCE).expect("connecting"))
    }

    /// Dials from another address of this machine, say 127.0.0.2.
    pub fn connect_from(own: SocketAddr, address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(own), Type::STREAM, None)?;
        socket.bind(&own.into())?;
        socket.connect_timeout(&address.into(), PATIENCE)?;
        Ok(Self::over(socket.into()))
    }

    /// Dials with a receive buffer as small as the system allows.
    pub fn connect_narrow(address: SocketAddr) -> Self {
        let socket =
            Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(1).expect("a small buffer");
        socket
            .connect_timeout(&address.into(), PATIENCE)
            .expect("connecting");
        Self::over(socket.into())
    }

    /// Takes over a connection.
    pub fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("no delay");
        Self {
            stream,
            pending: Vec::new(),
        }
    }

    /// The connection itself.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends a line.
    pub fn say(&mut self, line: &str) {
        self.send(format!("{line}\n"));
    }

    /// Sends bytes in one piece.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("sending");
    }

    /// Sends bytes in one piece, if the other side lets us.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.set_write_timeout(Some(PATIENCE))?;
        self.stream.write_all(bytes.as_ref())
    }

    /// Sends a command, and returns the reply.
    pub fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.line()
    }

    /// The next line, without its end.
    pub fn line(&mut self) -> String {
        match self.next_line(PATIENCE) {
            Some(line) => line,
            None => panic!(
                "closed or silent where a line was expected; before that: {:?}",
                self.text()
            ),
        }
    }

    /// The next line must be this one.
    #[track_caller]
    pub fn expect(&mut self, line: &str) {
        assert_eq!(self.line(), line);
    }

    /// The next bytes must be these, text or not.
    #[track_caller]
    pub fn expect_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let deadline = Instant::now() + PATIENCE;
        while self.pending.len() < bytes.len() && self.fill(deadline) {}
        let come = &self.pending[..self.pending.len().min(bytes.len())];
        assert!(
            come == bytes,
            "expected {:?}, came {:?}",
            bytes.escape_ascii().to_string(),
            come.escape_ascii().to_string(),
        );
        self.pending.drain(..bytes.len());
    }

    /// Nothing but the end must come. A reset is an end too.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let rest = self.rest();
        assert_eq!(String::from_utf8_lossy(&rest), "", "came before the end");
    }

    /// Nothing must come for this long.
    #[track_caller]
    pub fn expect_silence(&mut self, time: Duration) {
        let line = self.next_line(time);
        assert_eq!(line, None, "came instead of silence; and {:?}", self.text());
        self.stream.set_nonblocking(true).expect("a setting");
        let read = self.stream.read(&mut [0]);
        self.stream.set_nonblocking(false).expect("a setting");
        assert!(
            read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
            "ended instead of silence"
        );
    }

    /// All that comes until the end.
    pub fn rest(&mut self) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        while self.fill(deadline) {}
        assert!(
            Instant::now() < deadline,
            "no end; so far {:?}",
            self.text()
        );
        std::mem::take(&mut self.pending)
    }

    /// Says that nothing more will be sent.
    pub fn half_close(&self) {
        self.stream.shutdown(Shutdown::Write).expect("half-closing");
    }

    /// Closes with a reset instead of an orderly end.
    pub fn reset(self) {
        SockRef::from(&self.stream)
            .set_linger(Some(Duration::ZERO))
            .expect("lingering");
    }

    /// The next line, or `None` at the end of the connection or of the time.
    pub fn next_line(&mut self, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                return Some(String::from_utf8(line[..end].to_vec()).expect("UTF-8"));
            }
            if !self.fill(deadline) {
                return None;
            }
        }
    }

    /// Reads once; false at the end of the connection or of the time.
    fn fill(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        self.stream
            .set_read_timeout(Some(left))
            .expect("a time-out");
        let mut piece = [0; 16_384];
        match self.stream.read(&mut piece) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.pending.extend_from_slice(&piece[..count]);
                true
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.pending).into_owned()
    }
}

/// A client's listener for Lb.
#[derive(Debug)]
pub struct Lb(TcpListener);

impl Lb {
    /// Listens at a free port of 127.0.0.1.
    pub fn listen() -> Self {
        Self(TcpListener::bind(("127.0.0.1", 0)).expect("a port"))
    }

    /// Listens with a receive buffer as small as the system allows.
    pub fn listen_narrow() -> Self {
        Self::listen_with(|socket| {
            socket.set_recv_buffer_size(1)?;
            socket.listen(1)
        })
    }

    /// Listens, but has its queue so full that whoever dials waits in vain.
    pub fn listen_full() -> (Self, Vec<TcpStream>) {
        let full = Self::listen_with(|socket| socket.listen(0));
        let address = full.0.local_addr().expect("an address");
        let dial = || TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
        let queued = std::iter::from_fn(dial).collect();
        (full, queued)
    }

    fn listen_with(listen: impl FnOnce(&Socket) -> io::Result<()>) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket
            .bind(&any.into())
            .and_then(|()| listen(&socket))
            .expect("a port");
        Self(socket.into())
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }

    /// The connection that the server makes.
    #[track_caller]
    pub fn accept(&self) -> Peer {
        accept(&self.0)
    }

    /// Whether somebody has dialled and not been accepted.
    pub fn was_dialled(&self) -> bool {
        self.0.set_nonblocking(true).expect("a setting");
        self.0.accept().is_ok()
    }
}

/// The next connection that somebody makes.
#[track_caller]
pub(crate) fn accept(listener: &TcpListener) -> Peer {
    listener.set_nonblocking(true).expect("a setting");
    let deadline = Instant::now() + PATIENCE;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).expect("a setting");
                return Peer::over(stream);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(error) => panic!("nobody dialled: {error}"),
        }
    }
}

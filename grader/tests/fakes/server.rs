//! A server in a few lines: correct, or with one fault.

use std::{
    io::{self, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use grader::ACCOUNTS;

use super::{Got, Lines, extended};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The code is right, the words are not.
    WrongPhrase(u16),
    AnyPassword,
    AnyUser,
    HangsUpAfter102,
    NeverDials,
    DialsItself,
    OneAtATime,
    ListWithoutSelf,
    ListOnlySelf,
    FailedLoginListed,
    StaysListed,
    NoSenderName,
    EarlySuccess,
    ToGoesToAll,
    OfflineIsSuccess,
    OfflineIs401,
    FirstWordOnly,
    NoBroadcast,
    BroadcastToSender,
    NoBye,
    OpenAfterBye,
    NameNotFreed,
    IgnoresUnknown,
    NoTextIsFine,
    KeywordIsPrefix,
    /// Does not wait for its turn on Lb.
    NoTurns,
    OneTurnForAll,
    /// Does not wait for its turn, but gives up.
    BusyIsFailure,
    /// Of a broadcast, that is.
    OneReceiptIsEnough,
    /// Takes its own Lb's turn, too, and then waits for the receiver's.
    Deadlock,
    AnyReceipt,
    PieceIsLine,
    DiesOfBytes,
    DiesOfLongLine,
    DiesOfHangup,
    DiesOfBrokenSender,
    /// Who leaves without /exit stays online.
    ForgetsNobody,
    EndIsReceipt,
    BroadcastStopsAtFailure,
    FewPlaces,
    ListSorted,
    SecondLogin,
    MalformedIs102,
    NoLoginNeeded,
    ListedAfter201,
    AnyPort,
    OnePort,
    NotToOneself,
    AloneIs304,
    OneByOne,
    TrimsText,
    AnyCase,
    KeepsCarriageReturn,
    LossyText,
    LongLineEnds,
    ReceiptWordForWord,
    WaitsForEver,
    KeepsSilentLink,
    AheadCounts,
    TwiceCounts,
    FreedLater,
    /// In extended mode.
    Extended(extended::Fault),
}

const TIMEOUT: Duration = Duration::from_secs(1);

/// Runs until it is dropped.
pub(crate) struct FakeServer {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    fault: Fault,
    pub(super) world: extended::World,
    /// For a thread of its own.
    pub(super) this: Weak<Shared>,
    pub(super) users: Mutex<Vec<Arc<User>>>,
    sockets: Mutex<Vec<Arc<TcpStream>>>,
    turn_for_all: Mutex<()>,
    clients: AtomicUsize,
    dead: AtomicBool,
}

pub(super) struct User {
    pub(super) name: String,
    pub(super) mode: extended::Mode,
    la: Arc<TcpStream>,
    lb: Mutex<Option<(TcpStream, Lines)>>,
    /// Another handle of Lb, to close it and for those who do not wait for their turn.
    pub(super) lb_now: Mutex<Option<TcpStream>>,
    /// Taken in vain by a fault.
    extra: Mutex<()>,
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.shared.die();
        let _ = TcpStream::connect(self.address);
    }
}

impl FakeServer {
    pub(crate) fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new_cyclic(|this| Shared {
            fault,
            world: extended::World::default(),
            this: Weak::clone(this),
            users: Mutex::default(),
            sockets: Mutex::default(),
            turn_for_all: Mutex::default(),
            clients: AtomicUsize::new(0),
            dead: AtomicBool::new(false),
        });
        let server = Self {
            address,
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            for la in listener.incoming() {
                let la = Arc::new(la.unwrap());
                if shared.dead.load(Ordering::Relaxed) {
                    return;
                }
                if fault == Fault::FewPlaces && shared.clients.fetch_add(1, Ordering::Relaxed) >= 10
                {
                    continue;
                }
                la.set_nodelay(true).unwrap();
                shared.sockets.lock().unwrap().push(Arc::clone(&la));
                let shared = Arc::clone(&shared);
                let session = move || Session::new(&shared, la).run();
                if fault == Fault::OneAtATime {
                    session();
                } else {
                    thread::spawn(session);
                }
            }
        });
        server
    }
}

impl Shared {
    pub(super) fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn die(&self) {
        self.dead.store(true, Ordering::Relaxed);
        for socket in self.sockets.lock().unwrap().iter() {
            let _ = socket.shutdown(Shutdown::Both);
        }
        for user in self.users.lock().unwrap().iter() {
            user.close();
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<User>> {
        let users = self.users.lock().unwrap();
        users.iter().find(|user| user.name == name).cloned()
    }

    fn remove(&self, user: &Arc<User>) {
        let mut users = self.users.lock().unwrap();
        let before = users.len();
        users.retain(|other| !Arc::ptr_eq(user, other));
        let left = users.len() < before;
        drop(users);
        user.close();
        if left {
            self.notice(user, "left");
        }
    }

    /// Sends a message and waits for its receipt.
    pub(super) fn deliver(&self, to: &Arc<User>, line: &str) -> bool {
        if self.is(Fault::NoTurns) {
            let lb = to.lb_now.lock().unwrap();
            let _ = lb.as_ref().unwrap().write_all(line.as_bytes());
        }
        let _all = self
            .is(Fault::OneTurnForAll)
            .then(|| self.turn_for_all.lock().unwrap());
        if self.is(Fault::BusyIsFailure) && to.lb.try_lock().is_err() {
            return false;
        }
        let mut link = to.lb.lock().unwrap();
        let Some((mut stream, mut lines)) = link.take() else {
            return false;
        };
        if self.is(Fault::EarlySuccess) {
            let _ = stream.write_all(line.as_bytes());
            *link = Some((stream, lines));
            return true;
        }
        stream.set_nonblocking(true).unwrap();
        let ahead = stream.peek(&mut [0]);
        stream.set_nonblocking(false).unwrap();
        let ahead_counts = self.is(Fault::AheadCounts) || self.is(Fault::KeepsSilentLink);
        let spoilt = match &ahead {
            Ok(0) => !self.is(Fault::EndIsReceipt),
            Ok(_) => !ahead_counts && !self.is(Fault::NoTurns),
            Err(error) => {
                error.kind() != io::ErrorKind::WouldBlock && !self.is(Fault::EndIsReceipt)
            }
        };
        if spoilt {
            self.remove(to);
            return false;
        }
        if !self.is(Fault::NoTurns) {
            let _ = stream.write_all(line.as_bytes());
        }
        let deadline = (!self.is(Fault::WaitsForEver)).then(|| Instant::now() + TIMEOUT);
        let receipt = match lines.next(&stream, 8192, deadline) {
            Got::Line(receipt) => receipt,
            Got::End if self.is(Fault::EndIsReceipt) => return true,
            Got::TimedOut if self.is(Fault::KeepsSilentLink) => {
                *link = Some((stream, lines));
                return false;
            }
            _ => {
                self.remove(to);
                return false;
            }
        };
        let receipt = String::from_utf8_lossy(&receipt)
            .trim_end_matches('\r')
            .to_owned();
        let code = receipt.split(' ').next().unwrap_or("").to_owned();
        let digits = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
        let unasked = !lines.is_empty() && !self.is(Fault::TwiceCounts) && !self.is(Fault::NoTurns);
        if !digits || unasked {
            self.remove(to);
            return false;
        }
        *link = Some((stream, lines));
        match self.fault {
            Fault::AnyReceipt => true,
            Fault::ReceiptWordForWord => receipt == "302 Message receipt successful",
            _ => code == "302",
        }
    }
}

impl User {
    fn close(&self) {
        let _ = self.la.shutdown(Shutdown::Both);
        self.close_lb();
    }

    fn close_lb(&self) {
        if let Some(lb) = &*self.lb_now.lock().unwrap() {
            let _ = lb.shutdown(Shutdown::Both);
        }
    }
}

pub(super) struct Session<'a> {
    pub(super) shared: &'a Shared,
    pub(super) la: Arc<TcpStream>,
    pub(super) me: Option<Arc<User>>,
    ports: usize,
}

impl<'a> Session<'a> {
    fn new(shared: &'a Shared, la: Arc<TcpStream>) -> Self {
        Self {
            shared,
            la,
            me: None,
            ports: 0,
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.shared.is(fault)
    }

    fn run(mut self) {
        let mut lines = Lines::new(self.is(Fault::PieceIsLine));
        loop {
            let line = match lines.next(&self.la, 8192, None) {
                Got::Line(line) => line,
                Got::TooLong if self.is(Fault::DiesOfLongLine) => return self.shared.die(),
                Got::TooLong if self.is(Fault::LongLineEnds) => break,
                Got::TooLong => {
                    self.reply(401, "Unrecognized message");
                    continue;
                }
                Got::End | Got::TimedOut => break,
            };
            let mut text = match String::from_utf8(line.clone()) {
                Ok(text) => text,
                Err(_) if self.is(Fault::DiesOfBytes) => return self.shared.die(),
                Err(_) if self.is(Fault::LossyText) => String::from_utf8_lossy(&line).into_owned(),
                Err(_) => String::new(),
            };
            if text.ends_with('\r') && !self.is(Fault::KeepsCarriageReturn) {
                text.pop();
            }
            if !self.command(&text) {
                return;
            }
        }
        if self.is(Fault::DiesOfHangup) {
            return self.shared.die();
        }
        if let Some(me) = &self.me
            && !self.is(Fault::ForgetsNobody)
        {
            self.shared.remove(me);
        }
        let _ = self.la.shutdown(Shutdown::Both);
    }

    /// False at the end of the session.
    fn command(&mut self, line: &str) -> bool {
        let mut line = line.to_owned();
        if self.is(Fault::AnyCase) {
            line = line.to_lowercase();
        }
        if self.is(Fault::KeywordIsPrefix) {
            for keyword in ["/toall", "/to"] {
                if let Some(rest) = line.strip_prefix(keyword) {
                    line = format!("{keyword} {}", rest.trim_start());
                    break;
                }
            }
        }
        if self.extended(&mut line) {
            return true;
        }
        if self.is(Fault::NoTextIsFine) && matches!(line.as_str(), "/to bob" | "/toall") {
            line += " ?";
        }
        let (keyword, rest) = match line.split_once(' ') {
            Some((keyword, rest)) => (keyword, Some(rest)),
            None => (line.as_str(), None),
        };
        let me = self.me.clone();
        match (keyword, rest, me) {
            ("/login", Some(rest), None) => return self.login(rest),
            ("/port", Some(port), Some(me)) if me.lb_now.lock().unwrap().is_none() => {
                self.port(port, &me)
            }
            ("/list", None, me) if me.is_some() || self.is(Fault::NoLoginNeeded) => {
                self.list(me.as_ref())
            }
            ("/to", Some(rest), Some(me)) => match rest.split_once(' ') {
                Some((name, text)) if !name.is_empty() && !text.is_empty() => {
                    self.to(&me, name, text)
                }
                _ => self.unrecognized(),
            },
            ("/toall", Some(text), Some(me)) if !text.is_empty() => self.to_all(&me, text),
            ("/exit", None, me) => {
                self.exit(me.as_ref());
                return false;
            }
            _ => self.unrecognized(),
        }
        true
    }

    pub(super) fn unrecognized(&self) {
        if !self.is(Fault::IgnoresUnknown) {
            self.reply(401, "Unrecognized message");
        }
    }

    fn reply(&self, code: u16, text: &str) {
        let text = match self.is(Fault::WrongPhrase(code)) {
            true => "OK",
            false => text,
        };
        let sent = (&*self.la).write_all(format!("{code} {text}\n").as_bytes());
        if sent.is_err() && self.is(Fault::DiesOfBrokenSender) {
            self.shared.die();
        }
    }

    fn login(&mut self, rest: &str) -> bool {
        let words: Vec<&str> = rest.split(' ').collect();
        let &[name, password] = words.as_slice() else {
            match self.is(Fault::MalformedIs102) {
                true => self.reply(102, "Authentication failed"),
                false => self.unrecognized(),
            }
            return true;
        };
        let account = ACCOUNTS.iter().find(|(account, _)| *account == name);
        let right = match account {
            Some((_, right)) => password == *right || self.is(Fault::AnyPassword),
            None => self.is(Fault::AnyUser),
        };
        let user = Arc::new(User {
            name: name.to_owned(),
            mode: extended::Mode::default(),
            la: Arc::clone(&self.la),
            lb: Mutex::default(),
            lb_now: Mutex::default(),
            extra: Mutex::default(),
        });
        let mut users = self.shared.users.lock().unwrap();
        let twice = users.iter().any(|user| user.name == name) && !self.is(Fault::SecondLogin);
        if right && !twice {
            users.push(Arc::clone(&user));
            drop(users);
            self.me = Some(user);
            self.reply(101, "Authentication successful");
            return true;
        }
        if self.is(Fault::FailedLoginListed) {
            users.push(user);
        }
        drop(users);
        self.reply(102, "Authentication failed");
        if self.is(Fault::HangsUpAfter102) {
            let _ = self.la.shutdown(Shutdown::Both);
        }
        true
    }

    fn port(&mut self, port: &str, me: &Arc<User>) {
        self.ports += 1;
        if self.is(Fault::OnePort) && self.ports > 1 {
            return self.unrecognized();
        }
        let number = match port.parse::<u16>() {
            Ok(number) if number > 0 => number,
            _ if self.is(Fault::AnyPort) => return self.reply(202, "Build connection failed"),
            _ => return self.unrecognized(),
        };
        if self.is(Fault::NeverDials) {
            return self.reply(201, "Build connection successful");
        }
        let mut address = self.la.peer_addr().unwrap();
        if self.is(Fault::DialsItself) {
            address = self.la.local_addr().unwrap();
        }
        address.set_port(number);
        match TcpStream::connect(address) {
            Ok(lb) => {
                lb.set_nodelay(true).unwrap();
                *me.lb_now.lock().unwrap() = Some(lb.try_clone().unwrap());
                *me.lb.lock().unwrap() = Some((lb, Lines::new(self.is(Fault::PieceIsLine))));
                self.reply(201, "Build connection successful");
                self.shared.notice(me, "came");
            }
            Err(_) => self.reply(202, "Build connection failed"),
        }
    }

    fn list(&self, me: Option<&Arc<User>>) {
        let users = self.shared.users.lock().unwrap().clone();
        let own = me.map_or("", |me| me.name.as_str());
        let others = users
            .iter()
            .filter(|user| !self.is(Fault::ListedAfter201) || user.lb_now.lock().unwrap().is_some())
            .map(|user| user.name.as_str())
            .filter(|name| *name != own);
        let mut names: Vec<&str> = match self.shared.fault {
            Fault::ListOnlySelf => vec![own],
            Fault::ListWithoutSelf => others.collect(),
            _ => [own].into_iter().chain(others).collect(),
        };
        if self.is(Fault::ListSorted) {
            names.sort_unstable();
        }
        self.reply(301, &names.join(" "));
    }

    fn text(&self, text: &str) -> String {
        match self.shared.fault {
            Fault::FirstWordOnly => text.split(' ').next().unwrap_or("").to_owned(),
            Fault::TrimsText => text.split_whitespace().collect::<Vec<_>>().join(" "),
            _ => text.to_owned(),
        }
    }

    pub(super) fn done(&self, delivered: bool) {
        match delivered {
            true => self.reply(303, "Message delivery successful"),
            false => self.reply(304, "Message delivery failed"),
        }
    }

    fn to(&self, me: &Arc<User>, name: &str, text: &str) {
        let text = self.text(text);
        let line = match self.is(Fault::NoSenderName) {
            true => format!("/from {text}\n"),
            false => format!("/from {} {text}\n", me.name),
        };
        let Some(target) = self.shared.find(name) else {
            return match self.shared.fault {
                Fault::OfflineIsSuccess => self.done(true),
                Fault::OfflineIs401 => self.unrecognized(),
                _ => self.done(false),
            };
        };
        if self.is(Fault::NotToOneself) && Arc::ptr_eq(me, &target) {
            return self.done(false);
        }
        if self.is(Fault::Deadlock) {
            let _own = me.extra.lock().unwrap();
            thread::sleep(Duration::from_millis(100));
            // As a deadlock, but one that ends with the test.
            for _ in 0..300 {
                if let Ok(_other) = target.extra.try_lock() {
                    return self.done(self.shared.deliver(&target, &line));
                }
                thread::sleep(Duration::from_millis(10));
            }
            return self.done(false);
        }
        if self.is(Fault::ToGoesToAll) {
            for user in self.others(me) {
                if user.name != name {
                    let _ = user
                        .lb_now
                        .lock()
                        .unwrap()
                        .as_ref()
                        .unwrap()
                        .write_all(line.as_bytes());
                }
            }
        }
        let delivered = self.shared.deliver(&target, &line);
        if delivered {
            self.shared.remember(name, &me.name, &text);
        }
        self.done(delivered);
    }

    pub(super) fn others(&self, me: &Arc<User>) -> Vec<Arc<User>> {
        let mut users = self.shared.users.lock().unwrap().clone();
        users.retain(|user| self.is(Fault::BroadcastToSender) || !Arc::ptr_eq(user, me));
        users
    }

    fn to_all(&self, me: &Arc<User>, text: &str) {
        let line = format!("/broadcastfrom {} {}\n", me.name, self.text(text));
        let others = self.others(me);
        if others.is_empty() && self.is(Fault::AloneIs304) {
            return self.done(false);
        }
        let delivered = match self.shared.fault {
            Fault::NoBroadcast => true,
            Fault::OneByOne => {
                others
                    .iter()
                    .filter(|user| !self.shared.deliver(user, &line))
                    .count()
                    == 0
            }
            Fault::BroadcastStopsAtFailure => {
                others.iter().all(|user| self.shared.deliver(user, &line))
            }
            _ => thread::scope(|scope| {
                let all: Vec<_> = others
                    .iter()
                    .map(|user| scope.spawn(|| self.shared.deliver(user, &line)))
                    .collect();
                let mut delivered = true;
                for one in all {
                    delivered &= one.join().unwrap();
                    if self.is(Fault::OneReceiptIsEnough) {
                        self.done(delivered);
                    }
                }
                delivered
            }),
        };
        if delivered && !others.is_empty() {
            self.shared.remember("*", &me.name, text);
        }
        self.done(delivered);
    }

    fn exit(&self, me: Option<&Arc<User>>) {
        if let Some(me) = me
            && self.shared.fault != Fault::FreedLater
            && self.shared.fault != Fault::NameNotFreed
            && self.shared.fault != Fault::StaysListed
        {
            self.shared
                .users
                .lock()
                .unwrap()
                .retain(|user| !Arc::ptr_eq(user, me));
            if !self.is(Fault::OpenAfterBye) {
                me.close_lb();
            }
            self.shared.notice(me, "left");
        }
        if !self.is(Fault::NoBye) {
            self.reply(310, "Bye bye");
        }
        if self.is(Fault::OpenAfterBye) {
            return;
        }
        let _ = self.la.shutdown(Shutdown::Write);
        let deadline = Some(Instant::now() + Duration::from_millis(200));
        let _ = Lines::new(false).next(&self.la, 100, deadline);
        let _ = self.la.shutdown(Shutdown::Both);
        if self.is(Fault::FreedLater) {
            thread::sleep(Duration::from_secs(1));
            if let Some(me) = me {
                self.shared.remove(me);
            }
        }
    }
}

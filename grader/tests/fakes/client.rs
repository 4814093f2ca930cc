//! A client in a few lines: correct, or with one fault.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, PipeReader, PipeWriter, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use super::{Got, Lines};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    WrongPrompt,
    /// Name and password in two messages.
    TwoMessages,
    QuitsOn102,
    NoListener,
    StaysOn202,
    HidesReplies,
    FirstWordOnly,
    QuitsOnFailure,
    Lowercases,
    NoReceipt,
    IgnoresBroadcasts,
    FirstReceiptOnly,
    /// Does not look at Lb while it waits on La.
    OneThread,
    TakesTextForCommand,
    StaysAfter310,
    QuitsBefore310,
    RetriesForEver,
    IgnoresLoss,
    PieceIsLine,
    NoEcho,
    NoSender,
    JudgesByWords,
    AcksAnything,
    RawScreen,
    JustEnds,
    StatusZero,
    NoticesLate,
    TakesAnybody,
    TrimsInput,
}

enum Event {
    Typed(Option<String>),
    La(Option<Vec<u8>>),
    Lost,
}

struct Client {
    fault: Fault,
    la: Arc<TcpStream>,
    screen: Screen,
    events: Receiver<Event>,
    happens: Sender<Event>,
    waiting: Arc<AtomicBool>,
    /// What was typed while a reply was awaited.
    ahead: VecDeque<String>,
    lb: Arc<Mutex<Option<TcpStream>>>,
}

/// How the client ends before its time.
struct Quit(u32);

#[derive(Clone)]
struct Screen(Arc<PipeWriter>, Fault);

impl Screen {
    fn show(&self, text: &str) {
        let shown: String = match self.1 {
            Fault::RawScreen => text.to_owned(),
            _ => text
                .chars()
                .filter(|c| *c == '\n' || !c.is_control())
                .collect(),
        };
        let _ = (&*self.0).write_all(shown.as_bytes());
    }
}

/// Runs the client, and returns its exit status.
pub(crate) fn run(
    fault: Fault,
    server: SocketAddr,
    keyboard: PipeReader,
    screen: PipeWriter,
) -> u32 {
    let screen = Screen(Arc::new(screen), fault);
    let (happens, events) = mpsc::channel();
    let typed = happens.clone();
    thread::spawn(move || {
        for line in BufReader::new(keyboard).lines() {
            let _ = typed.send(Event::Typed(line.ok()));
        }
        let _ = typed.send(Event::Typed(None));
    });
    let la = loop {
        match TcpStream::connect(server) {
            Ok(la) => break Arc::new(la),
            Err(_) if fault == Fault::RetriesForEver => {
                if let Ok(Event::Typed(None)) = events.recv_timeout(Duration::from_millis(20)) {
                    return 1;
                }
            }
            Err(_) => return 1,
        }
    };
    la.set_nodelay(true).unwrap();
    let (source, replies) = (Arc::clone(&la), happens.clone());
    thread::spawn(move || {
        let mut lines = Lines::new(fault == Fault::PieceIsLine);
        while let Got::Line(line) = lines.next(&source, 1 << 20, None) {
            let _ = replies.send(Event::La(Some(line)));
        }
        let _ = replies.send(Event::La(None));
    });
    let mut client = Client {
        fault,
        la,
        screen,
        events,
        happens,
        waiting: Arc::default(),
        ahead: VecDeque::new(),
        lb: Arc::default(),
    };
    let Err(Quit(status)) = client.converse();
    let _ = client.la.shutdown(Shutdown::Both);
    if let Some(lb) = &*client.lb.lock().unwrap() {
        let _ = lb.shutdown(Shutdown::Both);
    }
    status
}

impl Client {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn converse(&mut self) -> Result<std::convert::Infallible, Quit> {
        loop {
            let name = self.ask(match self.is(Fault::WrongPrompt) {
                true => "user name?",
                false => "Please input your user name:",
            })?;
            let password = self.ask("Please input your password:")?;
            let reply = match self.is(Fault::TwoMessages) {
                true => {
                    self.send(&format!("/login {name}"));
                    self.say(&password)?
                }
                false => self.say(&format!("/login {name} {password}"))?,
            };
            match self.fault {
                Fault::JudgesByWords if reply == "101 Authentication successful" => break,
                Fault::JudgesByWords => {}
                _ if reply.starts_with("101") => break,
                Fault::QuitsOn102 => return Err(Quit(1)),
                _ => {}
            }
        }
        self.listen()?;
        loop {
            let mut line = self.ask("")?;
            match self.fault {
                Fault::FirstWordOnly => {
                    line = line.split(' ').take(3).collect::<Vec<_>>().join(" ")
                }
                Fault::Lowercases => line = line.to_lowercase(),
                Fault::TrimsInput => line = line.split_whitespace().collect::<Vec<_>>().join(" "),
                _ => {}
            }
            if self.is(Fault::QuitsBefore310) && line == "/exit" {
                self.send(&line);
                return Err(Quit(0));
            }
            let reply = self.say(&line)?;
            if reply.starts_with("310") && !self.is(Fault::StaysAfter310) {
                return Err(Quit(0));
            }
            if self.is(Fault::QuitsOnFailure)
                && (reply.starts_with("304") || reply.starts_with("401"))
            {
                return Err(Quit(1));
            }
        }
    }

    fn listen(&mut self) -> Result<(), Quit> {
        let mut own = self.la.local_addr().unwrap();
        own.set_port(0);
        let listener = TcpListener::bind(own).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = self.la.peer_addr().unwrap().ip();
        if !self.is(Fault::NoListener) {
            let (fault, screen, happens) = (self.fault, self.screen.clone(), self.happens.clone());
            let (waiting, place) = (Arc::clone(&self.waiting), Arc::clone(&self.lb));
            thread::spawn(move || {
                let lb = loop {
                    let (lb, peer) = listener.accept().unwrap();
                    if peer.ip() == server || fault == Fault::TakesAnybody {
                        break lb;
                    }
                };
                *place.lock().unwrap() = lb.try_clone().ok();
                receive(fault, &lb, &screen, &waiting);
                let _ = happens.send(Event::Lost);
            });
        } else {
            drop(listener);
        }
        let reply = self.say(&format!("/port {port}"))?;
        match self.fault {
            Fault::StaysOn202 => Ok(()),
            Fault::StatusZero if reply.starts_with("202") => Err(Quit(0)),
            _ if reply.starts_with("201") => Ok(()),
            _ => Err(Quit(1)),
        }
    }

    fn ask(&mut self, prompt: &str) -> Result<String, Quit> {
        self.screen.show(prompt);
        loop {
            let ahead = self.ahead.pop_front().map(|line| Event::Typed(Some(line)));
            match ahead.unwrap_or_else(|| self.events.recv().unwrap()) {
                Event::Typed(Some(line)) => {
                    if !self.is(Fault::NoEcho) {
                        self.screen.show(&line);
                    }
                    self.screen.show("\n");
                    return Ok(line);
                }
                Event::Typed(None) if self.is(Fault::JustEnds) => return Err(Quit(0)),
                Event::Typed(None) => {
                    self.say("/exit")?;
                    return Err(Quit(0));
                }
                Event::La(Some(line)) => self.show_reply(&line),
                Event::La(None) | Event::Lost
                    if self.is(Fault::IgnoresLoss) || self.is(Fault::NoticesLate) => {}
                Event::La(None) | Event::Lost => return Err(Quit(1)),
            }
        }
    }

    fn send(&self, line: &str) {
        let _ = (&*self.la).write_all(format!("{line}\n").as_bytes());
    }

    fn say(&mut self, line: &str) -> Result<String, Quit> {
        self.waiting.store(true, Ordering::Relaxed);
        self.send(line);
        loop {
            match self.events.recv_timeout(Duration::from_secs(3)) {
                Ok(Event::La(Some(line))) => {
                    self.show_reply(&line);
                    self.waiting.store(false, Ordering::Relaxed);
                    return Ok(String::from_utf8_lossy(&line).into_owned());
                }
                Ok(Event::Typed(Some(line))) => self.ahead.push_back(line),
                Ok(Event::Typed(None)) => return Err(Quit(1)),
                Ok(Event::La(None) | Event::Lost) if self.is(Fault::IgnoresLoss) => {}
                Err(_) if self.is(Fault::IgnoresLoss) => {}
                Ok(Event::La(None) | Event::Lost) | Err(_) => return Err(Quit(1)),
            }
        }
    }

    fn show_reply(&self, line: &[u8]) {
        if !self.is(Fault::HidesReplies) {
            self.screen
                .show(&format!("{}\n", String::from_utf8_lossy(line)));
        }
    }
}

/// Thread Tb.
fn receive(fault: Fault, mut lb: &TcpStream, screen: &Screen, waiting: &AtomicBool) {
    let mut lines = Lines::new(fault == Fault::PieceIsLine);
    let mut count = 0;
    while let Got::Line(line) = lines.next(lb, 1 << 20, None) {
        while fault == Fault::OneThread && waiting.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(10));
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let mut parts = line.splitn(3, ' ');
        let (keyword, sender, text) = (parts.next(), parts.next(), parts.next());
        let known = matches!(keyword, Some("/from" | "/broadcastfrom"));
        if fault == Fault::IgnoresBroadcasts && keyword == Some("/broadcastfrom") {
            continue;
        }
        if fault == Fault::TakesTextForCommand && text.is_some_and(|text| text.starts_with('/')) {
            return;
        }
        if known && let (Some(sender), Some(text)) = (sender, text) {
            match fault {
                Fault::NoSender => screen.show(&format!("{text}\n")),
                _ => screen.show(&format!("{sender}: {text}\n")),
            }
        }
        count += 1;
        let acknowledges = match fault {
            Fault::NoReceipt => false,
            Fault::FirstReceiptOnly => count == 1,
            Fault::AcksAnything | Fault::PieceIsLine => true,
            _ => known,
        };
        if acknowledges {
            let _ = lb.write_all(b"302 Message receipt successful\n");
        }
    }
}

//! One La from hello to goodbye. Every reply on La leaves here.

use std::{
    fmt, io,
    net::{Shutdown, SocketAddr, TcpStream},
    ops::ControlFlow,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use log::{debug, info};
use protocol::{
    Command, LineError, MAX_LINE, Malformed, Password, Reply, Status, UserName, extended::EXTEND,
    set_line,
};

use crate::{
    Server,
    history::Memory,
    la::{self, Lines},
    member::Member,
};

mod dial;
mod extended;
mod talk;

use extended::Groups;

/// Failed logins that are answered at once; each later one on the same connection is answered
/// [`PENALTY`] later.
const FREE_FAILURES: u32 = 5;
const PENALTY: Duration = Duration::from_secs(1);

/// What is kept of the reply buffer between two commands.
const SMALL: usize = 512;

/// Talks with one client until either side ends it.
pub(crate) fn serve(server: &Arc<Server>, la: &Arc<TcpStream>, peer: SocketAddr) {
    info!("{peer} connected");
    let mut session = Session::new(server, la, peer);
    let end = match prepare(la, server.limits.ack_timeout) {
        Ok(()) => session.run(),
        Err(error) => End::Broken(error),
    };
    session.leave(&end);
}

fn prepare(la: &TcpStream, patience: Duration) -> io::Result<()> {
    la.set_nodelay(true)?;
    la.set_write_timeout(Some(patience))
}

/// One client's side of the server.
struct Session<'a> {
    server: &'a Arc<Server>,
    la: &'a Arc<TcpStream>,
    peer: SocketAddr,
    state: State,
    /// When the client must have got out of its state; `None` once it is online.
    deadline: Option<Instant>,
    failed_logins: u32,
    /// Whether this session is over, but for a last word.
    left: bool,
    /// The line being sent, first the delivery, then the reply.
    line: Vec<u8>,
    /// Whether a whole line more has come than the one being answered.
    ahead: bool,
    /// The memory of the conversation with the member of this seat, the last one written to.
    at_hand: Option<(u64, Arc<Memory>)>,
    /// The user's own groups; `None` in plain mode.
    groups: Option<Groups>,
}

/// What the client may say (handout, section II: authentication, second connection, commands).
enum State {
    /// `/login`, `/exit`.
    Stranger,
    /// `/port`, and all that is allowed online.
    LoggedIn(Arc<Member>),
    /// Lb stands: `/list`, `/to`, `/toall`, `/exit`.
    Online(Arc<Member>),
}

impl State {
    fn member(&self) -> Option<&Arc<Member>> {
        match self {
            Self::Stranger => None,
            Self::LoggedIn(member) | Self::Online(member) => Some(member),
        }
    }
}

/// Why a session is over.
enum End {
    Exit,
    Closed,
    LoggedOut,
    Late,
    Endless,
    Fault,
    Broken(io::Error),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit => f.write_str("/exit"),
            Self::Closed => f.write_str("La closed"),
            Self::LoggedOut => f.write_str("logged out"),
            Self::Late => f.write_str("took too long"),
            Self::Endless => f.write_str("sent a line without end"),
            Self::Fault => f.write_str("a fault in the server"),
            Self::Broken(error) => write!(f, "La broke: {error}"),
        }
    }
}

impl<'a> Session<'a> {
    fn new(server: &'a Arc<Server>, la: &'a Arc<TcpStream>, peer: SocketAddr) -> Self {
        let deadline = Some(Instant::now() + server.limits.login_timeout);
        let (state, line) = (State::Stranger, Vec::new());
        Self {
            server,
            la,
            peer,
            state,
            deadline,
            failed_logins: 0,
            line,
            left: false,
            ahead: false,
            at_hand: None,
            groups: None,
        }
    }

    fn run(&mut self) -> End {
        let mut lines = Lines::new(self.la);
        loop {
            // Commands may have been sent ahead; nobody speaks for a login that is over.
            if self.state.member().is_some_and(|me| me.has_left()) {
                return End::LoggedOut;
            }
            let answered = match lines.next(self.deadline) {
                Ok(Some((line, ahead))) => {
                    self.ahead = ahead;
                    self.answer(line)
                }
                Ok(None) => return End::Closed,
                Err(LineError::TooLong(_)) => {
                    self.unrecognized(format_args!("over {MAX_LINE} bytes"))
                }
                Err(LineError::Endless(_)) => {
                    self.leave(&End::Endless);
                    self.say_goodbye();
                    return End::Endless;
                }
                Err(LineError::Io(error)) => Err(error),
            };
            match answered {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return End::Exit,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return End::Late,
                Err(error) => return End::Broken(error),
            }
        }
    }

    /// Answers one line with one reply. `Break` after `/exit`.
    fn answer(&mut self, line: &[u8]) -> io::Result<ControlFlow<()>> {
        let line = str::from_utf8(line).map_err(|_| Malformed::NotUtf8);
        if self.groups.is_some() {
            return self.answer_extended(line);
        }
        let command = match line.clone().and_then(Command::parse) {
            Ok(command) => command,
            Err(_) if line == Ok(EXTEND) && self.may_extend() => return self.extend(),
            // What is mistyped may be a password.
            Err(Malformed::Keyword(_)) => return self.unrecognized("unknown keyword"),
            Err(error) => return self.unrecognized(error),
        };
        self.obey(command)
    }

    /// Does what the handout says about a command.
    fn obey(&mut self, command: Command<'_>) -> io::Result<ControlFlow<()>> {
        let answered = match (&self.state, command) {
            (_, Command::Exit) => return self.exit(),
            (State::Stranger, Command::Login { name, password }) => self.login(name, password),
            (State::LoggedIn(me), Command::Port(port)) => self.dial(&Arc::clone(me), port),
            (State::LoggedIn(me) | State::Online(me), Command::List) => {
                let names = self.server.roster.names(me);
                self.reply(Reply::new(Status::OnlineUsers, &names))
            }
            (State::LoggedIn(me) | State::Online(me), Command::To { name, text }) => {
                self.send_to(&Arc::clone(me), name, text)
            }
            (State::LoggedIn(me) | State::Online(me), Command::ToAll(text)) => {
                self.send_to_all(&Arc::clone(me), text)
            }
            (_, Command::Login { .. } | Command::Port(_))
            | (State::Stranger, Command::List | Command::To { .. } | Command::ToAll(_)) => {
                return self.unrecognized("not the time for this command");
            }
        };
        answered.map(ControlFlow::Continue)
    }

    fn unrecognized(&mut self, why: impl fmt::Display) -> io::Result<ControlFlow<()>> {
        debug!("unrecognized: {why}");
        self.reply(Status::UnrecognizedMessage)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Handout, "User authentication".
    fn login(&mut self, name: UserName<'_>, password: Password<'_>) -> io::Result<()> {
        let Server {
            accounts,
            roster,
            limits,
            ..
        } = &**self.server;
        let join = || {
            roster.join(name, |name, seat| {
                Member::new(name, seat, Arc::clone(self.la))
            })
        };
        let mut joined = None;
        if accounts.verify(name, password) {
            joined = match join() {
                // The holder's own thread may be waiting elsewhere, and its client long gone.
                Err(holder) if limits.takeover || holder.link().is_over() => {
                    info!("{name} takes over from an earlier login");
                    holder.hang_up();
                    join().ok()
                }
                joined => joined.ok(),
            };
        }
        if let Some(member) = joined {
            info!(
                "{name} logged in from {}, {} online",
                self.peer,
                roster.count()
            );
            self.state = State::LoggedIn(member);
            self.deadline = Some(Instant::now() + limits.port_timeout);
            return self.reply(Status::AuthenticationSuccessful);
        }
        match accounts.has(name) {
            true => info!("login as {name} refused"),
            // It may be a password, typed at the wrong prompt.
            false => info!("login refused, nobody has that name"),
        }
        self.failed_logins += 1;
        if self.failed_logins > FREE_FAILURES {
            thread::sleep(la::left_until(self.deadline).map_or(PENALTY, |left| left.min(PENALTY)));
        }
        self.reply(Status::AuthenticationFailed)
    }

    /// A client that hangs up while others take their time leaves at once, not when that is over.
    /// With commands sent ahead, it stays until they are answered, unless it reset the connection.
    /// Says whether it is still there.
    fn is_there(&self, me: &Member) -> bool {
        if !me.has_left() && la::is_over(self.la, self.ahead) {
            me.retire();
        }
        !me.has_left()
    }

    /// Handout, "Handling commands" 4: first the reply, then the end of both connections. The name is
    /// free before the client can know.
    fn exit(&mut self) -> io::Result<ControlFlow<()>> {
        self.leave(&End::Exit);
        self.reply(Status::Bye)?;
        self.say_goodbye();
        Ok(ControlFlow::Break(()))
    }

    fn reply<'r>(&mut self, reply: impl Into<Reply<'r>>) -> io::Result<()> {
        self.send(reply.into())
    }

    fn send(&mut self, reply: impl fmt::Display) -> io::Result<()> {
        set_line(&mut self.line, reply);
        let sent = la::send(self.la, &self.line);
        if self.line.capacity() > SMALL {
            self.line = Vec::new();
        }
        sent
    }

    fn say_goodbye(&self) {
        self.close_lb();
        la::say_goodbye(self.la);
    }

    fn close_lb(&self) {
        if let Some(me) = self.state.member() {
            me.link().close();
        }
    }

    /// The one place where a member is taken out of the roster, by the thread it belongs to.
    fn leave(&mut self, why: &End) {
        if self.left {
            return;
        }
        self.left = true;
        let Some(me) = self.state.member() else {
            return info!("{} gone: {why}", self.peer);
        };
        me.leave();
        let left = self.server.roster.leave(me);
        info!("{} left: {why}, {left} online", me.name());
        if let State::Online(me) = &self.state {
            self.server.channels.leave_all(me);
            self.server.notices.stop(me);
            // Back already: whose earlier login took its time to end.
            let back = self.server.roster.find(me.name());
            if !back.is_some_and(|member| member.link().stands()) {
                self.server.notices.left(me);
            }
        }
    }
}

/// However a session ends, by a bug's panic too, its user leaves.
impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.leave(&End::Fault);
        self.close_lb();
        let _ = self.la.shutdown(Shutdown::Both);
    }
}

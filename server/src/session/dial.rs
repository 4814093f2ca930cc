//! Making Lb: dialling back to the client.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    num::NonZeroU16,
    sync::Arc,
    thread,
    time::Duration,
};

use log::info;
use protocol::Status;

use super::{Session, State};
use crate::{STACK, la, member::Member};

/// How long a session dials by itself. Networks answer within that; where they do not, it has a
/// thread dial, to see meanwhile whether the client is still there.
const DIAL_ALONE: Duration = Duration::from_millis(200);
/// How often it looks.
const GLANCE: Duration = Duration::from_millis(20);

impl Session<'_> {
    /// Handout, "Establishing another TCP connection": only ever to where La came from.
    pub(super) fn dial(&mut self, me: &Arc<Member>, port: NonZeroU16) -> io::Result<()> {
        let mut address = self.peer;
        address.set_port(port.get());
        let dialled = self.connect(me, address);
        // The kernel may join a connection to itself if nobody listens at that port.
        let dialled = dialled.and_then(|lb| match lb.local_addr()? {
            own if own == address => Err(io::ErrorKind::ConnectionRefused.into()),
            _ => me.link().attach(lb),
        });
        match dialled {
            Ok(()) => {
                info!("{} has Lb at {address}", me.name());
                self.state = State::Online(Arc::clone(me));
                self.deadline = None;
                self.server.notices.came(me);
                self.reply(Status::ConnectionSuccessful)
            }
            Err(error) => {
                info!("cannot dial {address} for {}: {error}", me.name());
                self.reply(Status::ConnectionFailed)
            }
        }
    }

    /// Dials, for as long as the dial time-out and the client's deadline say. A client that leaves
    /// meanwhile is logged out at once; its thread, and its place among the clients, stay until the
    /// dial is over.
    fn connect(&self, me: &Member, address: SocketAddr) -> io::Result<TcpStream> {
        let patience = self.server.limits.dial_timeout;
        let patience = la::left_until(self.deadline).map_or(patience, |left| left.min(patience));
        let patience = patience.max(Duration::from_millis(1)); // none is an error
        let rest = patience.saturating_sub(DIAL_ALONE);
        match TcpStream::connect_timeout(&address, patience.min(DIAL_ALONE)) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut && !rest.is_zero() => {}
            dialled => return dialled,
        }
        thread::scope(|scope| {
            let dial = || TcpStream::connect_timeout(&address, rest);
            let thread = thread::Builder::new().name("dial".into()).stack_size(STACK);
            let dialling = thread.spawn_scoped(scope, dial)?;
            while !dialling.is_finished() {
                self.is_there(me);
                thread::sleep(GLANCE);
            }
            match dialling.join() {
                Ok(dialled) if !me.has_left() => dialled,
                _ => Err(io::ErrorKind::NotConnected.into()),
            }
        })
    }
}

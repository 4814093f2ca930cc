//! The commands of extended mode.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    io,
    ops::ControlFlow,
    sync::Arc,
};

use log::{debug, info};
use protocol::{
    ChatText, Malformed, OwnedName, Reply, Status, UserName,
    extended::{Command, Delivery, FORMS, RoomName, Who, Wrong},
    set_line,
};

use super::{Session, State};
use crate::{
    channels::Join,
    history::{Conversation, stamp},
    member::Member,
};

/// A user's groups: their names, and who is in them. They last as long as the session.
pub(super) type Groups = BTreeMap<Box<str>, Vec<OwnedName>>;

/// The most channels a session can be in, and the most groups it can have.
const MOST: usize = 64;

/// The most bytes of one answer; of a longer history the oldest messages are left out.
const LONGEST: usize = 256 << 10;

impl Session<'_> {
    /// Whether `/extend` is a command here and now.
    pub(super) fn may_extend(&self) -> bool {
        !self.server.limits.strict && matches!(self.state, State::Online(_))
    }

    /// Turns extended mode on.
    pub(super) fn extend(&mut self) -> io::Result<ControlFlow<()>> {
        if let State::Online(me) = &self.state {
            info!("{} in extended mode", me.name());
            me.extend();
        }
        self.groups.get_or_insert_default();
        self.reply(Status::Extended).map(ControlFlow::Continue)
    }

    /// Answers one line of a session in extended mode. Out of line, or its frame would be part of
    /// every plain session's stack, too: 4 KiB a user.
    #[inline(never)]
    pub(super) fn answer_extended(
        &mut self,
        line: Result<&str, Malformed>,
    ) -> io::Result<ControlFlow<()>> {
        let State::Online(me) = &self.state else {
            return self.unrecognized("not online");
        };
        let me = &Arc::clone(me);
        let command = match line.map_err(|_| Wrong::Unknown).and_then(Command::parse) {
            Ok(command) => command,
            Err(Wrong::Unknown) => return self.unrecognized("no command of extended mode"),
            Err(Wrong::Usage(form)) => {
                let answered = self.tell(Status::Usage, format_args!("Usage: {form}"));
                return answered.map(ControlFlow::Continue);
            }
        };
        let answered = match command {
            Command::Plain(command) => return self.obey(command),
            Command::Extend => self.reply(Status::Extended),
            Command::Join(channel) => self.join(me, channel),
            Command::Leave(channel) => match self.server.channels.leave(channel, me) {
                true => self.tell(Status::Left, format_args!("Left {channel}")),
                false => self.not_in(channel),
            },
            Command::Channels => {
                let list = self.server.channels.list(LONGEST);
                self.reply(Reply::new(Status::Channels, &list))
            }
            Command::Members(channel) => match self.server.channels.members(channel) {
                Some(names) => self.reply(Reply::new(Status::Members, &names)),
                None => self.tell(Status::NotThere, "No such channel"),
            },
            Command::Say(channel, text) => self.say(me, channel, text),
            Command::Group(name, users) => self.group(name, &users),
            Command::Ungroup(name) => match self.groups().remove(name.as_str()) {
                Some(_) => self.tell(Status::GroupGone, format_args!("Group {name} gone")),
                None => self.tell(Status::NotThere, "No such group"),
            },
            Command::Groups => {
                let list = self
                    .groups()
                    .iter()
                    .map(|(name, users)| format!("{name}:{}", users.len()));
                let list = list.collect::<Vec<_>>().join(" ");
                self.reply(Reply::new(Status::Groups, &list))
            }
            Command::ToGroup(name, text) => self.send_to_group(me, name, text),
            Command::History(who, count) => self.history(me, who, count),
            Command::Notices(on) => {
                let notices = &self.server.notices;
                let on = on && notices.start(me, self.server.limits.ack_timeout);
                if !on {
                    notices.stop(me);
                }
                self.tell(
                    Status::Notices,
                    if on { "Notices on" } else { "Notices off" },
                )
            }
            Command::Who => {
                let users = self.server.roster.everybody(me);
                let lines = users.iter().map(|user| {
                    let mode = if user.is_extended() {
                        "extended"
                    } else {
                        "plain"
                    };
                    format!("{} {} {mode}", user.name(), stamp(user.since()))
                });
                self.list(Status::Who, lines, "online")
            }
            Command::Help => {
                self.list(Status::Help, FORMS.iter().map(|(_, form)| form), "commands")
            }
        };
        answered.map(ControlFlow::Continue)
    }

    fn join(&mut self, me: &Arc<Member>, channel: RoomName<'_>) -> io::Result<()> {
        let next = || self.server.history.next_number();
        match self.server.channels.join(channel, me, next, MOST) {
            Join::Joined => self.tell(Status::Joined, format_args!("Joined {channel}")),
            Join::Already => self.tell(Status::AlreadyJoined, format_args!("Already in {channel}")),
            Join::TooMany => self.tell(
                Status::Usage,
                format_args!("Usage: at most {MOST} channels"),
            ),
        }
    }

    fn say(&mut self, me: &Member, channel: RoomName<'_>, text: ChatText<'_>) -> io::Result<()> {
        let ticket = || self.server.history.ticket();
        let Some((receivers, ticket)) = self.server.channels.address(channel, me, ticket) else {
            return self.not_in(channel);
        };
        debug!("{} in {channel}: {text}", me.name());
        set_line(&mut self.line, Delivery::Channel(channel, me.name(), text));
        let failed = self.spread(me, &receivers, |_| &self.line).len();
        if failed < receivers.len() {
            let memory = self
                .server
                .history
                .memory_of(Conversation::in_channel(channel));
            self.server
                .history
                .record(ticket, &memory, me.own_name(), text);
        }
        self.report(failed == 0)
    }

    fn group(&mut self, name: RoomName<'_>, users: &[UserName<'_>]) -> io::Result<()> {
        let accounts = &self.server.accounts;
        if let Some(unknown) = users.iter().find(|&&user| !accounts.has(user)) {
            return self.tell(Status::UnknownUser, format_args!("Unknown user {unknown}"));
        }
        let mut members: Vec<OwnedName> = users.iter().map(|user| user.own()).collect();
        members.sort();
        members.dedup();
        members.shrink_to_fit();
        let count = members.len();
        if self.groups().len() >= MOST && !self.groups().contains_key(name.as_str()) {
            return self.tell(Status::Usage, format_args!("Usage: at most {MOST} groups"));
        }
        self.groups().insert(name.as_str().into(), members);
        self.tell(Status::GroupMade, format_args!("Group {name} of {count}"))
    }

    /// Members in extended mode hear of the group; to others it is a private message.
    fn send_to_group(
        &mut self,
        me: &Member,
        name: RoomName<'_>,
        text: ChatText<'_>,
    ) -> io::Result<()> {
        let Some(members) = self.groups().get(name.as_str()).cloned() else {
            return self.tell(Status::NotThere, "No such group");
        };
        debug!("{} to group {name}: {text}", me.name());
        let members = members
            .iter()
            .map(OwnedName::get)
            .filter(|&member| member != me.name());
        let found: Vec<_> = members
            .map(|member| self.server.roster.find(member))
            .collect();
        let wanted = found.len();
        let receivers: Vec<Arc<Member>> = found.into_iter().flatten().collect();
        let ticket = self.server.history.ticket();
        let mut plain = Vec::new();
        set_line(&mut plain, protocol::Delivery::From(me.name(), text));
        set_line(&mut self.line, Delivery::Group(name, me.name(), text));
        let line_for = |member: &Member| {
            if member.is_extended() {
                &self.line[..]
            } else {
                &plain
            }
        };
        let failed = self.spread(me, &receivers, line_for);
        for receiver in &receivers {
            if !failed.iter().any(|member| member.seat() == receiver.seat()) {
                let history = &self.server.history;
                if let Some(pair) = Conversation::between(me.own_name(), receiver.own_name()) {
                    history.record(ticket, &history.memory_of(pair), me.own_name(), text);
                }
            }
        }
        self.report(failed.is_empty() && receivers.len() == wanted)
    }

    fn history(&mut self, me: &Member, who: Who<'_>, count: usize) -> io::Result<()> {
        let (conversation, first) = match who {
            Who::All => (Some(Conversation::All), 0),
            Who::Channel(channel) => match self.server.channels.first_message(channel, me) {
                Some(first) => (Some(Conversation::in_channel(channel)), first),
                None => return self.not_in(channel),
            },
            Who::User(user) if self.server.accounts.has(user) => {
                (Conversation::between(me.own_name(), &user.own()), 0)
            }
            Who::User(user) => {
                return self.tell(Status::UnknownUser, format_args!("Unknown user {user}"));
            }
        };
        let last = |it| self.server.history.last(&it, count, first);
        let messages = conversation.map(last).unwrap_or_default();
        let mut room = LONGEST;
        let fitting = messages.iter().rev().take_while(|message| {
            room = room.saturating_sub(message.length());
            room > 0
        });
        let fitting = fitting.count();
        let messages = messages[messages.len() - fitting..].iter();
        self.list(
            Status::History,
            messages.map(|message| message.shown()),
            "messages",
        )
    }

    fn groups(&mut self) -> &mut Groups {
        self.groups.get_or_insert_default()
    }

    fn not_in(&mut self, channel: RoomName<'_>) -> io::Result<()> {
        self.tell(Status::NotThere, format_args!("Not in {channel}"))
    }

    /// Replies with a text of its own.
    fn tell(&mut self, status: Status, text: impl fmt::Display) -> io::Result<()> {
        self.reply(Reply::new(status, &text.to_string()))
    }

    /// Replies with a line for each, and one with their number; in one piece.
    fn list(
        &mut self,
        status: Status,
        lines: impl Iterator<Item = impl fmt::Display>,
        what: &str,
    ) -> io::Result<()> {
        let (mut answer, mut count) = (String::new(), 0);
        for line in lines {
            count += 1;
            // Writing to a `String` cannot fail.
            let _ = writeln!(answer, "{}-{line}", status.code());
        }
        let _ = write!(answer, "{}", Reply::new(status, &format!("{count} {what}")));
        self.send(&answer)
    }
}

//! Extended mode of the small server: correct, or with one fault.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use grader::ACCOUNTS;
use protocol::extended::{Command, FORMS, Who, Wrong};

use super::server::{self, Session, Shared, User};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Takes /extend from those who have no Lb yet.
    BeforePort,
    /// Says 220 to those who are in the channel.
    JoinsTwice,
    EmptyChannelsStay,
    MembersSorted,
    SaysToEverybody,
    CountsTwice,
    GroupStays,
    GroupsOutliveSession,
    GroupIsPrivate,
    /// Plain members get a /groupfrom.
    GroupToPlain,
    NewestFirst,
    HistoryBeforeJoining,
    LocalTime,
    NoticesStayOn,
    EverybodyIsExtended,
    HelpLeavesOut,
    UsageIs401,
    ExactKeywords,
    /// Those in plain mode have the commands.
    CommandsForPlain,
    NoticesForPlain,
}

/// The transcripts look at its form only.
const TIME: &str = "2026-11-21T10:31:05.123Z";

/// Who is in a channel, and how many messages had been said when each joined.
type Channels = BTreeMap<String, Vec<(Arc<User>, usize)>>;

/// What there is beside the users.
#[derive(Default)]
pub(super) struct World {
    channels: Mutex<Channels>,
    /// To whom (`bob`, `#rust`, `*`), from whom, and what.
    said: Mutex<Vec<(String, String, String)>>,
    groups: Mutex<BTreeMap<(String, String), Vec<String>>>,
}

/// What a user asked for.
#[derive(Default)]
pub(super) struct Mode {
    extended: AtomicBool,
    notices: AtomicBool,
}

impl Mode {
    fn is_extended(&self) -> bool {
        self.extended.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn has(&self, fault: Fault) -> bool {
        self.is(server::Fault::Extended(fault))
    }

    pub(super) fn remember(&self, to: &str, from: &str, text: &str) {
        let said = (to.to_owned(), from.to_owned(), text.to_owned());
        self.world.said.lock().unwrap().push(said);
    }

    /// Tells those who want to know that a user came or left, without waiting for them.
    pub(super) fn notice(&self, about: &User, what: &str) {
        if what == "left" && !self.has(Fault::GroupsOutliveSession) {
            let mut groups = self.world.groups.lock().unwrap();
            groups.retain(|(owner, _), _| *owner != about.name);
        }
        if about.lb_now.lock().unwrap().is_none() {
            return;
        }
        let line = format!("/notice {} {what}\n", about.name);
        for user in self.users.lock().unwrap().iter() {
            let wanted = user.mode.notices.load(Ordering::Relaxed);
            if (!wanted && !self.has(Fault::NoticesForPlain)) || user.name == about.name {
                continue;
            }
            let (shared, user, line) = (self.this.clone(), Arc::clone(user), line.clone());
            thread::spawn(move || shared.upgrade().map(|shared| shared.deliver(&user, &line)));
        }
    }

    /// The channels, without those who are gone.
    fn channels(&self) -> MutexGuard<'_, Channels> {
        let mut channels = self.world.channels.lock().unwrap();
        let users = self.users.lock().unwrap();
        channels.retain(|_, members| {
            members.retain(|(member, _)| users.iter().any(|user| Arc::ptr_eq(user, member)));
            !members.is_empty() || self.has(Fault::EmptyChannelsStay)
        });
        drop(users);
        channels
    }
}

impl Session<'_> {
    fn has(&self, fault: Fault) -> bool {
        self.shared.has(fault)
    }

    /// Answers a command of extended mode. False for one of the handout's, whose keyword is in lower
    /// case then.
    pub(super) fn extended(&self, line: &mut String) -> bool {
        let Some(me) = self.me.clone() else {
            return false;
        };
        let online = me.lb_now.lock().unwrap().is_some() || self.has(Fault::BeforePort);
        let has_commands = me.mode.is_extended() || (online && self.has(Fault::CommandsForPlain));
        if !has_commands {
            let asked = online && line == "/extend";
            if asked {
                me.mode.extended.store(true, Ordering::Relaxed);
                self.answer("210 Extended mode");
            }
            return asked;
        }
        let keyword = line.split(' ').next().unwrap_or("").to_lowercase();
        if self.has(Fault::ExactKeywords) && !line.starts_with(&keyword) {
            self.unrecognized();
            return true;
        }
        match Command::parse(line) {
            Ok(Command::Plain(_)) => {
                line.replace_range(..keyword.len(), &keyword);
                return false;
            }
            Ok(command) => self.obey(&me, command),
            Err(Wrong::Usage(form)) if !self.has(Fault::UsageIs401) => {
                self.answer(&format!("402 Usage: {form}"));
            }
            Err(_) => self.unrecognized(),
        }
        true
    }

    fn answer(&self, line: &str) {
        let _ = (&*self.la).write_all(format!("{line}\n").as_bytes());
    }

    fn obey(&self, me: &Arc<User>, command: Command<'_>) {
        let groups = &self.shared.world.groups;
        let group = |name: &str| (me.name.clone(), name.to_owned());
        let answer = match command {
            Command::Plain(_) => return,
            Command::Extend => "210 Extended mode".into(),
            Command::Join(channel) => self.join(me, channel.as_str()),
            Command::Leave(channel) => {
                let mut channels = self.shared.channels();
                let members = channels.get_mut(channel.as_str());
                let found = members.and_then(|members| {
                    let at = members.iter().position(|(user, _)| Arc::ptr_eq(user, me))?;
                    Some(members.remove(at))
                });
                match found {
                    Some(_) => format!("222 Left {channel}"),
                    None => format!("404 Not in {channel}"),
                }
            }
            Command::Channels => {
                let channels = self.shared.channels();
                let all = channels.iter();
                all.fold("320".into(), |list, (name, members)| {
                    format!("{list} {name}:{}", members.len())
                })
            }
            Command::Members(channel) => match self.shared.channels().get(channel.as_str()) {
                Some(members) => {
                    let members = members.iter().map(|(user, _)| user.name.as_str());
                    let mut names: Vec<&str> = members.collect();
                    if self.has(Fault::MembersSorted) {
                        names.sort_unstable();
                    }
                    format!("321 {}", names.join(" "))
                }
                None => "404 No such channel".into(),
            },
            Command::Say(channel, text) => {
                return self.say(me, channel.as_str(), text.as_str());
            }
            Command::Group(name, users) => {
                let mut names: Vec<String> =
                    users.iter().map(|user| user.as_str().to_owned()).collect();
                let is_unknown =
                    |name: &&String| !ACCOUNTS.iter().any(|(account, _)| account == name);
                if let Some(unknown) = names.iter().find(is_unknown) {
                    return self.answer(&format!("405 Unknown user {unknown}"));
                }
                names.sort();
                if !self.has(Fault::CountsTwice) {
                    names.dedup();
                }
                let answer = format!("230 Group {name} of {}", names.len());
                groups.lock().unwrap().insert(group(name.as_str()), names);
                answer
            }
            Command::Ungroup(name) => {
                let name = group(name.as_str());
                let mut groups = groups.lock().unwrap();
                let found = groups.contains_key(&name);
                if !self.has(Fault::GroupStays) {
                    groups.remove(&name);
                }
                match found {
                    true => format!("231 Group {} gone", name.1),
                    false => "404 No such group".into(),
                }
            }
            Command::Groups => {
                let groups = groups.lock().unwrap();
                let own = groups.iter().filter(|((owner, _), _)| *owner == me.name);
                own.fold("330".into(), |list, ((_, name), users)| {
                    format!("{list} {name}:{}", users.len())
                })
            }
            Command::ToGroup(name, text) => {
                let members = groups.lock().unwrap().get(&group(name.as_str())).cloned();
                match members {
                    Some(members) => {
                        return self.to_group(me, name.as_str(), &members, text.as_str());
                    }
                    None => "404 No such group".into(),
                }
            }
            Command::History(who, count) => self.history(me, who, count),
            Command::Notices(on) => {
                let kept = !on && self.has(Fault::NoticesStayOn);
                me.mode.notices.store(on || kept, Ordering::Relaxed);
                format!("250 Notices {}", if on { "on" } else { "off" })
            }
            Command::Who => {
                let mut users = self.others(me);
                users.insert(0, Arc::clone(me));
                let lines = users.iter().map(|user| {
                    let extended = user.mode.is_extended() || self.has(Fault::EverybodyIsExtended);
                    let mode = if extended { "extended" } else { "plain" };
                    format!("{} {TIME} {mode}", user.name)
                });
                several(350, lines.collect(), "online")
            }
            Command::Help => {
                let forms = FORMS.iter().map(|(_, form)| (*form).to_owned());
                let left_out = usize::from(self.has(Fault::HelpLeavesOut));
                several(360, forms.skip(left_out).collect(), "commands")
            }
        };
        self.answer(&answer);
    }

    fn join(&self, me: &Arc<User>, channel: &str) -> String {
        let mut channels = self.shared.channels();
        let members = channels.entry(channel.to_owned()).or_default();
        let already = members.iter().any(|(user, _)| Arc::ptr_eq(user, me));
        if !already {
            let first = self.shared.world.said.lock().unwrap().len();
            members.push((Arc::clone(me), first));
        }
        match already && !self.has(Fault::JoinsTwice) {
            true => format!("221 Already in {channel}"),
            false => format!("220 Joined {channel}"),
        }
    }

    /// Sends each of these a line of their own, at once. Says who acknowledged it.
    fn spread(&self, messages: &[(Arc<User>, String)]) -> Vec<bool> {
        thread::scope(|scope| {
            let all: Vec<_> = messages
                .iter()
                .map(|(user, line)| scope.spawn(|| self.shared.deliver(user, line)))
                .collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        })
    }

    fn say(&self, me: &Arc<User>, channel: &str, text: &str) {
        let members = self.shared.channels().get(channel).cloned();
        let members = members.unwrap_or_default().into_iter();
        let mut members: Vec<Arc<User>> = members.map(|(user, _)| user).collect();
        if !members.iter().any(|user| Arc::ptr_eq(user, me)) {
            return self.answer(&format!("404 Not in {channel}"));
        }
        members.retain(|user| !Arc::ptr_eq(user, me));
        if self.has(Fault::SaysToEverybody) {
            members = self.others(me);
        }
        let line = format!("/channelfrom {channel} {} {text}\n", me.name);
        let messages = members.into_iter().map(|user| (user, line.clone()));
        let delivered = self.spread(&messages.collect::<Vec<_>>());
        if delivered.contains(&true) {
            self.shared.remember(&format!("#{channel}"), &me.name, text);
        }
        self.done(!delivered.contains(&false));
    }

    fn to_group(&self, me: &Arc<User>, group: &str, members: &[String], text: &str) {
        let wanted = members.iter().filter(|name| **name != me.name);
        let found: Vec<Option<Arc<User>>> = wanted.map(|name| self.shared.find(name)).collect();
        let all_online = found.iter().all(Option::is_some);
        let messages = found.into_iter().flatten().map(|user| {
            let told = match self.has(Fault::GroupIsPrivate) {
                true => false,
                false => user.mode.is_extended() || self.has(Fault::GroupToPlain),
            };
            let line = match told {
                true => format!("/groupfrom {group} {} {text}\n", me.name),
                false => format!("/from {} {text}\n", me.name),
            };
            (user, line)
        });
        let messages: Vec<_> = messages.collect();
        let delivered = self.spread(&messages);
        for ((user, _), delivered) in messages.iter().zip(&delivered) {
            if *delivered {
                self.shared.remember(&user.name, &me.name, text);
            }
        }
        self.done(all_online && !delivered.contains(&false));
    }

    fn history(&self, me: &Arc<User>, who: Who<'_>, count: usize) -> String {
        let (mut first, own) = (0, me.name.as_str());
        let (other, back) = match who {
            Who::All => ("*".to_owned(), None),
            Who::Channel(channel) => {
                let channels = self.shared.channels();
                let mut members = channels.get(channel.as_str()).into_iter().flatten();
                let Some((_, joined)) = members.find(|(user, _)| Arc::ptr_eq(user, me)) else {
                    return format!("404 Not in {channel}");
                };
                first = *joined;
                (format!("#{channel}"), None)
            }
            Who::User(user) if ACCOUNTS.iter().any(|(name, _)| *name == user.as_str()) => {
                (user.as_str().to_owned(), Some(own))
            }
            Who::User(user) => return format!("405 Unknown user {user}"),
        };
        if self.has(Fault::HistoryBeforeJoining) {
            first = 0;
        }
        let time = match self.has(Fault::LocalTime) {
            true => "2026-11-21 10:31:05",
            false => TIME,
        };
        let said = self.shared.world.said.lock().unwrap();
        let fitting = said.iter().skip(first).filter(|(to, from, _)| match back {
            Some(own) => (*to == other && from == own) || (to == own && *from == other),
            None => *to == other,
        });
        let mut lines: Vec<String> = fitting
            .map(|(_, from, text)| format!("{time} {from} {text}"))
            .collect();
        lines.drain(..lines.len().saturating_sub(count));
        if self.has(Fault::NewestFirst) {
            lines.reverse();
        }
        several(340, lines, "messages")
    }
}

/// An answer of several lines.
fn several(code: u16, lines: Vec<String>, what: &str) -> String {
    let last = format!("{code} {} {what}", lines.len());
    let lines = lines.into_iter().map(|line| format!("{code}-{line}\n"));
    lines.chain([last]).collect()
}

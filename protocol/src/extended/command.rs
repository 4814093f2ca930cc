//! What a client says on La in extended mode.

use std::num::IntErrorKind;

use super::{EXTEND, HISTORY, RoomName};
use crate::{ChatText, UserName, command::split_keyword};

/// Every command there is in extended mode: its keyword, and its form as `402` and `/help` show it.
pub const FORMS: &[(&str, &str)] = &[
    ("/list", "/list"),
    ("/to", "/to NAME TEXT"),
    ("/toall", "/toall TEXT"),
    ("/exit", "/exit"),
    (EXTEND, "/extend"),
    ("/join", "/join CHANNEL"),
    ("/leave", "/leave CHANNEL"),
    ("/channels", "/channels"),
    ("/members", "/members CHANNEL"),
    ("/say", "/say CHANNEL TEXT"),
    ("/group", "/group NAME user user …"),
    ("/ungroup", "/ungroup NAME"),
    ("/groups", "/groups"),
    ("/togroup", "/togroup NAME TEXT"),
    ("/history", "/history WHO [N]"),
    ("/notices", "/notices on|off"),
    ("/who", "/who"),
    ("/help", "/help"),
];

/// A command in extended mode. Keywords may be in any case; fields are separated by exactly one
/// space, as in plain mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command<'a> {
    /// One of the handout's.
    Plain(crate::Command<'a>),
    /// `/extend`
    Extend,
    /// `/join CHANNEL`
    Join(RoomName<'a>),
    /// `/leave CHANNEL`
    Leave(RoomName<'a>),
    /// `/channels`
    Channels,
    /// `/members CHANNEL`
    Members(RoomName<'a>),
    /// `/say CHANNEL TEXT`
    Say(RoomName<'a>, ChatText<'a>),
    /// `/group NAME user user …`, at least one user.
    Group(RoomName<'a>, Vec<UserName<'a>>),
    /// `/ungroup NAME`
    Ungroup(RoomName<'a>),
    /// `/groups`
    Groups,
    /// `/togroup NAME TEXT`
    ToGroup(RoomName<'a>, ChatText<'a>),
    /// `/history WHO [N]`, N above 0.
    History(Who<'a>, usize),
    /// `/notices on` or `/notices off`
    Notices(bool),
    /// `/who`
    Who,
    /// `/help`
    Help,
}

/// Whose history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who<'a> {
    /// `*`: what was said to all.
    All,
    /// `#CHANNEL`
    Channel(RoomName<'a>),
    /// Any other word: what passed between that user and oneself.
    User(UserName<'a>),
}

/// Why a line is no command in extended mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The handout's `401`.
    Unknown,
    /// `402`: the command exists, and this is its form.
    Usage(&'static str),
}

impl<'a> Command<'a> {
    /// Reads a command from a line without its end.
    ///
    /// # Errors
    /// [`Wrong`], with what to answer.
    pub fn parse(line: &'a str) -> Result<Self, Wrong> {
        let (given, rest) = split_keyword(line);
        let mut known = FORMS
            .iter()
            .filter(|(keyword, _)| given.eq_ignore_ascii_case(keyword));
        match known.next() {
            Some((keyword, form)) => Self::from_parts(keyword, rest).ok_or(Wrong::Usage(form)),
            None => {
                // `/login` and `/port` exist, but their time is over.
                let keyword = given.to_ascii_lowercase();
                crate::Command::from_parts(&keyword, rest)
                    .map(Self::Plain)
                    .map_err(|_| Wrong::Unknown)
            }
        }
    }

    /// Reads the fields of a command of [`FORMS`]; `None` if they are not as its form asks.
    fn from_parts(keyword: &str, rest: Option<&'a str>) -> Option<Self> {
        let room = |word| RoomName::new(word).ok();
        let room_and_text = || {
            let (name, text) = rest?.split_once(' ')?;
            Some((room(name)?, ChatText::new(text).ok()?))
        };
        let alone = |command| if rest.is_none() { Some(command) } else { None };
        match keyword {
            EXTEND => alone(Self::Extend),
            "/join" => room(rest?).map(Self::Join),
            "/leave" => room(rest?).map(Self::Leave),
            "/channels" => alone(Self::Channels),
            "/members" => room(rest?).map(Self::Members),
            "/say" => room_and_text().map(|(channel, text)| Self::Say(channel, text)),
            "/group" => {
                let (name, users) = rest?.split_once(' ')?;
                let users: Result<_, _> = users.split(' ').map(UserName::new).collect();
                Some(Self::Group(room(name)?, users.ok()?))
            }
            "/ungroup" => room(rest?).map(Self::Ungroup),
            "/groups" => alone(Self::Groups),
            "/togroup" => room_and_text().map(|(group, text)| Self::ToGroup(group, text)),
            "/history" => history(rest?),
            "/notices" => match rest? {
                "on" => Some(Self::Notices(true)),
                "off" => Some(Self::Notices(false)),
                _ => None,
            },
            "/who" => alone(Self::Who),
            "/help" => alone(Self::Help),
            _ => crate::Command::from_parts(keyword, rest)
                .map(Self::Plain)
                .ok(),
        }
    }
}

fn history(rest: &str) -> Option<Command<'_>> {
    let (who, count) = match rest.split_once(' ') {
        Some((who, count)) => (who, decimal(count).filter(|&count| count > 0)?),
        None => (rest, HISTORY),
    };
    let who = match (who, who.strip_prefix('#')) {
        ("*", _) => Who::All,
        (_, Some(channel)) => Who::Channel(RoomName::new(channel).ok()?),
        (name, None) => Who::User(UserName::new(name).ok()?),
    };
    Some(Command::History(who, count))
}

/// Digits alone; what is more than any count there is stands for all there is.
fn decimal(digits: &str) -> Option<usize> {
    let count = match digits.parse::<usize>() {
        Ok(count) => count,
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => usize::MAX,
        Err(_) => return None,
    };
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_has_a_right_use() {
        let right = [
            "/list",
            "/to bob hi",
            "/toall hi",
            "/exit",
            "/extend",
            "/join rust",
            "/leave rust",
            "/channels",
            "/members rust",
            "/say rust  hi ",
            "/group lunch bob",
            "/ungroup lunch",
            "/groups",
            "/togroup lunch hi",
            "/history bob",
            "/notices on",
            "/who",
            "/help",
        ];
        assert_eq!(right.len(), FORMS.len());
        for (line, (keyword, _)) in right.iter().zip(FORMS) {
            let (given, rest) = split_keyword(line);
            assert_eq!(given, *keyword);
            let rest = rest.map_or(String::new(), |rest| format!(" {rest}"));
            for keyword in [given.to_owned(), given.to_uppercase()] {
                assert!(
                    Command::parse(&format!("{keyword}{rest}")).is_ok(),
                    "{keyword}{rest}"
                );
            }
        }
    }

    #[test]
    fn what_exists_but_is_used_wrongly_has_a_usage() {
        for (line, form) in [
            ("/list x", "/list"),
            ("/TO bob", "/to NAME TEXT"),
            ("/toall", "/toall TEXT"),
            ("/exit ", "/exit"),
            ("/extend now", "/extend"),
            ("/join", "/join CHANNEL"),
            ("/join two words", "/join CHANNEL"),
            ("/join  rust", "/join CHANNEL"),
            ("/join #rust", "/join CHANNEL"),
            ("/leave ", "/leave CHANNEL"),
            ("/channels all", "/channels"),
            ("/members", "/members CHANNEL"),
            ("/say rust", "/say CHANNEL TEXT"),
            ("/say rust ", "/say CHANNEL TEXT"),
            ("/group lunch", "/group NAME user user …"),
            ("/group lunch ", "/group NAME user user …"),
            ("/group lunch a  b", "/group NAME user user …"),
            ("/ungroup", "/ungroup NAME"),
            ("/groups x", "/groups"),
            ("/togroup lunch", "/togroup NAME TEXT"),
            ("/history", "/history WHO [N]"),
            ("/history bob 0", "/history WHO [N]"),
            ("/history bob x", "/history WHO [N]"),
            ("/history bob +5", "/history WHO [N]"),
            ("/history bob 5 6", "/history WHO [N]"),
            ("/history #", "/history WHO [N]"),
            ("/notices", "/notices on|off"),
            ("/notices ON", "/notices on|off"),
            ("/who x", "/who"),
            ("/help me", "/help"),
        ] {
            assert_eq!(Command::parse(line), Err(Wrong::Usage(form)), "{line:?}");
        }
        for line in [
            "",
            " ",
            "hello",
            "/",
            "/jion rust",
            "/login a",
            "/port x",
            "302 ok",
        ] {
            assert_eq!(Command::parse(line), Err(Wrong::Unknown), "{line:?}");
        }
    }

    #[test]
    fn whose_history() {
        let who = |line| match Command::parse(line) {
            Ok(Command::History(who, count)) => (who, count),
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(who("/history *"), (Who::All, HISTORY));
        assert_eq!(
            who("/history #rust 5"),
            (Who::Channel(RoomName::new("rust").unwrap()), 5)
        );
        assert_eq!(
            who("/history bob 100"),
            (Who::User(UserName::new("bob").unwrap()), 100)
        );
        let many = who("/history bob 99999999999999999999999999");
        assert_eq!(many.1, usize::MAX);
        for wrong in ["0", "000", "", "-1", "+1", "1.5", "x", "1 2"] {
            assert!(
                Command::parse(&format!("/history bob {wrong}")).is_err(),
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_line_is_judged(line in "(/[a-zA-Z]+)?[^\n]*") {
            let _ = Command::parse(&line);
        }
    }
}

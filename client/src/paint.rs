//! What lines look like: made harmless, and on a terminal in colour.

use protocol::{
    Delivery as Plain, Printable, Reply, Status, UserName,
    extended::{Delivery, RoomName},
};

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";

/// The colours of names: neither those of replies nor black or white, so that every one of them can
/// be read on a light and on a dark screen.
const NAMES: [&str; 6] = ["33", "34", "35", "36", "94", "95"];

/// Whether there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Colour,
}

impl Paint {
    /// A line that came on La: green or red by the number, which always stays.
    pub(crate) fn reply(self, line: &str) -> String {
        let colour = match Reply::parse(line) {
            Ok(reply) if succeeded(&reply) => GREEN,
            Ok(_) => RED,
            Err(_) => return Printable(line).to_string(),
        };
        let (number, text) = line.split_at(3);
        let number = self.paint(&format!("{BOLD};{colour}"), number);
        let text = match text {
            "" => String::new(),
            text => self.paint(colour, text),
        };
        number + &text
    }

    /// A line of an answer that goes on: the number tells of success, the rest is for reading.
    pub(crate) fn more(self, line: &str) -> String {
        let (number, text) = line.split_at(3);
        self.paint(&format!("{BOLD};{GREEN}"), number) + &Printable(text).to_string()
    }

    /// A chat message: when, who, for whom if not for oneself alone, what. Or a notice.
    pub(crate) fn delivery(self, time: &str, delivery: &Delivery<'_>) -> String {
        let (name, audience, text) = match *delivery {
            Delivery::Plain(Plain::From(name, text)) => (name, String::new(), text),
            Delivery::Plain(Plain::BroadcastFrom(name, text)) => {
                (name, self.paint(DIM, "(to all)"), text)
            }
            Delivery::Channel(room, name, text) => (name, self.audience("in", room), text),
            Delivery::Group(room, name, text) => (name, self.audience("to", room), text),
            Delivery::Came(name) => return self.notice(time, name, "came"),
            Delivery::Left(name) => return self.notice(time, name, "left"),
        };
        let gap = if audience.is_empty() { "" } else { " " };
        format!(
            "{} {}{gap}{audience}: {}",
            self.paint(DIM, &format!("[{time}]")),
            self.paint(
                &format!("{BOLD};{}", colour_of(name.as_str())),
                name.as_str()
            ),
            Printable(text.as_str()),
        )
    }

    /// A channel or a group, in a colour of its own that is not as bright as a sender's.
    fn audience(self, how: &str, room: RoomName<'_>) -> String {
        let room = self.paint(colour_of(room.as_str()), room.as_str());
        self.paint(DIM, &format!("({how} ")) + &room + &self.paint(DIM, ")")
    }

    fn notice(self, time: &str, name: UserName<'_>, what: &str) -> String {
        self.paint(DIM, &format!("[{time}] {name} {what}"))
    }

    /// A word of help from this program.
    pub(crate) fn hint(self, text: &str) -> String {
        self.paint(DIM, text)
    }

    fn paint(self, colour: &str, text: &str) -> String {
        match self {
            Self::Plain => Printable(text).to_string(),
            Self::Colour => format!("\x1b[{colour}m{}\x1b[0m", Printable(text)),
        }
    }
}

/// By the code alone. Of codes that the handout does not have, those from 400 on are failures.
fn succeeded(reply: &Reply<'_>) -> bool {
    !matches!(
        reply.status(),
        Some(Status::AuthenticationFailed | Status::ConnectionFailed | Status::DeliveryFailed)
    ) && reply.code() < 400
}

/// The same name has the same colour on every screen on every day (FNV-1a).
fn colour_of(name: &str) -> &'static str {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    NAMES[(hash % NAMES.len() as u64) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_green_or_red_and_keep_their_number() {
        for (line, painted) in [
            (
                "303 Message delivery successful",
                "\x1b[1;32m303\x1b[0m\x1b[32m Message delivery successful\x1b[0m",
            ),
            ("301", "\x1b[1;32m301\x1b[0m"),
            ("304 x", "\x1b[1;31m304\x1b[0m\x1b[31m x\x1b[0m"),
            (
                "102 \x1b[2J",
                "\x1b[1;31m102\x1b[0m\x1b[31m \\u{1b}[2J\x1b[0m",
            ),
            ("202 x", "\x1b[1;31m202\x1b[0m\x1b[31m x\x1b[0m"),
            ("401 x", "\x1b[1;31m401\x1b[0m\x1b[31m x\x1b[0m"),
            ("402 x", "\x1b[1;31m402\x1b[0m\x1b[31m x\x1b[0m"),
            ("210 x", "\x1b[1;32m210\x1b[0m\x1b[32m x\x1b[0m"),
            ("hello \x07", "hello \\u{7}"),
        ] {
            assert_eq!(Paint::Colour.reply(line), painted);
            assert_eq!(Paint::Plain.reply(line), Printable(line).to_string());
        }
    }

    #[test]
    fn messages_say_when_who_and_to_whom() {
        let plain = |line| Paint::Plain.delivery("10:31", &Delivery::parse(line).unwrap());
        for (line, shown) in [
            ("/channelfrom rust bob hi", "[10:31] bob (in rust): hi"),
            ("/groupfrom lunch bob hi", "[10:31] bob (to lunch): hi"),
            ("/notice bob came", "[10:31] bob came"),
            ("/notice b\x1bob left", "[10:31] b\\u{1b}ob left"),
        ] {
            assert_eq!(plain(line), shown);
        }
        assert_eq!(plain("/from bob hi"), "[10:31] bob: hi");
        assert_eq!(
            plain("/broadcastfrom bob hi\x1b"),
            "[10:31] bob (to all): hi\\u{1b}"
        );
        let painted = Paint::Colour.delivery("10:31", &Delivery::parse("/from bob hi").unwrap());
        let colour = colour_of("bob");
        assert_eq!(
            painted,
            format!("\x1b[2m[10:31]\x1b[0m \x1b[1;{colour}mbob\x1b[0m: hi")
        );
    }

    #[test]
    fn channels_are_told_apart_and_notices_are_dim() {
        let painted = |line| Paint::Colour.delivery("10:31", &Delivery::parse(line).unwrap());
        let (bob, rust) = (colour_of("bob"), colour_of("rust"));
        assert_eq!(
            painted("/channelfrom rust bob hi"),
            format!(
                "\x1b[2m[10:31]\x1b[0m \x1b[1;{bob}mbob\x1b[0m \
                 \x1b[2m(in \x1b[0m\x1b[{rust}mrust\x1b[0m\x1b[2m)\x1b[0m: hi"
            )
        );
        assert_eq!(
            painted("/notice bob came"),
            "\x1b[2m[10:31] bob came\x1b[0m"
        );
    }

    #[test]
    fn of_an_answer_that_goes_on_the_number_is_green() {
        for (line, painted) in [
            ("360-/list", "\x1b[1;32m360\x1b[0m-/list"),
            ("340-x \x07", "\x1b[1;32m340\x1b[0m-x \\u{7}"),
        ] {
            assert_eq!(Paint::Colour.more(line), painted);
            assert_eq!(Paint::Plain.more(line), Printable(line).to_string());
        }
    }

    #[test]
    fn colours_are_spread_over_names() {
        let names = (0..64).map(|number| format!("user{number}"));
        let mut colours: Vec<_> = names.map(|name| colour_of(&name)).collect();
        colours.sort_unstable();
        colours.dedup();
        assert_eq!(colours.len(), NAMES.len());
    }
}

//! Extended mode: channels, groups, history and notices, for a session that asked with [`EXTEND`].
//!
//! Nothing here changes a byte for those who did not ask. `docs/protocol.md`, part II, is the
//! normative description.
//!
//! ```
//! use protocol::extended::{Command, Wrong};
//!
//! assert!(matches!(Command::parse("/JOIN rust"), Ok(Command::Join(room)) if room.as_str() == "rust"));
//! assert_eq!(Command::parse("/join"), Err(Wrong::Usage("/join CHANNEL")));
//! assert_eq!(Command::parse("/jion rust"), Err(Wrong::Unknown));
//! ```

mod command;
mod delivery;
mod room;

pub use command::{Command, FORMS, Who, Wrong};
pub use delivery::Delivery;
pub use room::RoomName;

/// The command with which a session asks for extended mode.
pub const EXTEND: &str = "/extend";

/// How many messages `/history` shows when no number is given.
pub const HISTORY: usize = 20;

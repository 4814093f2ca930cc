//! What is said between the messenger's server and its clients, free of sockets and threads.
//!
//! A client dials the server: that connection is **La**. On La the client's thread Ta sends
//! [`Command`]s and the server answers each with one [`Reply`], a numbered [`Status`] and its text.
//! After `/login` and `/port` the server dials back to the client: that connection is **Lb**. On Lb
//! the server sends [`Delivery`] lines and the client's thread Tb answers each with a receipt, the
//! reply `302`.
//!
//! ```text
//! La   client: /login jacky 12345              server: 101 Authentication successful
//! La   client: /port 30232                     server: 201 Build connection successful
//! La   client: /to bob Hello!                  server: 303 Message delivery successful
//! Lb   server: /from bob Hello, Jacky!         client: 302 Message receipt successful
//! La   client: /exit                           server: 310 Bye bye
//! ```
//!
//! Every message is one line of UTF-8 ended by `\n`; [`LineReader`] cuts a byte stream into lines of
//! bounded length, and each format's module has its parsing and its formatting side by side.
//! `docs/protocol.md` is the normative description; "handout" names the assignment's text.
//!
//! All of that is the handout's. [`extended`] is what a session gets that asks for more.
//!
//! [`Printable`] makes words from strangers harmless on a terminal or in a log, and [`cli`] is the
//! command line that the programs share.

pub mod cli;
mod command;
mod delivery;
mod error;
pub mod extended;
mod line;
mod name;
mod password;
mod printable;
mod reply;
mod status;
mod text;

pub use command::Command;
pub use delivery::Delivery;
pub use error::{LineError, Malformed};
pub use line::{LineReader, MAX_ENDLESS, MAX_LINE, MAX_SERVER_LINE, set_line};
pub use name::{OwnedName, UserName};
pub use password::Password;
pub use printable::Printable;
pub use reply::Reply;
pub use status::Status;
pub use text::ChatText;

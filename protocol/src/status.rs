//! The numbered status codes.

use std::fmt;

/// Makes [`Status`] and its lookups out of one table: number, name, phrase.
macro_rules! statuses {
    (handout { $($handout:tt)+ } extension { $($extension:tt)+ }) => {
        statuses! { $($handout)+ $($extension)+ }

        impl Status {
            /// Those of the handout, in order of number: all that a session in plain mode sees.
            pub const HANDOUT: &[Self] = statuses!(@list $($handout)+);

            /// Those of extended mode, in order of number.
            pub const EXTENSION: &[Self] = statuses!(@list $($extension)+);
        }
    };
    (@list $( $(#[$doc:meta])* $code:literal $name:ident $phrase:literal; )+) => {
        &[$( Self::$name, )+]
    };
    ($( $(#[$doc:meta])* $code:literal $name:ident $phrase:literal; )+) => {
        /// A numbered status: of the handout, section II, or of extended mode.
        ///
        /// Programs judge a reply by its number alone; the phrase is for people.
        ///
        /// ```
        /// use protocol::Status;
        ///
        /// assert_eq!(Status::DeliverySuccessful.code(), 303);
        /// assert_eq!(Status::from_code(303), Some(Status::DeliverySuccessful));
        /// assert_eq!(Status::DeliverySuccessful.to_string(), "303 Message delivery successful");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Status { $( $(#[$doc])* $name = $code, )+ }

        impl Status {
            /// The status with this number, if there is one.
            pub const fn from_code(code: u16) -> Option<Self> {
                match code { $( $code => Some(Self::$name), )+ _ => None }
            }

            /// The name this project gives it, for logs and documents.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$name => stringify!($name), )+ }
            }

            /// The handout's phrase; empty where the text varies.
            pub const fn phrase(self) -> &'static str {
                match self { $( Self::$name => $phrase, )+ }
            }
        }
    };
}

statuses! {
handout {
    /// "User authentication": name and password are right; the user is online from here on.
    101 AuthenticationSuccessful "Authentication successful";
    /// "User authentication": they are not, or the user is online already.
    102 AuthenticationFailed "Authentication failed";
    /// "Establishing another TCP connection": Lb stands.
    201 ConnectionSuccessful "Build connection successful";
    /// "Establishing another TCP connection": the server could not dial Lb.
    202 ConnectionFailed "Build connection failed";
    /// "Handling commands", `/list`: the names of those online are the text.
    301 OnlineUsers "";
    /// "Handling commands", `/to`: the receipt, which a client sends on Lb for each delivery.
    302 ReceiptSuccessful "Message receipt successful";
    /// "Handling commands", `/to` and `/toall`: every receiver acknowledged.
    303 DeliverySuccessful "Message delivery successful";
    /// "Handling commands", `/to` and `/toall`: somebody was not reached or did not acknowledge.
    304 DeliveryFailed "Message delivery failed";
    /// "Handling commands", `/exit`.
    310 Bye "Bye bye";
    /// "Dealing with incorrect message format".
    401 UnrecognizedMessage "Unrecognized message";
}
extension {
    /// `/extend`.
    210 Extended "Extended mode";
    /// `/join`.
    220 Joined "";
    /// `/join` of a channel one is in.
    221 AlreadyJoined "";
    /// `/leave`.
    222 Left "";
    /// `/group`.
    230 GroupMade "";
    /// `/ungroup`.
    231 GroupGone "";
    /// `/notices`.
    250 Notices "";
    /// `/channels`: name and number of members of each.
    320 Channels "";
    /// `/members`: the names.
    321 Members "";
    /// `/groups`: name and number of members of each.
    330 Groups "";
    /// `/history`: a line a message, then their number.
    340 History "";
    /// `/who`: a line a user, then their number.
    350 Who "";
    /// `/help`: a line a command, then their number.
    360 Help "";
    /// A command that exists, in a wrong form; the right one is the text.
    402 Usage "";
    /// A channel or group that is not there, or that one is not in.
    404 NotThere "";
    /// A name that is nobody's.
    405 UnknownUser "";
}
}

impl Status {
    /// The three-digit number.
    pub const fn code(self) -> u16 {
        self as u16
    }
}

/// The reply without its line end: the number, then the phrase if there is one.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code())?;
        match self.phrase() {
            "" => Ok(()),
            phrase => write!(f, " {phrase}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_found_by_number() {
        assert_eq!(Status::HANDOUT.len(), 10);
        assert!(Status::HANDOUT.is_sorted() && Status::EXTENSION.is_sorted());
        for &status in [Status::HANDOUT, Status::EXTENSION].concat().iter() {
            assert_eq!(Status::from_code(status.code()), Some(status));
        }
        assert_eq!(Status::from_code(300), None);
    }

    #[test]
    fn every_phrase_is_the_handouts() {
        let lines: Vec<String> = Status::HANDOUT.iter().map(Status::to_string).collect();
        assert_eq!(
            lines,
            [
                "101 Authentication successful",
                "102 Authentication failed",
                "201 Build connection successful",
                "202 Build connection failed",
                "301",
                "302 Message receipt successful",
                "303 Message delivery successful",
                "304 Message delivery failed",
                "310 Bye bye",
                "401 Unrecognized message",
            ]
        );
    }
}

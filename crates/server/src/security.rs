//! What is noticed at the door, and what of it is worth an alarm. Knows no request and no store.
//!
//! Everything that decides who comes in, or that somebody may not do something, is noted here:
//! kind, person or key where known, network, shape of the address. Repeats within an hour are one
//! row with a count, and an hour has a largest number of rows, so that nobody fills the disk or
//! pushes older rows out ([`Tally`]). [`alarm`] looks at an hour and says what is unusual.

pub mod alarm;
mod tally;

use std::net::IpAddr;

use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use uuid::Uuid;

pub use tally::{OTHERS, PEOPLE_ROWS_MAX, STRANGERS_ROWS_MAX, Tally};

/// The network of somebody whose address nobody knows: the console, a test.
pub const NOWHERE: &str = "-";
/// Target of the log lines that tell of security.
pub const LOG_TARGET: &str = "comity::security";

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $outcome:ident;)+) => {
        /// What was noticed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $name,)+ }

        impl Kind {
            /// Every kind.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// Its word, as the security log has it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// How it ended.
            #[must_use]
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$name => Outcome::$outcome,)+ }
            }
        }
    };
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody came in, or out, as is right.
    Succeeded,
    /// Somebody failed to prove who it is.
    Failed,
    /// Somebody wanted what is not allowed.
    Refused,
}

impl Outcome {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

kinds! {
    /// A log-in with a passkey.
    LogIn = "log_in", Succeeded;
    /// A log-in from a network that this person never came from.
    NewPlace = "new_place", Succeeded;
    /// Calls with a client certificate that the directory knows.
    Certificate = "certificate", Succeeded;
    /// A passkey was enrolled by a one-time link.
    Enrolled = "enrolled", Succeeded;
    /// A grave act, proven by a fresh touch of the passkey.
    Proven = "proven", Succeeded;
    /// A log-out.
    LogOut = "log_out", Succeeded;
    /// A log-in that failed: unknown passkey, stopped officer, wrong answer.
    LogInFailed = "log_in_failed", Failed;
    /// A one-time link that opens nothing, or an enrolment that failed.
    LinkFailed = "link_failed", Failed;
    /// A fresh proof for a grave act that failed.
    ProofFailed = "proof_failed", Failed;
    /// A client certificate that the directory does not know, or no longer.
    CertificateFailed = "certificate_failed", Failed;
    /// A signed message whose signature does not hold.
    SignatureFailed = "signature_failed", Failed;
    /// Somebody known wanted what is not there for that person.
    NotAllowed = "not_allowed", Refused;
    /// Somebody unknown wanted what is not there.
    NothingThere = "nothing_there", Refused;
    /// A form of another site, or of another session.
    ForeignForm = "foreign_form", Refused;
    /// More often than a limit allows.
    TooOften = "too_often", Refused;
    /// Input that cannot be read.
    BadInput = "bad_input", Refused;
    /// The desk said no to an act: out of order, or against a rule.
    RefusedAct = "refused_act", Refused;
}

impl Kind {
    /// The kind of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What an answer with an error says about whoever asked; nothing for faults of our own.
    #[must_use]
    pub const fn of_error(error: &crate::error::Error, is_known: bool) -> Option<Self> {
        use crate::error::Error;
        match error {
            Error::Hidden if is_known => Some(Self::NotAllowed),
            Error::Hidden => Some(Self::NothingThere),
            Error::Refused(_) => Some(Self::RefusedAct),
            Error::TooOften { .. } => Some(Self::TooOften),
            Error::Input { .. } | Error::TooLarge { .. } => Some(Self::BadInput),
            Error::Busy | Error::Unavailable(_) | Error::Internal(_) => None,
        }
    }
}

/// What an answer says about whoever asked, by whether that one is known; it travels in the
/// answer's extensions to the layer that notes it.
#[derive(Clone, Copy, Debug)]
pub struct Telling {
    /// Of somebody known.
    pub known: Option<Kind>,
    /// Of a stranger.
    pub stranger: Option<Kind>,
}

impl Telling {
    /// The same of everybody.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        Self { known: Some(kind), stranger: Some(kind) }
    }

    /// What an error says.
    #[must_use]
    pub const fn of_error(error: &crate::error::Error) -> Self {
        Self { known: Kind::of_error(error, true), stranger: Kind::of_error(error, false) }
    }

    /// What an answer says: what it carries, or for the framework's own refusals their status.
    #[must_use]
    pub fn of_answer(response: &Response) -> Self {
        let carried = response.extensions().get::<Self>().copied();
        carried.unwrap_or_else(|| match response.status() {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Self::of_error(&crate::error::Error::Hidden)
            }
            StatusCode::TOO_MANY_REQUESTS => Self::of(Kind::TooOften),
            status if status.is_client_error() => Self::of(Kind::BadInput),
            _ => Self { known: None, stranger: None },
        })
    }
}

/// The door that a request came to: its method and the shape of its address. Nothing of it is the
/// caller's own choice, so that nobody makes up new doors.
#[must_use]
pub fn place(method: &Method, matched: Option<&MatchedPath>) -> String {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    let method = known.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER");
    format!("{method} {}", matched.map_or("-", MatchedPath::as_str))
}

/// One thing noticed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Note {
    /// What.
    pub kind: Kind,
    /// Who, where known.
    pub who: Option<Uuid>,
    /// From which network ([`network`]).
    pub source: String,
    /// Method and shape of the address (`GET /requests/{request}`), never an id.
    pub place: String,
}

/// The network of an address: its first 24 bits, or 48 of IPv6. Enough to see who floods and
/// whether somebody comes from elsewhere; it names no single machine.
#[must_use]
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{Kind, network};

    #[test]
    fn an_address_is_cut_to_its_network() {
        let of = |text: &str| network(text.parse().expect("an address"));
        expect!["192.0.2.0/24"].assert_eq(&of("192.0.2.7"));
        expect!["2001:db8:7::/48"].assert_eq(&of("2001:db8:7:1::9"));
        expect!["192.0.2.0/24"].assert_eq(&of("::ffff:192.0.2.7"));
        expect!["0:0:0::/48"].assert_eq(&of("::1"));
    }

    #[test]
    fn words_are_kinds_and_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_word(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::of_word("case"), None);
    }
}

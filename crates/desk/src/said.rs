//! Sentences of the program apart from any language: which sentence it is, and what fills its
//! blanks.
//!
//! Knows no language. The English beside each sentence is what programs and logs read; whoever
//! speaks to people looks the sentence up by its code and fills in the same blanks. A crate
//! declares its sentences with [`sayings!`](crate::sayings), so that no sentence is without a code
//! and no code is without its blanks.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::calendar::Length;
use crate::clock::ClockName;
use crate::ids::{AskNumber, ExhibitNumber};
use crate::order::{
    AskKind, Authentication, Channel, DataCategory, EmergencyKind, Format, InstrumentKind,
    IssuerType, ListedOffence, Rank, SelectorKind, Service,
};
use crate::policy::{Action, Role};
use crate::request::{EffectKind, HoldReason, IdentityMethod, MissingReason, Outcome, RefusalCode};
use crate::suspicion::MarkReason;

/// What fills a blank of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blank {
    /// A number, which may choose a plural.
    Number(u64),
    /// The same in every language: an id, a name, a digest, a zone.
    Same(String),
    /// Words of closed lists, joined by commas.
    Words(Vec<Word>),
    /// A length of time.
    Length(Length),
    /// A moment.
    Moment(Timestamp),
    /// A day.
    Day(Date),
    /// Words that a rule pack has in several languages.
    Text(crate::pack::Text),
    /// Other sentences, joined.
    Sentences(Vec<Sentence>, Joint),
}

/// A word of a closed list, in the family that its words are kept under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The family.
    pub family: &'static str,
    /// The stable word.
    pub word: &'static str,
}

/// What stands between sentences that fill one blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joint {
    /// All of them hold.
    And,
    /// One of them is enough.
    Or,
}

/// One sentence with its blanks filled, and what to do about it if it says what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Its stable code: `no-filed-already`.
    pub code: &'static str,
    /// What fills its blanks, by name.
    pub blanks: Vec<(&'static str, Blank)>,
    /// The sentence in English.
    pub english: String,
    /// What to do, in English.
    pub english_fix: Option<String>,
}

/// What a sentence is, apart from what fills it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// Its stable code.
    pub code: &'static str,
    /// The names of its blanks.
    pub blanks: &'static [&'static str],
    /// True when it says what to do as well.
    pub has_fix: bool,
}

impl fmt::Display for Sentence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.english)
    }
}

/// What can fill a blank.
pub trait Fills {
    /// The value as a blank takes it.
    fn blank(&self) -> Blank;
}

/// Several words of one closed list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: fmt::Display> fmt::Display for List<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    }
}

impl<T: Fills> Fills for List<T> {
    fn blank(&self) -> Blank {
        let words = self.0.iter().flat_map(|item| match item.blank() {
            Blank::Words(words) => words,
            _ => Vec::new(),
        });
        Blank::Words(words.collect())
    }
}

/// Sentences of which one is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyOf<T>(pub Vec<T>);

impl<T: fmt::Display> fmt::Display for AnyOf<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", or "))
    }
}

impl<T> Fills for AnyOf<T>
where
    for<'a> Sentence: From<&'a T>,
{
    fn blank(&self) -> Blank {
        Blank::Sentences(self.0.iter().map(Sentence::from).collect(), Joint::Or)
    }
}

/// Sentences that all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllOf<T>(pub Vec<T>);

impl<T: fmt::Display> fmt::Display for AllOf<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

impl<T> Fills for AllOf<T>
where
    for<'a> Sentence: From<&'a T>,
{
    fn blank(&self) -> Blank {
        Blank::Sentences(self.0.iter().map(Sentence::from).collect(), Joint::And)
    }
}

macro_rules! families {
    ($($kind:ty: $family:literal,)*) => {$(
        impl Fills for $kind {
            fn blank(&self) -> Blank {
                Blank::Words(vec![Word { family: $family, word: self.as_str() }])
            }
        }
    )*};
}

families! {
    Action: "act",
    AskKind: "ask",
    Authentication: "authentication",
    Channel: "channel",
    DataCategory: "category",
    EffectKind: "effect",
    EmergencyKind: "emergency",
    Format: "format",
    HoldReason: "hold",
    IdentityMethod: "method",
    InstrumentKind: "instrument",
    IssuerType: "issuer",
    ListedOffence: "offence",
    MarkReason: "mark",
    MissingReason: "missing",
    Outcome: "outcome",
    Rank: "rank",
    RefusalCode: "code",
    Role: "role",
    SelectorKind: "selector",
    Service: "service",
    StageName: "stage",
}

/// The name of a state, as `Stage::name` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageName(pub &'static str);

impl StageName {
    const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

macro_rules! fills {
    ($($kind:ty: |$value:ident| $blank:expr,)*) => {$(
        impl Fills for $kind {
            fn blank(&self) -> Blank {
                let $value = self;
                $blank
            }
        }
    )*};
}

fills! {
    u8: |number| Blank::Number(u64::from(*number)),
    u16: |number| Blank::Number(u64::from(*number)),
    u32: |number| Blank::Number(u64::from(*number)),
    u64: |number| Blank::Number(*number),
    usize: |number| Blank::Number(u64::try_from(*number).unwrap_or(u64::MAX)),
    AskNumber: |number| Blank::Number(u64::from(number.0)),
    ExhibitNumber: |number| Blank::Number(u64::from(number.0)),
    String: |text| Blank::Same(text.clone()),
    &'static str: |text| Blank::Same((*text).to_owned()),
    ClockName: |name| Blank::Same(name.to_string()),
    Length: |length| Blank::Length(*length),
    Timestamp: |at| Blank::Moment(*at),
    Date: |day| Blank::Day(*day),
}

/// Declares sentences as an enum: each variant has a stable code, its English, and perhaps, after
/// `=>`, what to do about it. Fields are the blanks.
///
/// ```
/// desk::sayings! {
///     /// What is wrong with a number.
///     Wrong in "wrong" {
///         TooLarge { most: u32 } = "too-large": "it is above {most}" => "take a smaller one",
///     }
/// }
/// let wrong = Wrong::TooLarge { most: 9 };
/// let sentence = desk::said::Sentence::from(&wrong);
/// assert_eq!(wrong.to_string(), "it is above 9");
/// assert_eq!(wrong.fix(), "take a smaller one");
/// assert_eq!(sentence.code, "wrong-too-large");
/// ```
#[macro_export]
macro_rules! sayings {
    ($(#[$meta:meta])* $name:ident in $family:literal {
        $($variant:ident $({ $($field:ident: $kind:ty),+ $(,)? })? =
            $code:literal: $english:literal $(=> $fix:literal)?,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = $english] $variant $({ $(
                #[doc = concat!("Fills `", stringify!($field), "`.")] $field: $kind,
            )+ })?,)*
        }

        impl $name {
            /// Every sentence, for whoever has words for them.
            pub const DECLARED: &'static [$crate::said::Declared] = &[$(
                $crate::said::Declared {
                    code: concat!($family, "-", $code),
                    blanks: &[$($(stringify!($field),)+)?],
                    has_fix: {
                        let fixes: &[&str] = &[$($fix,)?];
                        !fixes.is_empty()
                    },
                },
            )*];

            /// The stable code of the sentence.
            pub const fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant $({ $($field: _,)+ })? => concat!($family, "-", $code),)*
                }
            }

            /// What to do about it, in English; empty where the sentence says it itself.
            pub fn fix(&self) -> String {
                match self { $(Self::$variant $({ $($field,)+ })? => {
                    $($(let _ = $field;)+)?
                    let fixes: Vec<String> = vec![$(format!($fix))?];
                    fixes.into_iter().next().unwrap_or_default()
                })* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self { $(Self::$variant $({ $($field,)+ })? => {
                    $($(let _ = $field;)+)?
                    write!(out, $english)
                })* }
            }
        }

        impl std::error::Error for $name {}

        impl From<&$name> for $crate::said::Sentence {
            fn from(said: &$name) -> Self {
                let blanks = match said { $($name::$variant $({ $($field,)+ })? => {
                    vec![$($((stringify!($field), $crate::said::Fills::blank($field)),)+)?]
                })* };
                let fix = said.fix();
                Self {
                    code: said.code(),
                    blanks,
                    english: said.to_string(),
                    english_fix: (!fix.is_empty()).then_some(fix),
                }
            }
        }

        impl From<$name> for $crate::said::Sentence {
            fn from(said: $name) -> Self {
                Self::from(&said)
            }
        }

        impl $crate::said::Fills for $name {
            fn blank(&self) -> $crate::said::Blank {
                let one = vec![$crate::said::Sentence::from(self)];
                $crate::said::Blank::Sentences(one, $crate::said::Joint::And)
            }
        }
    };
}

//! Clocks: what runs, since when, until when, by which article. Knows neither the time (it is
//! passed in) nor the law (rule packs name every clock).

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::calendar::Length;
use crate::words::words;

/// The longest name of a clock, in characters.
pub const CLOCK_NAME_CHARACTERS_MAX: usize = 40;

/// The shares of a period, in percent, at which a running clock warns.
pub const WARNING_PERCENTS: [u8; 3] = [50, 80, 95];

/// The name a rule pack gives a clock: lower-case letters, digits and dashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ClockName(String);

impl ClockName {
    /// Reads a name; `None` when it is empty, too long or has other characters.
    pub fn parse(text: &str) -> Option<Self> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let sound = (1..=CLOCK_NAME_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(good);
        sound.then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClockName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClockName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "a clock's name is 1 to 40 lower-case letters, digits and dashes",
            )
        })
    }
}

words! {
    /// What the end of a clock means.
    ClockKind {
        /// Something must be done before the end; else the clock is breached.
        DueBy = "due_by",
        /// Nothing may be handed over before the end.
        NotBefore = "not_before",
        /// Time given to somebody else; it ends by itself and blocks nothing.
        Window = "window",
    }
}

words! {
    /// Whose time is running.
    Party {
        /// Ours.
        Provider = "provider",
        /// The authority that issued the order.
        IssuingAuthority = "issuing_authority",
        /// The authority of the State where the order is enforced.
        EnforcingAuthority = "enforcing_authority",
        /// The officer.
        Officer = "officer",
    }
}

/// A clock as it was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockStart {
    /// Its name in the rule pack, unique within an ask while it runs.
    pub name: ClockName,
    /// What its end means.
    pub kind: ClockKind,
    /// Whose time it is.
    pub whose: Party,
    /// When it began.
    pub start: Timestamp,
    /// The first moment after the period.
    pub due: Timestamp,
    /// The length in the law; absent where the order itself states the time.
    pub length: Option<Length>,
    /// How it was counted, in words.
    pub counting: String,
    /// The article.
    pub article: String,
    /// True when no one has checked the rule against the text of the law.
    pub unchecked: bool,
}

/// A clock of an ask, with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// As started; `due` moves when a pause ends.
    pub start: ClockStart,
    /// What became of it.
    pub status: ClockStatus,
}

/// What became of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockStatus {
    /// Running.
    Running,
    /// Standing still since a moment.
    Paused {
        /// Since when.
        since: Timestamp,
    },
    /// Ended in time, or no longer needed.
    Stopped {
        /// When.
        at: Timestamp,
        /// Why.
        reason: StopReason,
    },
    /// Its end passed with the duty not done.
    Breached {
        /// The end that was missed.
        due: Timestamp,
    },
}

words! {
    /// Why a clock stopped.
    StopReason {
        /// What it waited for was done in time.
        Met = "met",
        /// A not-before clock or a window came to its end.
        Reached = "reached",
        /// The authority whose time it was said that it needs no more of it.
        Cleared = "cleared",
        /// The ask ended, so nothing is owed any more.
        Ended = "ended",
        /// Another clock took its place.
        Replaced = "replaced",
    }
}

/// How far a running clock has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Not yet at the first warning.
    Early,
    /// At or past this warning, in percent (50, 80 or 95).
    Warned(u8),
    /// At or past its end.
    Over,
}

impl Clock {
    /// True until it is stopped or breached.
    pub const fn is_open(&self) -> bool {
        matches!(self.status, ClockStatus::Running | ClockStatus::Paused { .. })
    }

    /// How far it has come; `None` unless it runs.
    pub fn progress(&self, now: Timestamp) -> Option<Progress> {
        if self.status != ClockStatus::Running {
            return None;
        }
        if now >= self.start.due {
            return Some(Progress::Over);
        }
        let warned = WARNING_PERCENTS.into_iter().rev().find(|at| self.warning_time(*at) <= now);
        Some(warned.map_or(Progress::Early, Progress::Warned))
    }

    /// The next moment at which `progress` changes, for whoever wakes the desk up.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        if self.status != ClockStatus::Running {
            return None;
        }
        let warnings = WARNING_PERCENTS.into_iter().map(|at| self.warning_time(at));
        warnings.chain([self.start.due]).find(|at| *at > now)
    }

    /// True when this clock forbids handing anything over now.
    pub fn blocks_delivery(&self, now: Timestamp) -> bool {
        self.start.kind == ClockKind::NotBefore && self.is_open() && now < self.start.due
    }

    /// The end after standing still from `since` to `now`: the rest of the time is kept.
    pub(crate) fn due_after_pause(&self, since: Timestamp, now: Timestamp) -> Timestamp {
        let pause = now.duration_since(since.min(now));
        self.start.due.checked_add(pause).unwrap_or(Timestamp::MAX)
    }

    fn warning_time(&self, percent: u8) -> Timestamp {
        let start = self.start.start.as_microsecond();
        let length = i128::from(self.start.due.as_microsecond()) - i128::from(start);
        let past = length.max(0) * i128::from(percent) / 100;
        i64::try_from(i128::from(start) + past)
            .ok()
            .and_then(|at| Timestamp::from_microsecond(at).ok())
            .unwrap_or(self.start.due)
    }
}

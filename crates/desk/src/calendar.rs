//! Deadlines: from a moment and a length to the first moment after the period. Knows no law:
//! lengths, counting rules, zones and holidays come from rule packs and orders.

use std::fmt;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::words::words;

/// The longest length, in its own unit.
pub const LENGTH_UNITS_MAX: u16 = 3_700;

/// The most days looked ahead for the next working day.
pub const WORKING_DAY_SEARCH_DAYS_MAX: u16 = 366;

/// The most holidays one calendar may name.
pub const HOLIDAYS_MAX: usize = 1_000;

words! {
    /// The unit of a length of time in a law.
    Unit {
        /// Sixty minutes each, from the moment itself.
        Hours = "hours",
        /// Calendar days; the period ends with the end of its last day.
        Days = "days",
        /// Days that are neither weekend nor holiday.
        WorkingDays = "working days",
        /// Calendar months.
        Months = "months",
        /// Calendar years.
        Years = "years",
    }
}

/// A length as laws write it: "8 hours", "10 days", "5 working days", "1 years".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Length {
    /// How many units, from 1.
    pub count: u16,
    /// The unit.
    pub unit: Unit,
}

impl Length {
    /// Reads "10 days" and alike; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once(' ')?;
        let count = count.parse().ok().filter(|count| (1..=LENGTH_UNITS_MAX).contains(count))?;
        Some(Self { count, unit: Unit::from_word(unit)? })
    }
}

impl fmt::Display for Length {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.count, self.unit)
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "a length is a number from 1 to 3700 and one of: hours, days, working days, \
                 months, years",
            )
        })
    }
}

words! {
    /// Whether the day of the event is part of the period.
    FirstDay {
        /// The period begins with the day after the event.
        NextDay = "next_day",
        /// The day of the event is the first day of the period.
        SameDay = "same_day",
    }
}

words! {
    /// What happens when the last day is no working day.
    LastDay {
        /// The period ends on that day all the same.
        Stays = "stays",
        /// The period ends with the next working day.
        NextWorkingDay = "next_working_day",
    }
}

/// How days are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counting {
    /// Whether the day of the event counts.
    pub first_day: FirstDay,
    /// What a weekend or holiday at the end does.
    pub last_day: LastDay,
}

/// The days on which an authority does not work, besides Saturday and Sunday.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    /// The named holidays, sorted.
    pub holidays: Vec<Date>,
    /// The first and last day the list speaks for; `None` when there is no list.
    pub covers: Option<(Date, Date)>,
}

/// A computed end of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// The first moment after the period: in time is strictly before it.
    pub due: Timestamp,
    /// How it was counted, in words.
    pub counting: String,
}

/// Why a deadline could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The zone is not in the bundled zone database.
    #[error("`{zone}` is no IANA time zone; name one such as Europe/Brussels")]
    UnknownZone {
        /// The name as given.
        zone: String,
    },
    /// The period ends beyond the range of dates.
    #[error("{length} after {start} is beyond the year 9999; give an earlier start")]
    OutOfRange {
        /// The start.
        start: Timestamp,
        /// The length.
        length: Length,
    },
}

impl Calendar {
    /// True on Monday to Friday, unless the list names the day.
    pub fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            && self.holidays.binary_search(&day).is_err()
    }

    /// The first moment after a period that starts with an event at `start`.
    ///
    /// # Errors
    /// An unknown zone, or an end beyond the range of dates.
    pub fn deadline(
        &self,
        start: Timestamp,
        length: Length,
        counting: Counting,
        zone: &str,
    ) -> Result<Deadline, CalendarError> {
        let out_of_range = |_| CalendarError::OutOfRange { start, length };
        let count = i64::from(length.count);
        if length.unit == Unit::Hours {
            let due = start.checked_add(count.hours()).map_err(out_of_range)?;
            return Ok(Deadline { due, counting: "hours from the moment of the event".into() });
        }
        let time_zone = TimeZone::get(zone)
            .map_err(|_| CalendarError::UnknownZone { zone: zone.to_owned() })?;
        let event_day = start.to_zoned(time_zone.clone()).date();
        let before_first = match counting.first_day {
            FirstDay::NextDay => event_day,
            FirstDay::SameDay => event_day.checked_sub(1.day()).map_err(out_of_range)?,
        };
        let end = match length.unit {
            Unit::WorkingDays => self.add_working_days(before_first, length.count),
            unit => before_first.checked_add(calendar_span(unit, count)),
        };
        let mut last = end.map_err(out_of_range)?;
        if counting.last_day == LastDay::NextWorkingDay {
            last = self.working_day_from(last).map_err(out_of_range)?;
        }
        // The day after begins where the last day ends, whatever daylight saving does to it.
        let after = last.checked_add(1.day()).map_err(out_of_range)?;
        let due = after.to_zoned(time_zone).map_err(out_of_range)?.timestamp();
        Ok(Deadline { due, counting: self.note(length, counting, zone, event_day, last) })
    }

    fn add_working_days(&self, before_first: Date, count: u16) -> Result<Date, jiff::Error> {
        let mut day = before_first;
        for _ in 0..count {
            day = self.working_day_from(day.checked_add(1.day())?)?;
        }
        Ok(day)
    }

    fn working_day_from(&self, first: Date) -> Result<Date, jiff::Error> {
        let mut day = first;
        for _ in 0..WORKING_DAY_SEARCH_DAYS_MAX {
            if self.is_working_day(day) {
                break;
            }
            day = day.checked_add(1.day())?;
        }
        Ok(day)
    }

    fn note(
        &self,
        length: Length,
        counting: Counting,
        zone: &str,
        event_day: Date,
        last: Date,
    ) -> String {
        let first = match counting.first_day {
            FirstDay::NextDay => "the day of the event does not count",
            FirstDay::SameDay => "the day of the event counts",
        };
        let mut note = format!("{}, {first}, until the end of {last} in {zone}", length.unit);
        let looks_at_working_days =
            length.unit == Unit::WorkingDays || counting.last_day == LastDay::NextWorkingDay;
        if counting.last_day == LastDay::NextWorkingDay {
            note.push_str(", a last day that is no working day moves to the next one");
        }
        let covered = self.covers.is_some_and(|(from, until)| from <= event_day && last <= until);
        if looks_at_working_days && !covered {
            note.push_str("; only weekends were counted, no holiday calendar covers these days");
        }
        note
    }
}

fn calendar_span(unit: Unit, count: i64) -> Span {
    match unit {
        Unit::Months => count.months(),
        Unit::Years => count.years(),
        Unit::Days | Unit::Hours | Unit::WorkingDays => count.days(),
    }
}

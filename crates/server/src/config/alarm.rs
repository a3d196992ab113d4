//! `[alarm]` of comity.toml: from when on something is unusual, and who is told.

use jiff::civil;
use jiff::tz::TimeZone;
use serde::Deserialize;
use uuid::Uuid;

use crate::security::alarm::{OddHours, Thresholds};

/// Days that the store keeps rows of the security log in any case.
pub const LOG_DAYS_MIN: u32 = 90;
/// More is no threshold any more.
const THRESHOLD_MAX: u64 = 1_000_000;
/// People who are told of alarms.
const PEOPLE_MAX: usize = 20;

/// From when on something is unusual, and who is told. Counts are of one hour of the clock.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alarm {
    /// Ids of staff who are told by mail; without any, all administrators and auditors.
    pub people: Vec<Uuid>,
    /// Days that rows of the security log are kept.
    pub log_days: u32,
    /// Reads of one person or key.
    pub reads: u64,
    /// Exhibits and packages opened by one person or key.
    pub exports: u64,
    /// Refusals of one person, or of one network.
    pub refusals: u64,
    /// Failed log-ins from one network.
    pub failed_log_ins: u64,
    /// Failed log-ins from anywhere.
    pub failed_log_ins_everywhere: u64,
    /// When nobody of the staff works.
    pub odd_hours: Option<OddHoursConfig>,
}

/// `odd_hours = { from = "22:00", until = "06:00", zone = "Europe/Berlin", weekends = true }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OddHoursConfig {
    /// They begin.
    pub from: String,
    /// They end.
    pub until: String,
    /// IANA name of the place whose clock counts.
    pub zone: String,
    /// Saturdays and Sundays as a whole as well.
    #[serde(default)]
    pub weekends: bool,
}

impl Default for Alarm {
    fn default() -> Self {
        Self {
            people: Vec::new(),
            log_days: 365,
            reads: 300,
            exports: 30,
            refusals: 50,
            failed_log_ins: 10,
            failed_log_ins_everywhere: 100,
            odd_hours: None,
        }
    }
}

impl Alarm {
    /// What is wrong with it; none when nothing is.
    pub(super) fn fault(&self) -> Option<String> {
        let counts = [
            ("reads", self.reads),
            ("exports", self.exports),
            ("refusals", self.refusals),
            ("failed_log_ins", self.failed_log_ins),
            ("failed_log_ins_everywhere", self.failed_log_ins_everywhere),
        ];
        if let Some((name, count)) =
            counts.into_iter().find(|(_, count)| !(1..=THRESHOLD_MAX).contains(count))
        {
            return Some(format!("alarm.{name} is {count}; use 1 to {THRESHOLD_MAX}"));
        }
        if self.log_days < LOG_DAYS_MIN {
            let days = self.log_days;
            return Some(format!(
                "alarm.log_days is {days}; the store keeps {LOG_DAYS_MIN} at least"
            ));
        }
        if self.people.len() > PEOPLE_MAX {
            let count = self.people.len();
            return Some(format!("alarm.people names {count}; at most {PEOPLE_MAX}"));
        }
        self.odd_hours.as_ref().and_then(|odd| odd.read().err())
    }

    /// The thresholds, as the rules want them.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        Thresholds {
            reads: self.reads,
            exports: self.exports,
            refusals: self.refusals,
            failed_log_ins: self.failed_log_ins,
            failed_log_ins_everywhere: self.failed_log_ins_everywhere,
            // What cannot be read was refused when the file was.
            odd_hours: self.odd_hours.as_ref().and_then(|odd| odd.read().ok()),
        }
    }
}

impl OddHoursConfig {
    fn read(&self) -> Result<OddHours, String> {
        let time = |name: &str, text: &str| {
            let why = || format!("alarm.odd_hours.{name} is {text:?}; write it like \"22:00\"");
            text.parse::<civil::Time>().map_err(|_| why())
        };
        let zone = TimeZone::get(&self.zone).map_err(|_| {
            format!("alarm.odd_hours.zone is {:?}; name it like \"Europe/Berlin\"", self.zone)
        })?;
        let (from, until) = (time("from", &self.from)?, time("until", &self.until)?);
        Ok(OddHours { from, until, zone, weekends: self.weekends })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::tests::refused;

    fn check(extra: &str, expected: &Expect) {
        expected.assert_eq(refused(extra).trim_start_matches("/comity.toml: "));
    }

    #[test]
    fn a_threshold_is_a_count() {
        check("[alarm]\nreads = 500", &expect!["accepted"]);
        check("[alarm]\nreads = 0", &expect!["alarm.reads is 0; use 1 to 1000000"]);
        check(
            "[alarm]\nlog_days = 30",
            &expect!["alarm.log_days is 30; the store keeps 90 at least"],
        );
        let odd = |from: &str, zone: &str| {
            format!(
                "[alarm]\nodd_hours = {{ from = \"{from}\", until = \"06:00\", zone = \"{zone}\" }}"
            )
        };
        check(&odd("22:00", "Europe/Berlin"), &expect!["accepted"]);
        check(
            &odd("ten", "UTC"),
            &expect![[r#"alarm.odd_hours.from is "ten"; write it like "22:00""#]],
        );
        check(
            &odd("22:00", "Berlin"),
            &expect![[r#"alarm.odd_hours.zone is "Berlin"; name it like "Europe/Berlin""#]],
        );
    }
}

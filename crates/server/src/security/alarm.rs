//! What is unusual enough that a person must look. Pure: counts, thresholds and the time are
//! passed in, and the same facts give the same causes, with the same names, whenever they are
//! asked; whoever raises alarms therefore raises each once.
//!
//! Counts are those of whole hours of the clock. Whoever spreads what is counted over the turn of
//! an hour can do nearly twice as much unnoticed; a threshold is to be chosen with that in mind.
//!
//! | rule | raised when, within an hour |
//! |---|---|
//! | `many_reads` | one person or key read very much |
//! | `mass_export` | one person or key opened very many exhibits and packages |
//! | `many_refusals` | one person, or one network, was refused very often |
//! | `failed_log_ins` | very many log-ins failed from one network |
//! | `failed_log_ins_everywhere` | very many failed from anywhere |
//! | `odd_hours` | somebody of the staff logged in at an hour at which nobody works |
//! | `crowded_hour` | so much was noticed that rows were counted together |
//! | `dead_jobs` | work failed for good (once a day) |
//! | `clock_stepped` | the clock went back, and acts were refused |
//! | `digest_late` | the log has had no digest of the reads for hours |
//! | `many_alarms` | there were more causes than an hour may have alarms |

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use store::{Noticed, Reading};
use uuid::Uuid;

use super::{Kind, OTHERS, Outcome};

/// Alarms of one hour; more causes are one alarm that says so.
pub const ALARMS_AN_HOUR_MAX: usize = 20;
/// A digest of reads that is older than so many hours is late.
const DIGEST_HOURS_MAX: i64 = 3;

macro_rules! rules {
    ($($name:ident = $word:literal;)+) => {
        /// Why an alarm is raised; the table on top says when.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Rule { $($name,)+ }

        impl Rule {
            /// Every rule.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// Its word on the record.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

rules! {
    ManyReads = "many_reads";
    MassExport = "mass_export";
    ManyRefusals = "many_refusals";
    FailedLogIns = "failed_log_ins";
    FailedLogInsEverywhere = "failed_log_ins_everywhere";
    OddHours = "odd_hours";
    CrowdedHour = "crowded_hour";
    DeadJobs = "dead_jobs";
    ClockStepped = "clock_stepped";
    DigestLate = "digest_late";
    ManyAlarms = "many_alarms";
}

impl Rule {
    /// The rule of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == word)
    }
}

/// From which count on something is unusual; each at least 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Reads of one person.
    pub reads: u64,
    /// Exhibits and packages opened by one person.
    pub exports: u64,
    /// Refusals of one person or one network.
    pub refusals: u64,
    /// Failed log-ins from one network.
    pub failed_log_ins: u64,
    /// Failed log-ins from anywhere.
    pub failed_log_ins_everywhere: u64,
    /// When nobody works; none where people always do.
    pub odd_hours: Option<OddHours>,
}

/// Hours at which nobody works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddHours {
    /// They begin; on the evening before when later than `until`.
    pub from: civil::Time,
    /// They end.
    pub until: civil::Time,
    /// On the clock of this place.
    pub zone: TimeZone,
    /// Saturdays and Sundays are odd as a whole.
    pub weekends: bool,
}

impl OddHours {
    /// Whether a moment is odd.
    #[must_use]
    pub fn contain(&self, at: Timestamp) -> bool {
        let there = at.to_zoned(self.zone.clone());
        let time = there.time();
        let is_night = if self.from <= self.until {
            (self.from..self.until).contains(&time)
        } else {
            time >= self.from || time < self.until
        };
        let is_weekend =
            matches!(there.weekday(), civil::Weekday::Saturday | civil::Weekday::Sunday);
        is_night || (self.weekends && is_weekend)
    }
}

/// One hour of the clock, as the store has it.
#[derive(Clone, Debug, Default)]
pub struct Hour {
    /// Its start.
    pub start: Timestamp,
    /// What was noticed.
    pub noticed: Vec<Noticed>,
    /// Who read how much; of the kinds, what opens exhibits and packages.
    pub readings: Vec<Reading>,
    /// Who is of the staff: only they have hours at which they work.
    pub staff: BTreeSet<Uuid>,
}

/// How the node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Jobs that failed for good.
    pub dead_jobs: u64,
    /// The newest event, when the clock says an earlier time and acts are refused.
    pub clock_behind: Option<Timestamp>,
    /// Up to when reads are digested in the log.
    pub digested_until: Option<Timestamp>,
}

/// A reason for one alarm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// By which rule.
    pub rule: Rule,
    /// About whom, where it is about a person or a key.
    pub who: Option<Uuid>,
    /// About which network, where it is about one.
    pub source: Option<String>,
    /// The hour, the day or the moment it is about: with the above, what makes it this cause.
    pub from: Timestamp,
    /// How often, when it was found.
    pub count: u64,
}

impl Cause {
    const fn new(rule: Rule, from: Timestamp, count: u64) -> Self {
        Self { rule, who: None, source: None, from, count }
    }

    /// The name of this cause: the same however often it is found, and however much it grew.
    #[must_use]
    pub fn name(&self) -> String {
        let who = self.who.map_or_else(|| "-".to_owned(), |who| who.to_string());
        let source = self.source.as_deref().unwrap_or("-");
        format!("{} {who} {source} {}", self.rule.as_str(), self.from)
    }
}

/// The causes of one hour, the most alarming first, at most [`ALARMS_AN_HOUR_MAX`] and one that
/// says that there were more.
#[must_use]
pub fn causes(hour: &Hour, thresholds: &Thresholds) -> Vec<Cause> {
    let mut found = BTreeMap::new();
    let mut add = |rule, who: Option<Uuid>, source: Option<&str>, count| {
        let source = source.map(str::to_owned);
        let cause = Cause { who, source, ..Cause::new(rule, hour.start, count) };
        found.insert(cause.name(), cause);
    };
    for reading in &hour.readings {
        if reading.reads >= thresholds.reads {
            add(Rule::ManyReads, Some(reading.who), None, reading.reads);
        }
        if reading.of_kinds >= thresholds.exports {
            add(Rule::MassExport, Some(reading.who), None, reading.of_kinds);
        }
    }
    let counted = Counted::of(&hour.noticed);
    for ((who, source), count) in &counted.refusals {
        if *count >= thresholds.refusals {
            add(Rule::ManyRefusals, *who, source.as_deref(), *count);
        }
    }
    for (source, count) in &counted.failures {
        if *count >= thresholds.failed_log_ins {
            add(Rule::FailedLogIns, None, Some(source), *count);
        }
    }
    let everywhere = counted.failures.values().sum::<u64>() + counted.crowd_failures;
    if everywhere >= thresholds.failed_log_ins_everywhere {
        add(Rule::FailedLogInsEverywhere, None, None, everywhere);
    }
    if counted.crowd > 0 {
        add(Rule::CrowdedHour, None, None, counted.crowd);
    }
    if let Some(odd) = &thresholds.odd_hours {
        for row in hour.noticed.iter().filter(|row| row.kind == Kind::LogIn.as_str()) {
            let staff = row.who.filter(|who| hour.staff.contains(who));
            if staff.is_some() && (odd.contain(row.first_at) || odd.contain(row.last_at)) {
                add(Rule::OddHours, staff, None, row.count);
            }
        }
    }
    limited(found.into_values().collect(), hour.start)
}

/// What is unusual about the node itself.
#[must_use]
pub fn troubles(state: &State, now: Timestamp) -> Vec<Cause> {
    let mut found = Vec::new();
    if state.dead_jobs > 0 {
        let day = now.as_second() - now.as_second().rem_euclid(86_400);
        let day = Timestamp::from_second(day).unwrap_or(now);
        found.push(Cause::new(Rule::DeadJobs, day, state.dead_jobs));
    }
    if let Some(newest) = state.clock_behind {
        found.push(Cause::new(Rule::ClockStepped, newest, 1));
    }
    if let Some(until) = state.digested_until {
        let hours = now.duration_since(until).as_hours();
        if hours >= DIGEST_HOURS_MAX {
            let hours = u64::try_from(hours).unwrap_or(0);
            found.push(Cause::new(Rule::DigestLate, until, hours));
        }
    }
    found
}

/// The start of the hour of a time.
#[must_use]
pub fn start_of_hour(at: Timestamp) -> Timestamp {
    let seconds = at.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(3_600)).unwrap_or(at)
}

/// The hour before the one that begins then.
#[must_use]
pub fn hour_before(start: Timestamp) -> Timestamp {
    start.checked_sub(SignedDuration::from_hours(1)).unwrap_or(start)
}

fn limited(mut causes: Vec<Cause>, hour: Timestamp) -> Vec<Cause> {
    // By rule, then the largest first: what is left out is the least of it.
    causes.sort_by(|a, b| {
        (a.rule, b.count, a.who, &a.source).cmp(&(b.rule, a.count, b.who, &b.source))
    });
    let count = causes.len();
    if count > ALARMS_AN_HOUR_MAX {
        let everyones = [Rule::FailedLogInsEverywhere, Rule::CrowdedHour];
        let (kept, mut rest): (Vec<_>, Vec<_>) =
            causes.into_iter().partition(|cause| everyones.contains(&cause.rule));
        rest.truncate(ALARMS_AN_HOUR_MAX - kept.len());
        causes = [kept, rest].concat();
        causes.push(Cause::new(Rule::ManyAlarms, hour, count as u64));
    }
    causes
}

/// Refusals and failures, added up over doors and kinds.
#[derive(Default)]
struct Counted {
    /// By person, or by network where nobody is known.
    refusals: BTreeMap<(Option<Uuid>, Option<String>), u64>,
    /// By network.
    failures: BTreeMap<String, u64>,
    /// Counted together, whatever their network, because the hour was full.
    crowd: u64,
    /// Failures among those.
    crowd_failures: u64,
}

impl Counted {
    fn of(rows: &[Noticed]) -> Self {
        let mut counted = Self::default();
        for row in rows {
            let Some(kind) = Kind::of_word(&row.kind) else { continue };
            if row.source == OTHERS {
                counted.crowd += row.count;
                if kind.outcome() == Outcome::Failed {
                    counted.crowd_failures += row.count;
                }
                continue;
            }
            match kind.outcome() {
                Outcome::Succeeded => {}
                Outcome::Failed => {
                    *counted.failures.entry(row.source.clone()).or_default() += row.count;
                }
                Outcome::Refused => {
                    let source = row.who.is_none().then(|| row.source.clone());
                    *counted.refusals.entry((row.who, source)).or_default() += row.count;
                }
            }
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn row(kind: Kind, who: Option<u128>, source: &str, count: u64) -> Noticed {
        Noticed {
            hour: at("2026-10-05T02:00:00Z"),
            kind: kind.as_str().to_owned(),
            who: who.map(Uuid::from_u128),
            source: source.to_owned(),
            place: "GET /queue".to_owned(),
            count,
            first_at: at("2026-10-05T02:10:00Z"),
            last_at: at("2026-10-05T02:50:00Z"),
        }
    }

    fn thresholds() -> Thresholds {
        Thresholds {
            reads: 100,
            exports: 10,
            refusals: 20,
            failed_log_ins: 5,
            failed_log_ins_everywhere: 12,
            odd_hours: None,
        }
    }

    fn hour(noticed: Vec<Noticed>, readings: &[(u128, u64, u64)]) -> Hour {
        let reading = |(who, reads, of_kinds): &(u128, u64, u64)| Reading {
            who: Uuid::from_u128(*who),
            reads: *reads,
            of_kinds: *of_kinds,
        };
        Hour {
            start: at("2026-10-05T02:00:00Z"),
            noticed,
            readings: readings.iter().map(reading).collect(),
            staff: BTreeSet::from([Uuid::from_u128(1)]),
        }
    }

    fn check(hour: &Hour, thresholds: &Thresholds, expected: &Expect) {
        let told: Vec<String> = causes(hour, thresholds)
            .iter()
            .map(|cause| {
                let who = cause.who.map(|who| who.as_u128());
                format!("{} {who:?} {:?} {}", cause.rule.as_str(), cause.source, cause.count)
            })
            .collect();
        expected.assert_eq(&told.join("\n"));
    }

    #[test]
    fn much_reading_is_told_of_one_person_from_the_threshold_on() {
        let hour = hour(Vec::new(), &[(1, 99, 9), (2, 100, 0), (3, 10, 10)]);
        check(
            &hour,
            &thresholds(),
            &expect![[r#"
                many_reads Some(2) None 100
                mass_export Some(3) None 10"#]],
        );
    }

    #[test]
    fn refusals_add_up_over_doors_and_kinds() {
        let rows = vec![
            row(Kind::NotAllowed, Some(1), "192.0.2.0/24", 12),
            row(Kind::BadInput, Some(1), "198.51.100.0/24", 8),
            row(Kind::NothingThere, None, "203.0.113.0/24", 19),
            row(Kind::TooOften, None, "203.0.113.0/24", 1),
            row(Kind::RefusedAct, Some(2), "192.0.2.0/24", 19),
        ];
        check(
            &hour(rows, &[]),
            &thresholds(),
            &expect![[r#"
                many_refusals None Some("203.0.113.0/24") 20
                many_refusals Some(1) None 20"#]],
        );
    }

    #[test]
    fn guessing_is_told_of_a_network_and_of_all_together() {
        let rows = vec![
            row(Kind::LogInFailed, None, "192.0.2.0/24", 4),
            row(Kind::LinkFailed, None, "192.0.2.0/24", 1),
            row(Kind::CertificateFailed, None, "198.51.100.0/24", 4),
            row(Kind::LogInFailed, None, OTHERS, 3),
            row(Kind::NothingThere, None, OTHERS, 900),
        ];
        check(
            &hour(rows, &[]),
            &thresholds(),
            &expect![[r#"
                failed_log_ins None Some("192.0.2.0/24") 5
                failed_log_ins_everywhere None None 12
                crowded_hour None None 903"#]],
        );
    }

    #[test]
    fn a_night_is_odd_for_staff_on_the_clock_of_the_house() {
        let night = |zone: &str, weekends| OddHours {
            from: civil::time(22, 0, 0, 0),
            until: civil::time(6, 0, 0, 0),
            zone: TimeZone::get(zone).expect("a zone"),
            weekends,
        };
        let rows = || vec![row(Kind::LogIn, Some(1), "-", 1), row(Kind::LogIn, Some(9), "-", 1)];
        let of = |odd| Thresholds { odd_hours: Some(odd), ..thresholds() };
        // 02:10 UTC is 04:10 in Berlin, and 10:10 in Singapore. Number 9 is an officer.
        check(
            &hour(rows(), &[]),
            &of(night("Europe/Berlin", false)),
            &expect!["odd_hours Some(1) None 1"],
        );
        check(&hour(rows(), &[]), &of(night("Asia/Singapore", false)), &expect![""]);
        let sunday = at("2026-10-04T12:00:00Z");
        assert!(night("Europe/Berlin", true).contain(sunday));
        assert!(!night("Europe/Berlin", false).contain(sunday));
    }

    #[test]
    fn a_thousand_causes_are_twenty_alarms_and_one_that_says_so() {
        let rows = (0..1_000_u64).map(|number| {
            let source = format!("10.{}.{}.0/24", number / 256, number % 256);
            row(Kind::LogInFailed, None, &source, 5 + number)
        });
        let found = causes(&hour(rows.collect(), &[]), &thresholds());
        assert_eq!(found.len(), ALARMS_AN_HOUR_MAX + 1);
        assert_eq!(found[0].rule, Rule::FailedLogInsEverywhere);
        assert_eq!(found[1].count, 1_004, "the largest first");
        let last = found.last().expect("one");
        assert_eq!((last.rule, last.count), (Rule::ManyAlarms, 1_001));
    }

    #[test]
    fn a_cause_keeps_its_name_when_it_grows() {
        let of = |count| {
            let rows = vec![row(Kind::LogInFailed, None, "192.0.2.0/24", count)];
            causes(&hour(rows, &[]), &thresholds())[0].name()
        };
        expect!["failed_log_ins - 192.0.2.0/24 2026-10-05T02:00:00Z"].assert_eq(&of(5));
        assert_eq!(of(5), of(9));
    }

    #[test]
    fn the_node_itself_can_be_in_trouble() {
        let now = at("2026-10-05T12:30:00Z");
        assert_eq!(troubles(&State::default(), now), []);
        let state = State {
            dead_jobs: 2,
            clock_behind: Some(at("2026-10-05T13:00:00Z")),
            digested_until: Some(at("2026-10-05T09:00:00Z")),
        };
        let told: Vec<String> = troubles(&state, now).iter().map(Cause::name).collect();
        expect![[r#"
            dead_jobs - - 2026-10-05T00:00:00Z
            clock_stepped - - 2026-10-05T13:00:00Z
            digest_late - - 2026-10-05T09:00:00Z"#]]
        .assert_eq(&told.join("\n"));
        let fresh = State { digested_until: Some(at("2026-10-05T10:00:00Z")), ..State::default() };
        assert_eq!(troubles(&fresh, now), []);
    }
}

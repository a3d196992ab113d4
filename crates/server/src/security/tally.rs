//! Counts of what was noticed, in memory until they are stored. Knows no clock: time is passed in.
//!
//! An hour has at most [`PEOPLE_ROWS_MAX`] rows of people who are known and [`STRANGERS_ROWS_MAX`]
//! of those who are not, so that a stranger takes no room from what is noticed of people. Whatever
//! comes after that is still counted, by its kind, as from [`OTHERS`]: nothing is dropped unseen.

use std::collections::HashMap;

use jiff::Timestamp;
use store::Noticed;

use super::{Kind, Note};

/// Rows of one hour about people and keys that are known.
pub const PEOPLE_ROWS_MAX: usize = 1_000;
/// Rows of one hour about nobody known. With both full, every hour of a year, the table stays below
/// three gigabytes.
pub const STRANGERS_ROWS_MAX: usize = 500;
/// Rows that wait to be stored while the store takes none.
const WAITING_ROWS_MAX: usize = 8_000;
const HOUR_SECONDS: i64 = 3_600;
/// Network and place of what came when an hour was full.
pub const OTHERS: &str = "others";

/// The counts of the running hour, and what of them waits to be stored.
#[derive(Debug, Default)]
pub struct Tally {
    /// Start of the running hour, in seconds.
    hour: i64,
    /// Hours before this are over for good, in seconds: their digest is on the record.
    digested_until: i64,
    /// How often each was noticed within the running hour.
    counts: HashMap<Note, u64>,
    people: usize,
    strangers: usize,
    waiting: HashMap<(i64, Note), Waiting>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    count: u64,
    first_at: Timestamp,
    last_at: Timestamp,
}

impl Tally {
    /// Nothing more is counted in the hours before a time, whose digest is on the record.
    pub fn close_until(&mut self, digested_until: Timestamp) {
        self.digested_until = self.digested_until.max(digested_until.as_second());
    }

    /// Start of the hour in which is counted; before the clock's own when it was quiet, after it
    /// when the clock stepped back.
    #[must_use]
    pub fn hour(&self) -> Timestamp {
        // An hour begins at a second that a time was made of.
        Timestamp::from_second(self.hour).unwrap_or_default()
    }

    /// Goes on with an hour of which rows are stored already.
    pub fn resume(&mut self, rows: &[Noticed], now: Timestamp) {
        self.turn(now);
        let of_now = rows.iter().filter(|row| row.hour.as_second() == self.hour);
        let known: Vec<(Note, u64)> = of_now
            .filter_map(|row| {
                let kind = Kind::of_word(&row.kind)?;
                let (source, place) = (row.source.clone(), row.place.clone());
                Some((Note { kind, who: row.who, source, place }, row.count))
            })
            .collect();
        for (note, count) in known {
            self.make_room(&note);
            *self.counts.entry(note).or_default() += count;
        }
    }

    /// Counts one; says how often it was noticed within the hour when that is worth a line in the
    /// log: the first time, the tenth, the hundredth.
    pub fn add(&mut self, note: Note, now: Timestamp) -> Option<(Note, u64)> {
        self.turn(now);
        let note = self.fitted(note);
        let count = self.counts.entry(note.clone()).or_default();
        *count += 1;
        let so_far = *count;
        let once = Waiting { count: 0, first_at: now, last_at: now };
        let waiting = self.waiting.entry((self.hour, note.clone())).or_insert(once);
        waiting.count += 1;
        waiting.last_at = waiting.last_at.max(now);
        let is_power_of_ten = so_far == 10_u64.pow(so_far.ilog10());
        is_power_of_ten.then_some((note, so_far))
    }

    /// What waits to be stored; it waits no longer.
    pub fn take(&mut self) -> Vec<Noticed> {
        let mut taken: Vec<_> = self.waiting.drain().collect();
        taken.sort_by(|(a, x), (b, y)| (a.0, x.first_at, &a.1).cmp(&(b.0, y.first_at, &b.1)));
        taken.into_iter().map(|((hour, note), waiting)| noticed(hour, note, waiting)).collect()
    }

    /// What could not be stored waits again.
    pub fn give_back(&mut self, rows: Vec<Noticed>) {
        for row in rows {
            let Some(kind) = Kind::of_word(&row.kind) else { continue };
            let note = Note { kind, who: row.who, source: row.source, place: row.place };
            let key = (row.hour.as_second(), note);
            let (count, first_at, last_at) = (row.count, row.first_at, row.last_at);
            let waiting =
                self.waiting.entry(key).or_insert(Waiting { count: 0, first_at, last_at });
            waiting.count += count;
            waiting.first_at = waiting.first_at.min(first_at);
            waiting.last_at = waiting.last_at.max(last_at);
        }
    }

    /// True when nothing waits.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.waiting.is_empty()
    }

    fn turn(&mut self, now: Timestamp) {
        let of_clock = super::alarm::start_of_hour(now).as_second();
        // An hour that was left is not entered again when the clock steps back a little. One that
        // ran far ahead is followed back: nobody looks at hours to come.
        let ran_ahead = self.hour - of_clock > HOUR_SECONDS;
        let hour = if ran_ahead { of_clock } else { of_clock.max(self.hour) };
        let hour = hour.max(self.digested_until);
        if hour != self.hour {
            self.hour = hour;
            self.counts.clear();
            (self.people, self.strangers) = (0, 0);
        }
    }

    /// The note, or that of its kind for all others when the hour is full.
    fn fitted(&mut self, note: Note) -> Note {
        if self.counts.contains_key(&note) {
            return note;
        }
        let is_full = if note.who.is_some() {
            self.people >= PEOPLE_ROWS_MAX
        } else {
            self.strangers >= STRANGERS_ROWS_MAX
        };
        if is_full || self.waiting.len() >= WAITING_ROWS_MAX {
            let (source, place) = (OTHERS.to_owned(), OTHERS.to_owned());
            return Note { kind: note.kind, who: None, source, place };
        }
        self.make_room(&note);
        note
    }

    fn make_room(&mut self, note: &Note) {
        if note.source != OTHERS {
            *(if note.who.is_some() { &mut self.people } else { &mut self.strangers }) += 1;
        }
    }
}

fn noticed(hour: i64, note: Note, waiting: Waiting) -> Noticed {
    let Note { kind, who, source, place } = note;
    Noticed {
        // An hour begins at a second that a time was made of.
        hour: Timestamp::from_second(hour).unwrap_or_default(),
        kind: kind.as_str().to_owned(),
        who,
        source,
        place,
        count: waiting.count,
        first_at: waiting.first_at,
        last_at: waiting.last_at,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    fn stranger(number: usize) -> Note {
        let source = format!("10.{}.{}.0/24", number / 256, number % 256);
        let place = "POST /login".to_owned();
        Note { kind: Kind::LogInFailed, who: None, source, place }
    }

    fn person(number: u128) -> Note {
        let (source, place) = ("192.0.2.0/24".to_owned(), "GET /queue".to_owned());
        Note { kind: Kind::NotAllowed, who: Some(Uuid::from_u128(number)), source, place }
    }

    #[test]
    fn repeats_are_one_row_with_a_count() {
        let mut tally = Tally::default();
        let told: Vec<u64> = (0..1_000)
            .filter_map(|second| tally.add(stranger(1), at(second / 10)).map(|(_, count)| count))
            .collect();
        assert_eq!(told, [1, 10, 100, 1_000], "the log is not flooded either");
        let rows = tally.take();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].count, rows[0].first_at, rows[0].last_at), (1_000, at(0), at(99)));
        assert!(tally.is_stored() && tally.take().is_empty());
        tally.add(stranger(1), at(100));
        assert_eq!(tally.take()[0].count, 1, "what is stored is not counted again");
    }

    #[test]
    fn a_flood_takes_no_room_from_people_and_is_still_counted() {
        let mut tally = Tally::default();
        for number in 0..20_000 {
            tally.add(stranger(number), at(1));
        }
        tally.add(person(7), at(2));
        let rows = tally.take();
        assert_eq!(rows.len(), STRANGERS_ROWS_MAX + 2);
        let others = rows.iter().find(|row| row.source == OTHERS).expect("all the others");
        assert_eq!(others.count, 20_000 - STRANGERS_ROWS_MAX as u64);
        assert_eq!((others.kind.as_str(), others.who), ("log_in_failed", None));
        assert!(rows.iter().any(|row| row.who.is_some()), "the person is there");
        // The limit is the hour's, whether or not its rows are stored, and across a restart.
        tally.add(stranger(30_000), at(3));
        assert_eq!(tally.take()[0].source, OTHERS);
        let mut after = Tally::default();
        after.resume(&rows, at(4));
        after.add(stranger(40_000), at(4));
        assert_eq!(after.take()[0].source, OTHERS);
        // The next hour has room again.
        after.add(stranger(40_000), at(3_600));
        assert_eq!(after.take()[0].source, stranger(40_000).source);
    }

    #[test]
    fn what_could_not_be_stored_waits_with_its_hour() {
        let mut tally = Tally::default();
        tally.add(stranger(1), at(0));
        let rows = tally.take();
        tally.add(stranger(1), at(5));
        tally.give_back(rows);
        tally.add(stranger(1), at(4_000));
        let rows = tally.take();
        let told: Vec<_> = rows.iter().map(|row| (row.count, row.first_at)).collect();
        assert_eq!(told, [(2, at(0)), (1, at(4_000))]);
        assert_ne!(rows[0].hour, rows[1].hour);
    }

    #[test]
    fn a_clock_that_ran_ahead_is_followed_back_but_into_no_hour_that_is_digested() {
        let mut tally = Tally::default();
        let hour = 3_600;
        let counted_in = |tally: &mut Tally, second: i64| {
            tally.add(stranger(1), at(second));
            let hours = tally.take().iter().map(|row| row.hour.as_second()).collect::<Vec<_>>();
            (hours[0] - at(0).as_second()) / hour
        };
        assert_eq!(counted_in(&mut tally, 5 * hour), 5);
        assert_eq!(counted_in(&mut tally, 5 * hour - 1), 5, "an hour that was left stays left");
        assert_eq!(counted_in(&mut tally, hour), 1, "the hour that alarms look at");
        assert_eq!(counted_in(&mut tally, 2 * hour), 2);
        tally.close_until(at(3 * hour));
        assert_eq!(counted_in(&mut tally, 2 * hour), 3, "what has a digest does not change");
        assert_eq!(tally.hour(), at(3 * hour));
        assert_eq!(counted_in(&mut tally, 4 * hour), 4);
    }

    proptest! {
        /// Nothing that is noticed is lost, whatever comes in which order and is stored when.
        #[test]
        fn every_note_is_counted_once(
            notes in proptest::collection::vec((0_usize..2_000, any::<bool>(), 0_i64..600), 0..800),
            stored_every in 1_usize..200,
        ) {
            let (mut tally, mut rows, mut now) = (Tally::default(), Vec::new(), at(0));
            for (index, (number, is_known, wait)) in notes.iter().enumerate() {
                now = now.checked_add(SignedDuration::from_secs(*wait)).expect("a time");
                let note = if *is_known { person(*number as u128) } else { stranger(*number) };
                tally.add(note, now);
                if index % stored_every == 0 {
                    let taken = tally.take();
                    if index % 2 == 0 { rows.extend(taken) } else { tally.give_back(taken) }
                }
            }
            rows.extend(tally.take());
            let counted: u64 = rows.iter().map(|row| row.count).sum();
            prop_assert_eq!(counted, notes.len() as u64);
            for row in &rows {
                prop_assert!(row.hour <= row.first_at && row.first_at <= row.last_at);
                let ends = row.hour.checked_add(SignedDuration::from_hours(1)).expect("a time");
                prop_assert!(row.last_at < ends);
            }
        }
    }
}

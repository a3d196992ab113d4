//! How often somebody may ask, by key: token buckets in memory.
//!
//! Knows no person. A bucket is named by what is limited and for whom; full buckets are forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::error::Error;

/// Buckets at once; a flood of new names empties the fullest first.
const BUCKETS_MAX: usize = 100_000;

/// What is limited, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// Its name.
    pub what: &'static str,
    /// So many at once.
    pub burst: u32,
    /// One more after so many seconds.
    pub refill_seconds: u32,
}

/// Challenges for a log-in or an enrolment, by network address.
pub const CHALLENGES: Limit = Limit { what: "challenges", burst: 30, refill_seconds: 2 };
/// Failed passkeys and links, by network address.
pub const FAILURES: Limit = Limit { what: "failures", burst: 10, refill_seconds: 30 };
/// Posts of one person.
pub const POSTS: Limit = Limit { what: "posts", burst: 120, refill_seconds: 1 };
/// Searches by words of one person, on pages and by programs together: enough to work, too few to
/// list whom the police asks about.
pub const SEARCHES: Limit = Limit { what: "searches", burst: 60, refill_seconds: 10 };
/// The same of all officers of one agency.
pub const SEARCHES_AGENCY: Limit = Limit { what: "searches_agency", burst: 120, refill_seconds: 5 };
/// Pages of one person.
pub const PAGES: Limit = Limit { what: "pages", burst: 600, refill_seconds: 1 };
/// Published pages, by network address.
pub const PUBLIC_PAGES: Limit = Limit { what: "public_pages", burst: 300, refill_seconds: 1 };
/// Links to new mail addresses that one person has sent.
pub const ADDRESSES: Limit = Limit { what: "addresses", burst: 5, refill_seconds: 600 };
/// Transparency reports made by one person: each reads the whole period.
pub const REPORTS: Limit = Limit { what: "reports", burst: 10, refill_seconds: 300 };
/// Requests and corrections sent by one officer.
pub const SUBMISSIONS: Limit = Limit { what: "submissions", burst: 20, refill_seconds: 120 };
/// Requests and corrections sent by one agency.
pub const SUBMISSIONS_AGENCY: Limit =
    Limit { what: "submissions_agency", burst: 60, refill_seconds: 60 };

/// All buckets.
#[derive(Default)]
pub struct Rates {
    buckets: Mutex<HashMap<(&'static str, String), Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Seconds' worth of tokens that are missing.
    missing_seconds: u64,
    at_second: i64,
    full_seconds: u64,
}

impl Rates {
    /// Takes one, or says in how many seconds there will be one.
    ///
    /// # Errors
    /// [`Error::TooOften`] with the seconds to wait.
    pub fn take(&self, limit: Limit, whose: &str, now: Timestamp) -> Result<(), Error> {
        let took = self.took(limit, whose, now);
        took.map_err(|wait_seconds| Error::TooOften { wait_seconds })
    }

    fn took(&self, limit: Limit, whose: &str, now: Timestamp) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            forget(&mut buckets, now.as_second());
        }
        let each = u64::from(limit.refill_seconds);
        let full_seconds = each * u64::from(limit.burst);
        let bucket = buckets.entry((limit.what, whose.to_owned())).or_insert(Bucket {
            missing_seconds: 0,
            at_second: now.as_second(),
            full_seconds,
        });
        bucket.pass(now.as_second());
        let wanted = bucket.missing_seconds + each;
        if wanted > full_seconds {
            return Err(wanted - full_seconds);
        }
        bucket.missing_seconds = wanted;
        Ok(())
    }
}

impl Bucket {
    fn pass(&mut self, second: i64) {
        let passed = u64::try_from(second.saturating_sub(self.at_second)).unwrap_or(0);
        self.missing_seconds = self.missing_seconds.saturating_sub(passed);
        self.at_second = self.at_second.max(second);
    }
}

/// Forgets full buckets; if none is full, those that miss least.
fn forget(buckets: &mut HashMap<(&'static str, String), Bucket>, second: i64) {
    for bucket in buckets.values_mut() {
        bucket.pass(second);
    }
    buckets.retain(|_, bucket| bucket.missing_seconds > 0);
    if buckets.len() >= BUCKETS_MAX {
        buckets.retain(|_, bucket| bucket.missing_seconds * 2 > bucket.full_seconds);
    }
    if buckets.len() >= BUCKETS_MAX {
        buckets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: Limit = Limit { what: "three", burst: 3, refill_seconds: 10 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    #[test]
    fn a_burst_then_one_each_ten_seconds_and_the_wait_is_told() {
        let rates = Rates::default();
        let take = |second| rates.took(THREE, "bo", at(second));
        assert_eq!((take(0), take(0), take(0)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(take(0), Err(10));
        assert_eq!(take(4), Err(6));
        assert_eq!(take(10), Ok(()));
        assert_eq!(take(10), Err(10));
        assert_eq!(rates.took(THREE, "ada", at(10)), Ok(()), "each has an own bucket");
        assert_eq!(take(1_000), Ok(()));
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_away() {
        let rates = Rates::default();
        for _ in 0..3 {
            assert_eq!(rates.took(THREE, "bo", at(100)), Ok(()));
        }
        assert_eq!(rates.took(THREE, "bo", at(0)), Err(10));
        assert_eq!(rates.took(THREE, "bo", at(100)), Err(10));
    }

    #[test]
    fn a_flood_of_names_does_not_fill_memory() {
        let rates = Rates::default();
        for name in 0..BUCKETS_MAX + 10 {
            let _ = rates.took(THREE, &name.to_string(), at(0));
        }
        assert!(rates.buckets.lock().expect("no panic").len() <= BUCKETS_MAX);
    }
}

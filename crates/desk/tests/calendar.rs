//! Deadlines: daylight saving, leap days, weekends, month ends, holidays, zones.

use desk::calendar::{Calendar, Counting, FirstDay, LastDay, Length};
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn calendar() -> Calendar {
    let day = |text: &str| text.parse().expect("a date");
    Calendar {
        holidays: vec![day("2026-12-25"), day("2026-12-28"), day("2027-01-01")],
        covers: Some((day("2026-01-01"), day("2027-12-31"))),
    }
}

fn check(start: &str, length: &str, counting: Counting, zone: &str, expected: Expect) {
    let length = Length::parse(length).expect("a length");
    let text = match calendar().deadline(start.parse().expect("a time"), length, counting, zone) {
        Ok(deadline) => format!("{}\n{}\n", deadline.due, deadline.counting),
        Err(error) => format!("error: {error}\n"),
    };
    expected.assert_eq(&text);
}

const NEXT: Counting = Counting { first_day: FirstDay::NextDay, last_day: LastDay::Stays };
const SAME: Counting = Counting { first_day: FirstDay::SameDay, last_day: LastDay::Stays };
const ROLL: Counting = Counting { first_day: FirstDay::NextDay, last_day: LastDay::NextWorkingDay };

#[test]
fn eight_hours_are_eight_hours_even_when_the_clock_is_set_back() {
    check(
        "2026-10-24T23:30:00Z",
        "8 hours",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        2026-10-25T07:30:00Z
        hours from the moment of the event
    "#]],
    );
}

#[test]
fn ten_days_end_with_the_tenth_day() {
    check(
        "2026-11-23T09:00:00Z",
        "10 days",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        2026-12-03T23:00:00Z
        days, the day of the event does not count, until the end of 2026-12-03 in Europe/Brussels
    "#]],
    );
}

#[test]
fn the_day_is_that_of_the_authority() {
    // 23:30 UTC is already the next day in Brussels.
    check(
        "2026-11-23T23:30:00Z",
        "10 days",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        2026-12-04T23:00:00Z
        days, the day of the event does not count, until the end of 2026-12-04 in Europe/Brussels
    "#]],
    );
}

#[test]
fn a_period_over_the_end_of_summer_time_ends_at_local_midnight() {
    check(
        "2026-10-20T09:00:00Z",
        "10 days",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        2026-10-30T23:00:00Z
        days, the day of the event does not count, until the end of 2026-10-30 in Europe/Brussels
    "#]],
    );
}

#[test]
fn a_period_over_the_start_of_summer_time_ends_at_local_midnight() {
    check(
        "2027-03-25T09:00:00Z",
        "10 days",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        2027-04-04T22:00:00Z
        days, the day of the event does not count, until the end of 2027-04-04 in Europe/Brussels
    "#]],
    );
}

#[test]
fn a_day_without_midnight_begins_where_it_begins() {
    // In Santiago the clock went from 24:00 to 01:00 on 2026-09-06.
    check(
        "2026-08-31T12:00:00Z",
        "5 days",
        NEXT,
        "America/Santiago",
        expect![[r#"
        2026-09-06T04:00:00Z
        days, the day of the event does not count, until the end of 2026-09-05 in America/Santiago
    "#]],
    );
}

#[test]
fn seven_days_beginning_with_the_day_of_service() {
    check(
        "2026-11-23T09:00:00Z",
        "7 days",
        SAME,
        "Europe/London",
        expect![[r#"
        2026-11-30T00:00:00Z
        days, the day of the event counts, until the end of 2026-11-29 in Europe/London
    "#]],
    );
}

#[test]
fn sixty_days_over_a_leap_day() {
    check(
        "2028-01-10T09:00:00Z",
        "60 days",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        2028-03-10T23:00:00Z
        days, the day of the event does not count, until the end of 2028-03-10 in Europe/Brussels
    "#]],
    );
}

#[test]
fn one_month_from_the_last_of_january() {
    check(
        "2027-01-31T09:00:00Z",
        "1 months",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        2027-02-28T23:00:00Z
        months, the day of the event does not count, until the end of 2027-02-28 in Europe/Brussels
    "#]],
    );
}

#[test]
fn one_year_from_a_leap_day() {
    check(
        "2028-02-29T02:00:00Z",
        "1 years",
        NEXT,
        "Asia/Singapore",
        expect![[r#"
        2029-02-28T16:00:00Z
        years, the day of the event does not count, until the end of 2029-02-28 in Asia/Singapore
    "#]],
    );
}

#[test]
fn a_last_day_on_a_saturday_moves_when_the_rule_says_so() {
    check(
        "2026-11-25T09:00:00Z",
        "10 days",
        ROLL,
        "Europe/Brussels",
        expect![[r#"
        2026-12-07T23:00:00Z
        days, the day of the event does not count, until the end of 2026-12-07 in Europe/Brussels, a last day that is no working day moves to the next one
    "#]],
    );
}

#[test]
fn a_last_day_on_a_saturday_stays_when_it_does_not() {
    check(
        "2026-11-25T09:00:00Z",
        "10 days",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        2026-12-05T23:00:00Z
        days, the day of the event does not count, until the end of 2026-12-05 in Europe/Brussels
    "#]],
    );
}

#[test]
fn five_working_days_skip_weekend_and_holidays() {
    check(
        "2026-12-22T09:00:00Z",
        "5 working days",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        2026-12-31T23:00:00Z
        working days, the day of the event does not count, until the end of 2026-12-31 in Europe/Brussels
    "#]],
    );
}

#[test]
fn beyond_the_calendar_only_weekends_count_and_the_answer_says_so() {
    check(
        "2027-12-29T09:00:00Z",
        "5 working days",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        2028-01-05T23:00:00Z
        working days, the day of the event does not count, until the end of 2028-01-05 in Europe/Brussels; only weekends were counted, no holiday calendar covers these days
    "#]],
    );
}

#[test]
fn an_unknown_zone_is_named() {
    check(
        "2026-11-23T09:00:00Z",
        "10 days",
        NEXT,
        "Europe/Atlantis",
        expect![[r#"
        error: `Europe/Atlantis` is no IANA time zone; name one such as Europe/Brussels
    "#]],
    );
}

#[test]
fn the_end_of_time_is_an_error() {
    check(
        "9999-12-01T09:00:00Z",
        "60 days",
        NEXT,
        "Europe/Brussels",
        expect![[r#"
        error: 60 days after 9999-12-01T09:00:00Z is beyond the year 9999; give an earlier start
    "#]],
    );
}

#[test]
fn lengths_that_are_none() {
    for text in ["", "10", "days", "0 days", "3701 days", "-1 days", "10 fortnights", "1.5 hours"] {
        assert_eq!(Length::parse(text), None, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn longer_is_never_earlier(
        second in 0i64..4_000_000_000,
        days in 1u16..400,
        zone in prop::sample::select(vec!["UTC", "Asia/Singapore", "America/New_York",
            "Europe/Brussels", "Pacific/Apia", "Africa/Casablanca"]),
        counting in prop::sample::select(vec![NEXT, SAME, ROLL]),
        unit in prop::sample::select(vec!["days", "working days", "months", "hours"]),
    ) {
        let start = jiff::Timestamp::from_second(second).expect("in range");
        let length = |count: u16| Length::parse(&format!("{count} {unit}")).expect("a length");
        let due = |count| calendar().deadline(start, length(count), counting, zone)
            .expect("in range").due;
        prop_assert!(due(days) <= due(days + 1));
        prop_assert!(due(days) > start);
    }

    #[test]
    fn a_period_ends_at_the_start_of_a_local_day(
        second in 0i64..4_000_000_000, days in 1u16..400,
    ) {
        let start = jiff::Timestamp::from_second(second).expect("in range");
        let length = Length::parse(&format!("{days} days")).expect("a length");
        let due = calendar().deadline(start, length, NEXT, "Europe/Brussels").expect("a day").due;
        let local = due.to_zoned(jiff::tz::TimeZone::get("Europe/Brussels").expect("a zone"));
        prop_assert_eq!(local.start_of_day().expect("a day"), local);
    }
}

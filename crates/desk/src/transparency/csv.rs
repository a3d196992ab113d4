//! A report as a table for other programs. Knows no more than the report says.

use super::{
    AssetRow, BreakdownRow, CountryRow, Deadline, DetailRow, Dimension, End, Fate, Group, Notice,
    Report, Section, Spread,
};

/// What stands where a count is not told.
const WITHHELD: &str = "withheld";

/// The columns; docs/formats/transparency.md says what each holds.
const COLUMNS: [&str; 41] = [
    "period_from",
    "period_to",
    "row",
    "ask_type",
    "country",
    "regime",
    "agency_class",
    "data_category",
    "emergency",
    "instrument",
    "item",
    "received",
    "accounts_named",
    "full",
    "partial",
    "no_data",
    "carried_out",
    "refused",
    "withdrawn",
    "expired",
    "open",
    "other_outcomes",
    "median_hours",
    "p90_hours",
    "deadline_kept",
    "deadline_missed",
    "user_told",
    "user_not_told",
    "silenced",
    "sent_back",
    "fraud_suspected",
    "emergencies_unvalidated",
    "median_days_in_force",
    "in_force",
    "confirmed",
    "released",
    "lapsed",
    "other_ends",
    "amount",
    "amount_from",
    "amount_below",
];

pub(super) fn write(report: &Report) -> String {
    let mut text = COLUMNS.join(",") + "\n";
    for section in &report.sections {
        let mut rows = vec![total(section)];
        rows.extend(section.countries.iter().map(|row| country(section, row)));
        rows.extend(section.breakdowns.iter().map(|row| breakdown(section, row)));
        rows.extend(section.detail.iter().map(detail));
        rows.extend(section.refusals.iter().map(|group| {
            let mut row = Row::of("refusal");
            row.set(
                "item",
                group.of.iter().map(|code| code.as_str()).collect::<Vec<_>>().join("+"),
            );
            row.set("refused", group.count);
            row
        }));
        rows.extend(section.assets.iter().map(|row| asset(section, row)));
        for mut row in rows {
            row.set("period_from", report.from);
            row.set("period_to", report.to);
            row.set("ask_type", section.ask_type);
            text.push_str(&row.line());
        }
    }
    for kind in &report.withheld {
        let mut row = Row::of("total");
        row.set("period_from", report.from);
        row.set("period_to", report.to);
        row.set("ask_type", kind);
        row.set("received", WITHHELD);
        text.push_str(&row.line());
    }
    text
}

fn total(section: &Section) -> Row {
    let mut row = Row::of("total");
    row.set("received", section.received);
    for group in &section.outcomes {
        row.outcome(group, Some(group.count));
    }
    row.told("accounts_named", section.accounts_named);
    row.told("user_told", super::alone(&section.notices, Notice::Told));
    row.told("user_not_told", super::alone(&section.notices, Notice::Withheld));
    row.told("silenced", section.silenced);
    row.told("sent_back", section.sent_back);
    row.told("fraud_suspected", section.fraud_suspected);
    row.told("emergencies_unvalidated", section.emergencies_unvalidated);
    for deadline in [Deadline::Kept, Deadline::Missed] {
        row.told(&format!("deadline_{deadline}"), super::alone(&section.deadlines, deadline));
    }
    for group in &section.ends {
        row.end(group, Some(group.count));
    }
    row.times(section.hours_to_answer.as_ref());
    if let Some(days) = &section.days_in_force {
        row.set("median_days_in_force", &days.median);
    }
    row
}

fn country(section: &Section, told: &CountryRow) -> Row {
    let mut row = Row::of("country");
    row.set("country", told.country.map_or_else(|| "other".to_owned(), |it| it.to_string()));
    row.set("received", told.received);
    for (group, count) in section.outcomes.iter().zip(&told.counts) {
        row.outcome(group, *count);
    }
    row.times(told.hours_to_answer.as_ref());
    row
}

fn breakdown(section: &Section, told: &BreakdownRow) -> Row {
    let mut row = Row::of(&format!("by_{}", told.by));
    let is_by = |dimension| told.by == dimension;
    let by_regime = is_by(Dimension::Regime) || is_by(Dimension::CountryRegime);
    if is_by(Dimension::CountryRegime) {
        row.set("country", told.country.map_or_else(|| "other".to_owned(), |it| it.to_string()));
    }
    row.key(by_regime, "regime", told.regime.as_ref());
    row.key(is_by(Dimension::AgencyClass), "agency_class", told.agency_class.as_ref());
    row.key(is_by(Dimension::DataCategory), "data_category", told.data_category.as_ref());
    row.key(is_by(Dimension::Emergency), "emergency", told.emergency.as_ref());
    row.key(is_by(Dimension::Instrument), "instrument", told.instrument.as_ref());
    row.set("received", told.received);
    for (group, count) in section.outcomes.iter().zip(&told.counts) {
        row.outcome(group, *count);
    }
    row.times(told.hours_to_answer.as_ref());
    row
}

fn detail(told: &DetailRow) -> Row {
    let mut row = Row::of("detail");
    row.set("country", told.country.map_or_else(|| "other".to_owned(), |it| it.to_string()));
    row.key(true, "regime", told.regime.as_ref());
    row.key(true, "agency_class", told.agency_class.as_ref());
    row.key(true, "data_category", told.data_category.as_ref());
    row.key(true, "emergency", told.emergency.as_ref());
    row.key(true, "instrument", told.instrument.as_ref());
    row.set("received", told.received);
    row
}

fn asset(section: &Section, told: &AssetRow) -> Row {
    let mut row = Row::of("asset");
    row.set("item", told.asset.as_ref().map_or("other", |asset| asset.as_str()));
    row.set("carried_out", told.frozen);
    for (group, count) in section.ends.iter().zip(&told.ends) {
        row.end(group, *count);
    }
    let amounts = [
        ("amount", told.amount),
        ("amount_from", told.amount_from),
        ("amount_below", told.amount_below),
    ];
    for (column, amount) in amounts {
        if let Some(amount) = amount {
            row.set(column, amount);
        }
    }
    row
}

/// One line, column by column.
struct Row([String; COLUMNS.len()]);

impl Row {
    fn of(sort: &str) -> Self {
        let mut row = Self(std::array::from_fn(|_| String::new()));
        row.set("row", sort);
        row
    }

    fn set(&mut self, column: &str, value: impl ToString) {
        if let Some(at) = COLUMNS.iter().position(|known| *known == column) {
            self.0[at] = value.to_string();
        }
    }

    fn told(&mut self, column: &str, count: Option<u64>) {
        self.set(column, count.map_or_else(|| WITHHELD.to_owned(), |count| count.to_string()));
    }

    /// A column of the row's key, where it is one.
    fn key(&mut self, is_key: bool, column: &str, word: Option<&impl ToString>) {
        if is_key {
            self.set(column, word.map_or_else(|| "any".to_owned(), ToString::to_string));
        }
    }

    fn outcome(&mut self, group: &Group<Fate>, count: Option<u64>) {
        let words: Vec<&str> = group.of.iter().map(|fate| fate.as_str()).collect();
        self.group(&words, "other_outcomes", count);
    }

    fn end(&mut self, group: &Group<End>, count: Option<u64>) {
        let words: Vec<&str> = group.of.iter().map(|end| end.as_str()).collect();
        self.group(&words, "other_ends", count);
    }

    /// A group of one word has a column of its own; what is told together stands in another.
    fn group(&mut self, words: &[&str], others: &str, count: Option<u64>) {
        if let [word] = words {
            return self.told(word, count);
        }
        self.told(others, count);
        for word in words {
            self.set(word, WITHHELD);
        }
    }

    fn times(&mut self, hours: Option<&Spread>) {
        if let Some(hours) = hours {
            self.set("median_hours", &hours.median);
            self.set("p90_hours", &hours.p90);
        }
    }

    fn line(&self) -> String {
        // Words, codes and numbers of our own: none has a comma, a quote or a line feed.
        self.0.join(",") + "\n"
    }
}

//! A report in the words of a language, with its charts laid out. Knows no page around it.

use desk::transparency::{BreakdownRow, CountryRow, Dimension, End, Fate, Group, Report, Section};

use crate::words::Words;

/// Bars of one chart; a table beside it has all of them.
const BARS_MAX: usize = 20;
/// Width of a chart in its own units; the page scales it.
const CHART_WIDTH: u64 = 640;
/// Height that one bar takes with its label.
const BAR_HEIGHT: usize = 44;

/// A report as it is shown.
pub(super) struct Shown {
    /// Whose.
    pub company: String,
    /// Of when.
    pub title: String,
    /// What it is about, in lines of label and value.
    pub facts: Vec<(String, String)>,
    /// Kind by kind.
    pub sections: Vec<ShownSection>,
    /// Kinds that are withheld.
    pub withheld: Vec<String>,
}

/// One kind of ask.
pub(super) struct ShownSection {
    /// Its heading.
    pub title: String,
    /// Single numbers.
    pub facts: Vec<(String, String)>,
    /// Charts, each with the table that says the same.
    pub figures: Vec<Figure>,
    /// Tables without a chart.
    pub tables: Vec<Table>,
}

/// A chart of bars and its table.
pub(super) struct Figure {
    /// Unique on the page.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The same in a sentence, for whoever cannot see it.
    pub summary: String,
    /// Height of the drawing.
    pub height: usize,
    /// The bars, from top to bottom.
    pub bars: Vec<Bar>,
    /// The numbers.
    pub table: Table,
}

/// One bar.
pub(super) struct Bar {
    /// What it counts.
    pub label: String,
    /// How many.
    pub count: u64,
    /// Where its label stands.
    pub label_y: usize,
    /// Where it lies.
    pub y: usize,
    /// How long it is.
    pub width: u64,
}

/// A table: its first column names the rows.
pub(super) struct Table {
    /// What it shows.
    pub title: String,
    /// The same, unique on the page.
    pub label: String,
    /// Heads of the columns.
    pub head: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// How many of the first columns are words.
    pub words_count: usize,
}

impl Shown {
    /// Puts a report into words.
    pub fn of(report: &Report, words: &Words) -> Self {
        let (from, to) = (report.from.to_string(), report.to.to_string());
        let small = report.small_cell_below.to_string();
        let mut facts = vec![
            (words.say("report-requests"), told(words, report.requests)),
            (words.say("report-as-of"), words.moment(&report.as_of)),
            (words.say("report-log"), format!("{} · {}", report.log.origin, report.log.size)),
        ];
        if let Some(countries) = &report.agency_countries {
            let countries: Vec<_> = countries.iter().map(ToString::to_string).collect();
            facts.push((words.say("report-countries-only"), countries.join(", ")));
        }
        let withheld = report.withheld.iter().map(|kind| {
            let kind = term(words, "report-kind", kind.as_str());
            words.say_with("report-withheld-kind", &[("kind", &kind), ("below", &small)])
        });
        Self {
            company: report.company.clone(),
            title: words.say_with("report-title", &[("from", &from), ("to", &to)]),
            facts,
            sections: report.sections.iter().map(|section| shown(section, words)).collect(),
            withheld: withheld.collect(),
        }
    }
}

fn shown(section: &Section, words: &Words) -> ShownSection {
    let kind = section.ask_type.as_str();
    let mut figures = vec![outcomes(section, words), countries(section, words)];
    let refusals = section.refusals.iter().map(|group| {
        let of: Vec<&str> = group.of.iter().map(|code| code.as_str()).collect();
        (together(words, "code", &of), group.count)
    });
    let refusals: Vec<_> = refusals.collect();
    if !refusals.is_empty() {
        figures.push(figure(words, &format!("{kind}-refusals"), "report-refusals", refusals));
    }
    let deadlines = section.deadlines.iter().map(|group| {
        let of: Vec<&str> = group.of.iter().map(|it| it.as_str()).collect();
        (together(words, "deadline", &of), group.count)
    });
    let deadlines: Vec<_> = deadlines.collect();
    if !deadlines.is_empty() {
        figures.push(figure(words, &format!("{kind}-deadlines"), "report-deadlines", deadlines));
    }
    let notices = section.notices.iter().map(|group| {
        let of: Vec<&str> = group.of.iter().map(|it| it.as_str()).collect();
        (together(words, "notice", &of), group.count)
    });
    let notices: Vec<_> = notices.collect();
    if !notices.is_empty() {
        figures.push(figure(words, &format!("{kind}-notices"), "report-notices", notices));
    }
    let ends: Vec<_> = section.ends.iter().map(|group| (end(words, group), group.count)).collect();
    if !ends.is_empty() {
        figures.push(figure(words, &format!("{kind}-ends"), "report-ends", ends));
    }
    let mut tables = vec![outcomes_by_country(section, words)];
    let by = Dimension::ALL.iter().map(|by| {
        let rows: Vec<_> = section.breakdowns.iter().filter(|row| row.by == *by).collect();
        (*by, rows)
    });
    let by = by.filter(|(_, rows)| !rows.is_empty());
    tables.extend(by.map(|(by, rows)| broken_down(section, by, &rows, words)));
    tables.push(detail(section, words));
    if !section.assets.is_empty() {
        tables.push(assets(section, words));
    }
    let title = term(words, "report-kind", kind);
    for table in figures.iter_mut().map(|figure| &mut figure.table).chain(&mut tables) {
        table.label = format!("{title}: {}", table.title);
    }
    ShownSection { title, facts: numbers(section, words), figures, tables }
}

fn numbers(section: &Section, words: &Words) -> Vec<(String, String)> {
    let mut facts = vec![
        (words.say("report-received"), section.received.to_string()),
        (words.say("report-accounts-named"), told(words, section.accounts_named)),
        (words.say("report-silenced"), told(words, section.silenced)),
        (words.say("report-sent-back"), told(words, section.sent_back)),
        (words.say("report-fraud"), told(words, section.fraud_suspected)),
        (words.say("report-unvalidated"), told(words, section.emergencies_unvalidated)),
    ];
    if let Some(hours) = &section.hours_to_answer {
        facts.push((words.say("report-hours-median"), hours.median.clone()));
        facts.push((words.say("report-hours-p90"), hours.p90.clone()));
    }
    if let Some(days) = &section.days_in_force {
        facts.push((words.say("report-days-median"), days.median.clone()));
        facts.push((words.say("report-days-p90"), days.p90.clone()));
    }
    facts
}

fn outcomes(section: &Section, words: &Words) -> Figure {
    let counts = section.outcomes.iter().map(|group| (fate(words, group), group.count));
    let id = format!("{}-outcomes", section.ask_type);
    figure(words, &id, "report-outcomes", counts.collect())
}

fn countries(section: &Section, words: &Words) -> Figure {
    let mut counts: Vec<(String, u64)> =
        section.countries.iter().map(|row| (country(words, row), row.received)).collect();
    // The longest first; those that are told together stay at the end.
    let others = section.countries.iter().filter(|row| row.country.is_none()).count();
    let alone = counts.len() - others;
    counts[..alone].sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    figure(words, &format!("{}-countries", section.ask_type), "report-by-country", counts)
}

/// Bars and their table.
fn figure(words: &Words, id: &str, title: &str, counts: Vec<(String, u64)>) -> Figure {
    let longest = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let bars: Vec<Bar> = counts
        .iter()
        .take(BARS_MAX)
        .enumerate()
        .map(|(at, (label, count))| Bar {
            label: label.clone(),
            count: *count,
            label_y: at * BAR_HEIGHT + 18,
            y: at * BAR_HEIGHT + 25,
            width: count.saturating_mul(CHART_WIDTH) / longest,
        })
        .collect();
    let said: Vec<String> =
        bars.iter().map(|bar| format!("{}: {}", bar.label, bar.count)).collect();
    let title = words.say(title);
    Figure {
        id: format!("chart-{}", id.replace('_', "-")),
        summary: said.join("; "),
        height: bars.len() * BAR_HEIGHT,
        bars,
        table: Table {
            title: title.clone(),
            label: String::new(),
            head: vec![words.say("report-what"), words.say("report-count")],
            rows: counts.into_iter().map(|(label, count)| vec![label, count.to_string()]).collect(),
            words_count: 1,
        },
        title,
    }
}

fn outcomes_by_country(section: &Section, words: &Words) -> Table {
    let mut head = vec![words.say("country"), words.say("report-received")];
    head.extend(section.outcomes.iter().map(|group| fate(words, group)));
    head.push(words.say("report-hours-median"));
    let rows = section.countries.iter().map(|row| {
        let mut cells = vec![country(words, row), row.received.to_string()];
        cells.extend(row.counts.iter().map(|count| told(words, *count)));
        let hours = row.hours_to_answer.as_ref();
        cells.push(hours.map_or_else(|| "–".to_owned(), |hours| hours.median.clone()));
        cells
    });
    let title = words.say("report-outcomes-by-country");
    Table { title, label: String::new(), head, rows: rows.collect(), words_count: 1 }
}

fn broken_down(section: &Section, by: Dimension, rows: &[&BreakdownRow], words: &Words) -> Table {
    let name = |row: &BreakdownRow| {
        let any = || words.say("report-any");
        match by {
            Dimension::Regime => row.regime.clone().unwrap_or_else(any),
            Dimension::CountryRegime => {
                let country =
                    row.country.map_or_else(|| words.say("report-others"), |it| it.to_string());
                format!("{country} · {}", row.regime.clone().unwrap_or_else(any))
            }
            Dimension::AgencyClass => {
                row.agency_class.map_or_else(any, |it| term(words, "issuer", it.as_str()))
            }
            Dimension::DataCategory => {
                row.data_category.map_or_else(any, |it| term(words, "category", it.as_str()))
            }
            Dimension::Emergency => row.emergency.map_or_else(any, |flag| {
                words.say(if flag { "report-emergency" } else { "report-no" })
            }),
            Dimension::Instrument => {
                row.instrument.map_or_else(any, |it| term(words, "instrument", it.as_str()))
            }
        }
    };
    let mut head = vec![words.say("report-what"), words.say("report-received")];
    head.extend(section.outcomes.iter().map(|group| fate(words, group)));
    head.extend(["report-hours-median", "report-hours-p90"].map(|key| words.say(key)));
    let rows = rows.iter().map(|row| {
        let mut cells = vec![name(row), row.received.to_string()];
        cells.extend(row.counts.iter().map(|count| told(words, *count)));
        let hours = row.hours_to_answer.as_ref();
        let hours = hours.map(|hours| [hours.median.clone(), hours.p90.clone()]);
        cells.extend(hours.unwrap_or_else(|| ["–".to_owned(), "–".to_owned()]));
        cells
    });
    let title = words.say(&format!("report-by-{}", by.as_str().replace('_', "-")));
    Table { title, label: String::new(), head, rows: rows.collect(), words_count: 1 }
}

fn detail(section: &Section, words: &Words) -> Table {
    let heads = [
        "country",
        "regime",
        "report-agency-class",
        "report-category",
        "report-emergency",
        "report-instrument",
    ];
    let mut head: Vec<String> = heads.iter().map(|key| words.say(key)).collect();
    head.push(words.say("report-received"));
    let any = || words.say("report-any");
    let rows = section.detail.iter().map(|row| {
        let yes_no = |flag| words.say(if flag { "report-yes" } else { "report-no" });
        vec![
            row.country.map_or_else(|| words.say("report-others"), |country| country.to_string()),
            row.regime.clone().unwrap_or_else(any),
            row.agency_class.map_or_else(any, |it| term(words, "issuer", it.as_str())),
            row.data_category.map_or_else(any, |it| term(words, "category", it.as_str())),
            row.emergency.map_or_else(any, yes_no),
            row.instrument.map_or_else(any, |it| term(words, "instrument", it.as_str())),
            row.received.to_string(),
        ]
    });
    let title = words.say("report-detail");
    Table { title, label: String::new(), head, rows: rows.collect(), words_count: 6 }
}

fn assets(section: &Section, words: &Words) -> Table {
    let mut head = vec![words.say("report-asset"), words.say("report-frozen")];
    head.extend(section.ends.iter().map(|group| end(words, group)));
    head.extend(["report-amount-exact", "report-amount"].map(|key| words.say(key)));
    let rows = section.assets.iter().map(|row| {
        let asset = row.asset.as_ref();
        let mut cells = vec![
            asset.map_or_else(|| words.say("report-others"), ToString::to_string),
            row.frozen.to_string(),
        ];
        cells.extend(row.ends.iter().map(|count| told(words, *count)));
        cells.push(row.amount.map_or_else(|| "–".to_owned(), |amount| amount.to_string()));
        let band = row.amount_from.zip(row.amount_below).map(|(from, below)| {
            let (from, below) = (from.to_string(), below.to_string());
            words.say_with("report-band", &[("from", &from), ("below", &below)])
        });
        cells.push(band.unwrap_or_else(|| "–".to_owned()));
        cells
    });
    let title = words.say("report-assets");
    Table { title, label: String::new(), head, rows: rows.collect(), words_count: 1 }
}

fn country(words: &Words, row: &CountryRow) -> String {
    row.country.map_or_else(|| words.say("report-others"), |country| country.to_string())
}

fn end(words: &Words, group: &Group<End>) -> String {
    let of: Vec<&str> = group.of.iter().map(|end| end.as_str()).collect();
    together(words, "end", &of)
}

fn fate(words: &Words, group: &Group<Fate>) -> String {
    let of: Vec<&str> = group.of.iter().map(|fate| fate.as_str()).collect();
    together(words, "fate", &of)
}

/// Words that are counted together.
fn together(words: &Words, family: &str, of: &[&str]) -> String {
    let of: Vec<String> = of.iter().map(|word| term(words, family, word)).collect();
    match of.len() {
        0 | 1 => of.concat(),
        // A refusal has sixteen codes; all that are not told apart would fill the page.
        5.. => words.say("report-all-others"),
        _ => of.join(" / "),
    }
}

fn told(words: &Words, count: Option<u64>) -> String {
    count.map_or_else(|| words.say("report-withheld"), |count| count.to_string())
}

fn term(words: &Words, family: &str, word: &str) -> String {
    words.term(family, word)
}

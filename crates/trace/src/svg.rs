//! The picture. Knows where things stand from [`crate::layout`] and nothing of the chain.
//!
//! Plain attributes only: no scripts, no styles, no links, no fonts to fetch. Every card and line
//! has a title, and what a colour says is also written in words.

use crate::account::AccountTrace;
use crate::layout::{
    CARD_PADDING, Card, Edge, Face, MARGIN, Note, Picture, Role, account_layout, amount_in_words,
    layout,
};
use crate::{Parameters, Trace};
use chain::Utxo;
use std::fmt::Write as _;

/// What is written above a picture, and what is read aloud in its place.
struct Heading {
    name: String,
    description: String,
    /// At most [`HEADING_LINES_MAX`].
    lines: Vec<String>,
}

/// Draws a trace.
pub fn svg<C: Utxo>(trace: &Trace<'_, C>) -> String {
    let parameters = &trace.parameters;
    let policy = parameters.policy;
    let heading = Heading {
        name: name(parameters),
        description: description(trace),
        lines: vec![
            format!("Trace under {policy}: {}", policy.legal_name()),
            parameters.source.to_string(),
            sums(trace),
        ],
    };
    draw(&heading, &layout(trace))
}

/// Draws a trace over accounts.
pub fn account_svg(trace: &AccountTrace<'_>) -> String {
    let (parameters, totals) = (&trace.parameters, &trace.flow.totals);
    let (chain, policy) = (trace.ledgers.chain(), parameters.policy);
    let source = match parameters.source {
        crate::account::AccountSource::Transaction(hash) => chain.hash_text(hash),
        crate::account::AccountSource::Account { account, .. } => chain.text(account),
    };
    let amount = |amount| amount_in_words(chain, parameters.asset, amount);
    let mut sums = format!("Source {}", amount(totals.source));
    for (part, words) in [
        (totals.reached, "reached tagged accounts"),
        (totals.held, "held at the end"),
        (totals.contracts, "at contracts"),
        (totals.limited, "at limits"),
        (totals.bait, "left out as bait"),
        (totals.destroyed, "destroyed"),
        (totals.fees, "in fees"),
    ] {
        if part > 0 {
            let _ = write!(sums, "{SEPARATOR}{} {words}", amount(part));
        }
    }
    let description = format!(
        "{} payments. {sums}. The exhibit's tables say the same in full.",
        trace.flow.steps.len()
    );
    let mut lines = vec![
        format!("Trace under {policy}: {}", policy.legal_name()),
        format!("{source} in {}", parameters.asset.text(chain)),
    ];
    let room = sums.char_indices().nth(SUMS_CHARS_MAX).map(|(at, _)| at);
    match room.and_then(|at| sums[..at].rfind(SEPARATOR)) {
        Some(at) => {
            lines.push(sums[..at].to_owned());
            lines.push(sums[at + SEPARATOR.len()..].to_owned());
        }
        None => lines.push(sums),
    }
    let heading = Heading { name: format!("Trace of {source} under {policy}"), description, lines };
    draw(&heading, &account_layout(trace))
}

fn draw(heading: &Heading, picture: &Picture) -> String {
    let mut text = String::with_capacity(64 * 1024);
    write_svg(&mut text, heading, picture).expect("writing into memory cannot fail");
    text
}

/// How many elements a picture has when written.
pub(crate) fn element_count(picture: &Picture) -> usize {
    let cards: usize = picture.nodes.iter().map(|card| 3 + card.lines.len()).sum();
    let notes = picture.edges.iter().filter(|edge| edge.note.is_some()).count();
    // svg, title, desc, background, heading group and its lines, two groups for lines and cards
    FIXED_ELEMENTS + cards + 2 * picture.edges.len() + notes
}

const FIXED_ELEMENTS: usize = 5 + HEADING_LINES_MAX + 2;
const HEADING_LINES_MAX: usize = 4;
/// Longest line of sums; what is longer is broken in two.
const SUMS_CHARS_MAX: usize = 120;

const SEPARATOR: &str = "  ·  ";

const SANS: &str = "Noto Sans, DejaVu Sans, Helvetica, Arial, sans-serif";
const MONO: &str = "Noto Sans Mono, DejaVu Sans Mono, Menlo, Consolas, monospace";
const INK: &str = "#1b2330";
const FADED: &str = "#5a6475";
const LINE: &str = "#9aa7ba";

fn write_svg(text: &mut String, heading: &Heading, picture: &Picture) -> std::fmt::Result {
    let (width, height) = (picture.width, picture.height);
    writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"trace-title trace-desc\">"
    )?;
    writeln!(text, "<title id=\"trace-title\">{}</title>", escape(&heading.name))?;
    writeln!(text, "<desc id=\"trace-desc\">{}</desc>", escape(&heading.description))?;
    writeln!(text, "<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>")?;
    write_heading(text, &heading.lines)?;
    writeln!(text, "<g fill=\"none\" stroke=\"{LINE}\" font-family=\"{SANS}\" font-size=\"9\">")?;
    for edge in &picture.edges {
        write_edge(text, edge)?;
    }
    writeln!(text, "</g>")?;
    writeln!(text, "<g font-family=\"{SANS}\">")?;
    for card in &picture.nodes {
        write_card(text, card)?;
    }
    writeln!(text, "</g>")?;
    writeln!(text, "</svg>")
}

fn name(parameters: &Parameters) -> String {
    format!("Trace of {} under {}", parameters.source, parameters.policy)
}

fn description<C>(trace: &Trace<'_, C>) -> String {
    let totals = &trace.flow.totals;
    format!(
        "{} transactions after the source. Of {} BTC at the source, {} BTC reached tagged \
         addresses, {} BTC lie in outputs not spent in the blocks given, {} BTC stopped at limits, \
         {} BTC stopped at boundaries, {} BTC went to fees. The exhibit's tables say the same in \
         full.",
        trace.flow.hops.len() - 1,
        totals.source.bitcoin(),
        totals.reached.bitcoin(),
        totals.unspent.bitcoin(),
        totals.limited.bitcoin(),
        totals.boundary.bitcoin(),
        totals.fees.bitcoin(),
    )
}

/// What became of the source's money, in one line.
fn sums<C>(trace: &Trace<'_, C>) -> String {
    let totals = &trace.flow.totals;
    let mut sums = format!("Source {} BTC", totals.source.bitcoin());
    for (amount, words) in [
        (totals.reached, "reached tagged addresses"),
        (totals.unspent, "not spent in these blocks"),
        (totals.limited, "at limits"),
        (totals.boundary, "at boundaries"),
        (totals.fees, "in fees"),
    ] {
        if amount.0 > 0 {
            let _ = write!(sums, "{SEPARATOR}{} {words}", amount.bitcoin());
        }
    }
    sums
}

fn write_heading(text: &mut String, lines: &[String]) -> std::fmt::Result {
    let mono = format!(" font-family=\"{MONO}\" fill=\"{FADED}\"");
    let sets = [
        (54, "font-size=\"19\" font-weight=\"600\"".to_owned()),
        (78, format!("font-size=\"11.5\"{mono}")),
        (100, "font-size=\"11.5\"".to_owned()),
        (117, "font-size=\"11.5\"".to_owned()),
    ];
    writeln!(text, "<g font-family=\"{SANS}\" fill=\"{INK}\">")?;
    for ((y, set), line) in sets.iter().zip(lines) {
        writeln!(text, "<text x=\"{MARGIN}\" y=\"{y}\" {set}>{}</text>", escape(line))?;
    }
    writeln!(text, "</g>")
}

fn write_edge(text: &mut String, edge: &Edge) -> std::fmt::Result {
    let ((x1, y1), (x2, y2)) = (edge.from, edge.to);
    let thickness = format!("{}.{}", edge.thickness / 10, edge.thickness % 10);
    let middle = x1.midpoint(x2);
    let dashes = if edge.note.is_some() { " stroke-dasharray=\"4 3\"" } else { "" };
    write!(text, "<path d=\"M{x1} {y1}")?;
    if y1 == y2 {
        write!(text, "H{x2}")?;
    } else {
        write!(text, "C{middle} {y1} {middle} {y2} {x2} {y2}")?;
    }
    let title = escape(&edge.title);
    writeln!(text, "\" stroke-width=\"{thickness}\"{dashes}><title>{title}</title></path>")?;
    // What leaves is worded above its line and what arrives below, as both may meet in one gap.
    let (x, y, anchor, word, rows) = match &edge.note {
        None => return Ok(()),
        Some(Note::To(rows)) => (x1 + 4, y1 - 6, "start", "to", rows),
        Some(Note::From(rows)) => (x2 - 4, y1 + 13, "end", "from", rows),
    };
    let plural = if rows.len() == 1 { "" } else { "s" };
    let rows: Vec<String> = rows.iter().map(usize::to_string).collect();
    let words = format!("{word} row{plural} {}", rows.join(", "));
    writeln!(
        text,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{FADED}\" stroke=\"none\">\
         {words}</text>"
    )
}

struct Colours {
    fill: &'static str,
    border: &'static str,
    head: &'static str,
    dashes: &'static str,
}

fn colours(role: Role) -> Colours {
    let broken = " stroke-dasharray=\"4 3\"";
    let (fill, border, head, dashes) = match role {
        Role::Source => ("#fdecea", "#b3372b", "#a02c21", ""),
        Role::Transaction => ("#ffffff", "#3c4b63", "#3c4b63", ""),
        Role::Reached => ("#e3f4e8", "#1f7a3d", "#1a6a35", ""),
        Role::Boundary => ("#fff3d6", "#a86b00", "#7d4f00", ""),
        Role::Limited => ("#fff9ea", "#a86b00", "#7d4f00", broken),
        Role::Unspent => ("#f1f4f8", "#b4bfce", FADED, ""),
        Role::Counted => ("#ffffff", "#b4bfce", FADED, broken),
    };
    Colours { fill, border, head, dashes }
}

fn write_card(text: &mut String, card: &Card) -> std::fmt::Result {
    let Colours { fill, border, head, dashes } = colours(card.role);
    let (x, y, width, height) = (card.x, card.y, card.width, card.height);
    writeln!(text, "<g><title>{}</title>", escape(&card.title))?;
    writeln!(
        text,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\" \
         fill=\"{fill}\" stroke=\"{border}\" stroke-width=\"1.2\"{dashes}/>"
    )?;
    let mut baseline = y + CARD_PADDING;
    for line in &card.lines {
        baseline += line.face.height();
        let set = match line.face {
            Face::Head => format!("font-size=\"10.5\" fill=\"{head}\" font-weight=\"600\""),
            Face::Label => format!("font-size=\"11.5\" fill=\"{INK}\" font-weight=\"600\""),
            Face::Amount => format!("font-size=\"14\" fill=\"{INK}\" font-weight=\"600\""),
            Face::Small => format!("font-size=\"10\" fill=\"{FADED}\""),
            Face::Code => format!("font-size=\"9.5\" fill=\"{INK}\" font-family=\"{MONO}\""),
        };
        let (x, y) = (x + 12, baseline - 5);
        writeln!(text, "<text x=\"{x}\" y=\"{y}\" {set}>{}</text>", escape(&line.text))?;
    }
    writeln!(text, "</g>")
}

/// Makes text safe inside an element or attribute; characters that XML forbids are replaced.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{0}'..='\u{8}'
            | '\u{b}'
            | '\u{c}'
            | '\u{e}'..='\u{1f}'
            | '\u{fffe}'
            | '\u{ffff}' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

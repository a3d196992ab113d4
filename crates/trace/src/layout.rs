//! Where everything in the picture stands. Knows no SVG. All positions are whole pixels, computed
//! here and from the trace alone, so that the same trace always gives the same picture.
//!
//! Layers run from left to right. What does not fit one row of columns continues in the row below,
//! like lines of text, so that a long chain stays readable on paper.

use crate::account::AccountTrace;
use crate::{Trace, svg};
use chain::{Satoshi, Utxo};
use std::collections::{BTreeMap, BTreeSet};

mod accounts;
mod board;
mod graph;

pub use accounts::amount_in_words;
pub use board::{BOARD_ELEMENTS_MAX, Board, Link, Piece, account_board, board};
use graph::Graph;
pub use graph::Role;

/// Elements of an SVG at most: all of them, down to the last title.
pub const ELEMENTS_MAX: usize = 500;
/// Columns in a row before the next row begins.
pub const ROW_COLUMNS_MAX: usize = 5;
/// Cards in a column, with one more that counts the rest.
pub const COLUMN_CARDS_MAX: usize = 7;
/// Characters of a tag's label that are drawn; the whole is in the title.
pub const LABEL_CHARS_MAX: usize = 22;
/// Characters of an address in one line.
pub const CODE_CHARS_MAX: usize = 31;

const NODES_MAX: usize = 80;
const NODES_MIN: usize = 4;
const CARD_WIDTH: u32 = 204;
pub(crate) const CARD_PADDING: u32 = 10;
const COLUMN_GAP: u32 = 60;
const CARD_GAP: u32 = 16;
const ROW_GAP: u32 = 48;
pub(crate) const MARGIN: u32 = 72;
const HEADER_HEIGHT: u32 = 62;
/// A picture is never narrower than this many columns, so that its heading fits.
const COLUMNS_MIN: usize = 3;
const STUB_LENGTH: u32 = 26;

/// A picture with every position decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The cards.
    pub nodes: Vec<Card>,
    /// The lines between them.
    pub edges: Vec<Edge>,
}

/// A drawn node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What it stands for.
    pub role: Role,
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// What is written on it, from the top.
    pub lines: Vec<Line>,
    /// The whole truth about it, for screen readers and pointers.
    pub title: String,
}

/// A line of writing on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The words.
    pub text: String,
    /// How they are set.
    pub face: Face,
}

/// How a line is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// What the card is.
    Head,
    /// Whose address it is said to be.
    Label,
    /// How much.
    Amount,
    /// A remark.
    Small,
    /// An id or address, in type whose letters are told apart.
    Code,
}

/// A line between cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where it starts.
    pub from: (u32, u32),
    /// Where it ends.
    pub to: (u32, u32),
    /// Tenths of a pixel thick, by the share of the money.
    pub thickness: u32,
    /// How much goes along it.
    pub title: String,
    /// Words at a loose end, where the other end is in another row.
    pub note: Option<Note>,
}

/// Words at a line's loose end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// It goes on in these rows, counted from 1.
    To(Vec<usize>),
    /// It comes from these rows, counted from 1.
    From(Vec<usize>),
}

impl Line {
    fn head(text: String) -> Line {
        Line { text, face: Face::Head }
    }

    fn label(text: String) -> Line {
        Line { text, face: Face::Label }
    }

    fn amount(amount: Satoshi) -> Line {
        Line { text: format!("{} BTC", amount.bitcoin()), face: Face::Amount }
    }

    fn small(text: String) -> Line {
        Line { text, face: Face::Small }
    }

    fn code(text: String) -> Line {
        Line { text, face: Face::Code }
    }
}

impl Face {
    /// Pixels from one line to the next.
    pub(crate) fn height(self) -> u32 {
        match self {
            Face::Head => 15,
            Face::Label => 18,
            Face::Amount => 21,
            Face::Small | Face::Code => 14,
        }
    }
}

/// Lays out as much of a trace as fits [`ELEMENTS_MAX`] elements; the rest is counted.
pub fn layout<C: Utxo>(trace: &Trace<'_, C>) -> Picture {
    fit(&graph::whole(trace))
}

/// The same of a trace over accounts.
pub fn account_layout(trace: &AccountTrace<'_>) -> Picture {
    fit(&accounts::whole(trace))
}

fn fit(whole: &Graph) -> Picture {
    let mut count = whole.nodes.len().min(NODES_MAX);
    loop {
        let picture = place(&whole.reduce(count, &BTreeSet::new()));
        if svg::element_count(&picture) <= ELEMENTS_MAX || count <= NODES_MIN {
            return picture;
        }
        count -= 1;
    }
}

fn place(graph: &Graph) -> Picture {
    let columns = order(graph);
    let mut cards: Vec<Option<Card>> = vec![None; graph.nodes.len()];
    let mut top = MARGIN + HEADER_HEIGHT;
    for row in columns.chunks(ROW_COLUMNS_MAX) {
        let mut bottom = top;
        for (column, nodes) in row.iter().enumerate() {
            let x = MARGIN + column as u32 * (CARD_WIDTH + COLUMN_GAP);
            let mut y = top;
            for index in nodes {
                let card = card(&graph.nodes[*index], x, y);
                y += card.height + CARD_GAP;
                bottom = bottom.max(y - CARD_GAP);
                cards[*index] = Some(card);
            }
        }
        top = bottom + ROW_GAP;
    }
    let across = columns.len().clamp(COLUMNS_MIN, ROW_COLUMNS_MAX) as u32;
    let nodes: Vec<Card> = cards.into_iter().flatten().collect();
    Picture {
        width: 2 * MARGIN + across * CARD_WIDTH + (across - 1) * COLUMN_GAP,
        height: top - ROW_GAP + MARGIN,
        edges: edges(graph, &nodes),
        nodes,
    }
}

/// The nodes of each column from the top: by the mean height of what feeds them, transactions
/// before ends, then in chain order.
fn order(graph: &Graph) -> Vec<Vec<usize>> {
    let count = graph.nodes.iter().map(|node| node.layer).max().unwrap_or(0) + 1;
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut feeders: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for (from, to) in graph.edges.keys() {
        feeders[*to].push(*from);
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        columns[node.layer].push(index);
    }
    let mut rank = vec![0usize; graph.nodes.len()];
    for column in &mut columns {
        column.sort_by_key(|index| {
            let ranks = feeders[*index].iter().map(|feeder| rank[*feeder]);
            let mean = 1_000 * ranks.sum::<usize>() / feeders[*index].len().max(1);
            (mean, graph.nodes[*index].role, *index)
        });
        for (place, index) in column.iter().enumerate() {
            rank[*index] = place;
        }
    }
    columns
}

fn card(node: &graph::Node, x: u32, y: u32) -> Card {
    let text: u32 = node.lines.iter().map(|line| line.face.height()).sum();
    Card {
        role: node.role,
        x,
        y,
        width: CARD_WIDTH,
        height: text + 2 * CARD_PADDING,
        lines: node.lines.clone(),
        title: node.title.clone(),
    }
}

/// Lines run from the right side of a card to the left side of another. Those that change rows
/// become one loose end on each card, which names the other rows.
fn edges(graph: &Graph, cards: &[Card]) -> Vec<Edge> {
    let most = graph.edges.values().copied().max().unwrap_or(0).max(1);
    let edge = |from, to, taint: u128, note| {
        let thickness = thickness(taint, most);
        Edge { from, to, thickness, title: graph.sort.amount(taint), note }
    };
    let row = |node: usize| graph.nodes[node].layer / ROW_COLUMNS_MAX + 1;
    let mut edges = Vec::with_capacity(graph.edges.len());
    let mut leaving: BTreeMap<usize, (u128, BTreeSet<usize>)> = BTreeMap::new();
    let mut arriving: BTreeMap<usize, (u128, BTreeSet<usize>)> = BTreeMap::new();
    for ((from, to), taint) in &graph.edges {
        if row(*from) == row(*to) {
            let (start, end) = (port(&cards[*from], true), port(&cards[*to], false));
            edges.push(edge(start, end, *taint, None));
        } else {
            let loose = [(&mut leaving, *from, row(*to)), (&mut arriving, *to, row(*from))];
            for (ends, node, row) in loose {
                let end = ends.entry(node).or_default();
                end.0 += taint;
                end.1.insert(row);
            }
        }
    }
    for (node, (taint, rows)) in leaving {
        let start = port(&cards[node], true);
        let note = Note::To(rows.into_iter().collect());
        edges.push(edge(start, (start.0 + STUB_LENGTH, start.1), taint, Some(note)));
    }
    for (node, (taint, rows)) in arriving {
        let end = port(&cards[node], false);
        let note = Note::From(rows.into_iter().collect());
        edges.push(edge((end.0 - STUB_LENGTH, end.1), end, taint, Some(note)));
    }
    edges
}

/// Tenths of a pixel, by the square root of the share, so that small sums stay visible.
fn thickness(taint: u128, most: u128) -> u32 {
    let share = match taint < most {
        true => crate::account::haircut::mul_div(taint, 10_000, most),
        false => 10_000,
    };
    10 + (share as u32).isqrt() * 40 / 100
}

/// The point on a card's side where lines start or end: level with its first lines, so that cards
/// that stand level are joined by straight lines.
fn port(card: &Card, right: bool) -> (u32, u32) {
    let x = if right { card.x + card.width } else { card.x };
    (x, card.y + card.height.min(48) / 2)
}

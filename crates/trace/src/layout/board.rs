//! The same cards for a screen that can be moved: one row of columns, links between named pieces,
//! and counted pieces that open on demand.
//!
//! Knows no screen. Positions are whole pixels and follow from the trace and from what is open
//! alone, so the screen shows what the page and the package show.

use std::collections::BTreeSet;

use chain::Utxo;

use super::graph::{self, Graph};
use super::{CARD_GAP, CARD_WIDTH, COLUMN_GAP, Card, Role, accounts, card, order, thickness};
use crate::Trace;
use crate::account::AccountTrace;

/// Pieces and links of a board at most; what does not fit is counted again.
pub const BOARD_ELEMENTS_MAX: usize = 500;
const PIECES_MIN: usize = 4;

/// A picture for a screen, with every position decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// The pieces.
    pub pieces: Vec<Piece>,
    /// What goes from one to another.
    pub links: Vec<Link>,
    /// Transactions and outputs (of accounts: accounts and ends) that the counted pieces stand for.
    pub counted: (usize, usize),
}

/// One card on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is, the same whatever is open: a transaction, `stop-` and one, an output, or
    /// `layers-a-b` of a counted piece.
    pub key: String,
    /// Where it stands and what is written on it.
    pub card: Card,
    /// The layers that open when it is asked to, for counted pieces.
    pub opens: Option<(usize, usize)>,
}

/// Taint on its way from one piece to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which piece, from 0.
    pub from: usize,
    /// Which piece, from 0.
    pub to: usize,
    /// How much, in the smallest unit.
    pub taint: u128,
    /// The same in words.
    pub amount: String,
    /// Tenths of a pixel thick, by the square root of the share of the money.
    pub thickness: u32,
}

/// Lays out as much of a trace as fits [`BOARD_ELEMENTS_MAX`], the open layers first.
pub fn board<C: Utxo>(trace: &Trace<'_, C>, open: &BTreeSet<usize>) -> Board {
    fit(&graph::whole(trace), open)
}

/// The same of a trace over accounts.
pub fn account_board(trace: &AccountTrace<'_>, open: &BTreeSet<usize>) -> Board {
    fit(&accounts::whole(trace), open)
}

fn fit(whole: &Graph, open: &BTreeSet<usize>) -> Board {
    let mut count = whole.nodes.len().min(BOARD_ELEMENTS_MAX);
    loop {
        let reduced = whole.reduce(count, open);
        let elements = reduced.nodes.len() + reduced.edges.len();
        if elements <= BOARD_ELEMENTS_MAX || count <= PIECES_MIN {
            return place(&reduced);
        }
        // Every piece left out takes a link with it, so half the surplus is never too much.
        count = count.saturating_sub((elements - BOARD_ELEMENTS_MAX).div_ceil(2)).max(PIECES_MIN);
    }
}

fn place(graph: &Graph) -> Board {
    let mut pieces: Vec<Option<Piece>> = vec![None; graph.nodes.len()];
    for (column, nodes) in order(graph).iter().enumerate() {
        let x = column as u32 * (CARD_WIDTH + COLUMN_GAP);
        let mut y = 0;
        for index in nodes {
            let node = &graph.nodes[*index];
            let card = card(node, x, y);
            y += card.height + CARD_GAP;
            let opens = (node.role == Role::Counted).then_some(node.layers);
            pieces[*index] = Some(Piece { key: node.key.clone(), card, opens });
        }
    }
    let most = graph.edges.values().copied().max().unwrap_or(0).max(1);
    let link = |((from, to), taint): (&(usize, usize), &u128)| Link {
        from: *from,
        to: *to,
        taint: *taint,
        amount: graph.sort.amount(*taint),
        thickness: thickness(*taint, most),
    };
    let counted = graph.nodes.iter().filter(|node| node.role == Role::Counted);
    Board {
        links: graph.edges.iter().map(link).collect(),
        counted: counted.fold((0, 0), |sum, node| (sum.0 + node.counts.0, sum.1 + node.counts.1)),
        pieces: pieces.into_iter().flatten().collect(),
    }
}

//! What is drawn: transactions, ends and the taint between them, reduced to what fits a page.

use crate::{Fate, Hop, HopInput, HopOutput, Origin, Stop, StopReason, Trace};
use chain::{OutPoint, Satoshi, TxNumber, Utxo};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a node stands for; the picture words and colours it by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The transaction whose outputs are followed.
    Source,
    /// A transaction that the money passes.
    Transaction,
    /// An output at a tagged address.
    Reached,
    /// A transaction that was not entered because something about it is not known.
    Boundary,
    /// An output or transaction at which a limit ended the trace.
    Limited,
    /// An output that nothing in the blocks given spends.
    Unspent,
    /// Nodes that are counted and not drawn.
    Counted,
}

/// A node before it has a place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub role: Role,
    pub layer: usize,
    pub taint: u128,
    pub lines: Vec<super::Line>,
    pub title: String,
    /// Passages (transactions, accounts) and ends (outputs, last payments) that a counted node
    /// stands for.
    pub counts: (usize, usize),
    /// What it is, the same in every picture of the trace: a transaction, `stop-` and one, or an
    /// output; a counted node has the layers it stands for.
    pub key: String,
    /// The layers of the whole flow that a counted node stands for, first and last.
    pub layers: (usize, usize),
}

/// Taint on its way between two nodes, in the smallest unit.
pub(super) type Edges = BTreeMap<(usize, usize), u128>;

/// What nodes are, and how amounts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Transactions and outputs, in bitcoin.
    Outputs,
    /// Accounts and payments, in an asset.
    Accounts(Unit),
}

/// How an asset's amounts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// The name of the whole; none where nothing here says how many units make one.
    pub whole: Option<(&'static str, u32)>,
}

#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    pub edges: Edges,
    pub sort: Sort,
}

impl Sort {
    /// An amount in words.
    pub fn amount(self, taint: u128) -> String {
        match self {
            Sort::Outputs => format!("{} BTC", Satoshi(taint as u64).bitcoin()),
            Sort::Accounts(unit) => unit.amount(taint),
        }
    }

    /// What a counted node counts, in one and many.
    fn counted(self) -> [[&'static str; 2]; 2] {
        match self {
            Sort::Outputs => [["transaction", "transactions"], ["output", "outputs"]],
            Sort::Accounts(_) => [["account", "accounts"], ["end", "ends"]],
        }
    }
}

impl Unit {
    /// An amount, exactly: digits behind the point end with the last that is not 0.
    pub fn amount(self, amount: u128) -> String {
        let Some((name, decimals)) = self.whole else { return format!("{amount} units") };
        let one = 10u128.pow(decimals);
        let (whole, part) = (amount / one, amount % one);
        let part = format!("{part:0>width$}", width = decimals as usize);
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        format!("{whole}{point}{part} {name}")
    }
}

/// The whole flow as a graph. Every edge leads to a higher layer.
pub(super) fn whole<C: Utxo>(trace: &Trace<'_, C>) -> Graph {
    let mut graph = Graph { nodes: Vec::new(), edges: Edges::new(), sort: Sort::Outputs };
    let mut made: HashMap<TxNumber, usize> = HashMap::new();
    for hop in &trace.flow.hops {
        let taint = taint(&hop.inputs);
        let taint = if hop.hop == 0 { trace.flow.totals.source } else { taint };
        let index = graph.join(trace, &made, &hop.inputs, hop_node(trace, hop, taint));
        made.insert(hop.transaction, index);
        for output in &hop.outputs {
            if matches!(output.fate, Fate::Clean | Fate::Followed) {
                continue;
            }
            let layer = graph.nodes[index].layer + 1;
            let end = graph.nodes.len();
            graph.nodes.push(Node { layer, ..end_node(trace, hop, output) });
            graph.edges.insert((index, end), u128::from(output.lot.taint.0));
        }
    }
    for stop in &trace.flow.stops {
        graph.join(trace, &made, &stop.inputs, stop_node(trace, stop));
    }
    graph
}

impl Graph {
    /// Adds a node to the right of all whose taint it receives.
    fn join<C: Utxo>(
        &mut self,
        trace: &Trace<'_, C>,
        made: &HashMap<TxNumber, usize>,
        inputs: &[HopInput],
        node: Node,
    ) -> usize {
        let index = self.nodes.len();
        let mut layer = 0;
        for input in inputs.iter().filter(|input| input.lot.taint.0 > 0) {
            let txid = match input.origin {
                Origin::Output(OutPoint { txid, .. }) | Origin::Fee(txid) => txid,
                Origin::Subsidy => continue,
            };
            let from = trace.view.transaction(&txid).and_then(|from| made.get(&from));
            let Some(from) = from else { continue };
            layer = layer.max(self.nodes[*from].layer + 1);
            *self.edges.entry((*from, index)).or_default() += u128::from(input.lot.taint.0);
        }
        self.nodes.push(Node { layer, ..node });
        index
    }

    /// Keeps the `count` most telling nodes, not too many of a layer unless it is open, and
    /// replaces the others by counted ones, one for each stretch of layers; layers without any
    /// node left close up.
    pub(super) fn reduce(&self, count: usize, open: &BTreeSet<usize>) -> Graph {
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|index| {
            let node = &self.nodes[*index];
            let pinned =
                matches!(node.role, Role::Source | Role::Reached) || open.contains(&node.layer);
            (!pinned, std::cmp::Reverse(node.taint), *index)
        });
        let mut in_layer: HashMap<usize, usize> = HashMap::new();
        order.retain(|index| {
            let layer = self.nodes[*index].layer;
            let cards = in_layer.entry(layer).or_default();
            *cards += 1;
            *cards <= super::COLUMN_CARDS_MAX || open.contains(&layer)
        });
        let kept: BTreeSet<usize> = order.into_iter().take(count).collect();
        let columns = self.columns(&kept);
        let mut reduced = Graph { nodes: Vec::new(), edges: Edges::new(), sort: self.sort };
        let mut place = vec![0; self.nodes.len()];
        let mut counted: HashMap<usize, usize> = HashMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let column = columns[node.layer];
            if kept.contains(&index) {
                place[index] = reduced.nodes.len();
                reduced.nodes.push(Node { layer: column, ..node.clone() });
                continue;
            }
            let next = reduced.nodes.len();
            place[index] = *counted.entry(column).or_insert(next);
            if place[index] == next {
                reduced.nodes.push(counted_node(column, node.layer));
            }
            let sum = &mut reduced.nodes[place[index]];
            sum.layers.0 = sum.layers.0.min(node.layer);
            sum.layers.1 = sum.layers.1.max(node.layer);
            sum.counts.0 += node.counts.0;
            sum.counts.1 += node.counts.1;
        }
        for ((from, to), taint) in &self.edges {
            let (from, to) = (place[*from], place[*to]);
            if from != to {
                *reduced.edges.entry((from, to)).or_default() += taint;
            }
        }
        for node in reduced.nodes.iter_mut().filter(|node| node.role == Role::Counted) {
            word_counted(node, self.sort);
        }
        reduced
    }

    /// Maps layers to columns: a run of layers in which nothing is kept becomes one column.
    fn columns(&self, kept: &BTreeSet<usize>) -> Vec<usize> {
        let layers = self.nodes.iter().map(|node| node.layer).max().unwrap_or(0) + 1;
        let mut shown = vec![false; layers];
        kept.iter().for_each(|index| shown[self.nodes[*index].layer] = true);
        let mut columns = Vec::with_capacity(layers);
        let mut column = 0;
        for layer in 0..layers {
            if layer > 0 && (shown[layer] || shown[layer - 1]) {
                column += 1;
            }
            columns.push(column);
        }
        columns
    }
}

fn taint(inputs: &[HopInput]) -> Satoshi {
    Satoshi(inputs.iter().map(|input| input.lot.taint.0).sum())
}

fn hop_node<C: Utxo>(trace: &Trace<'_, C>, hop: &Hop, taint: Satoshi) -> Node {
    let txid = trace.view.txid(hop.transaction).to_string();
    let role = if hop.hop == 0 { Role::Source } else { Role::Transaction };
    let head = match (role, trace.view.is_coinbase(hop.transaction)) {
        (Role::Source, _) => "Source".to_owned(),
        (_, true) => format!("Hop {} (coinbase)", hop.hop),
        (_, false) => format!("Hop {}", hop.hop),
    };
    let mut lines = vec![super::Line::head(head), super::Line::amount(taint)];
    let worth: u64 = hop.inputs.iter().map(|input| input.lot.value.0).sum();
    if worth > taint.0 {
        lines.push(super::Line::small(format!("of {} BTC in", Satoshi(worth).bitcoin())));
    }
    lines.push(super::Line::code(shorten(&txid)));
    let fee = match &hop.fee {
        Some(fee) if role == Role::Transaction => format!(", fee {} satoshis", fee.value),
        _ => String::new(),
    };
    let title = format!("Transaction {txid}: {} BTC tainted{fee}", taint.bitcoin());
    let taint = u128::from(taint.0);
    Node { role, layer: 0, taint, lines, title, counts: (1, 0), key: txid, layers: (0, 0) }
}

fn end_node<C: Utxo>(trace: &Trace<'_, C>, hop: &Hop, output: &HopOutput) -> Node {
    let tag = output.address.as_ref().and_then(|address| trace.parameters.tags.get(address));
    let (role, head) = match output.fate {
        Fate::Reached if tag.is_some_and(|tag| tag.fiction) => {
            (Role::Reached, "Reached (fiction)".to_owned())
        }
        Fate::Reached => (Role::Reached, "Reached".to_owned()),
        Fate::BelowAmount => (Role::Limited, "Below the least amount".to_owned()),
        Fate::BelowShare => (Role::Limited, "Below the least share".to_owned()),
        Fate::Unspendable => (Role::Unspent, "Can never be spent".to_owned()),
        _ => (Role::Unspent, "Not spent in these blocks".to_owned()),
    };
    let mut lines = vec![super::Line::head(head)];
    if let Some(tag) = tag {
        let label: String = tag.label.chars().take(super::LABEL_CHARS_MAX).collect();
        let cut = if label == tag.label { "" } else { "…" };
        lines.push(super::Line::label(format!("{label}{cut}")));
    }
    lines.push(super::Line::amount(output.lot.taint));
    if output.lot.value > output.lot.taint {
        lines.push(super::Line::small(format!("of {} BTC", output.lot.value.bitcoin())));
    }
    match &output.address {
        Some(address) => lines.extend(fold(address).map(super::Line::code)),
        None => lines.push(super::Line::small(format!("no address ({})", output.script_type))),
    }
    let point = OutPoint { txid: trace.view.txid(hop.transaction), vout: output.vout };
    let address = output.address.as_deref().unwrap_or("no address");
    let mut title = format!(
        "Output {point}, {address}: {} of {} BTC tainted",
        output.lot.taint.bitcoin(),
        output.lot.value.bitcoin()
    );
    if let Some(tag) = tag {
        let fiction = if tag.fiction { "; fiction" } else { "" };
        title.push_str(&format!("; tagged {} by {}{fiction}", tag.label, tag.source));
    }
    let (taint, key) = (u128::from(output.lot.taint.0), point.to_string());
    Node { role, layer: 0, taint, lines, title, counts: (0, 1), key, layers: (0, 0) }
}

fn stop_node<C: Utxo>(trace: &Trace<'_, C>, stop: &Stop) -> Node {
    let txid = trace.view.txid(stop.transaction).to_string();
    let (role, head, detail) = match &stop.reason {
        StopReason::UnknownInputs(points) => {
            let detail = format!("{} input values not known", points.len());
            (Role::Boundary, "Boundary", detail)
        }
        StopReason::UnknownFees { count } => {
            (Role::Boundary, "Boundary (coinbase)", format!("{count} fees not known"))
        }
        StopReason::Claim => {
            (Role::Boundary, "Boundary (coinbase)", "claims more than allowed".to_owned())
        }
        StopReason::Hops => (Role::Limited, "Hop limit", "not entered".to_owned()),
        StopReason::Transactions => (Role::Limited, "Transaction limit", "not entered".to_owned()),
    };
    let taint = taint(&stop.inputs);
    let lines = vec![
        super::Line::head(head.to_owned()),
        super::Line::amount(taint),
        super::Line::small(detail.clone()),
        super::Line::code(shorten(&txid)),
    ];
    let title = format!("Transaction {txid}: {head}, {detail}; {} BTC", taint.bitcoin());
    let (taint, key) = (u128::from(taint.0), format!("stop-{txid}"));
    Node { role, layer: 0, taint, lines, title, counts: (1, 0), key, layers: (0, 0) }
}

fn counted_node(layer: usize, of: usize) -> Node {
    Node {
        role: Role::Counted,
        layer,
        taint: 0,
        lines: Vec::new(),
        title: String::new(),
        counts: (0, 0),
        key: String::new(),
        layers: (of, of),
    }
}

fn word_counted(node: &mut Node, sort: Sort) {
    let (passages, ends) = node.counts;
    let words = sort.counted();
    node.key = format!("layers-{}-{}", node.layers.0, node.layers.1);
    let plural = |count: usize, words: [&str; 2]| {
        format!("{count} {}", if count == 1 { words[0] } else { words[1] })
    };
    node.lines = vec![super::Line::head("Not drawn".to_owned())];
    for (count, words) in [(passages, words[0]), (ends, words[1])] {
        if count > 0 {
            node.lines.push(super::Line::small(plural(count, words)));
        }
    }
    node.title = format!(
        "{} and {} that are in the exhibit's table and not in this picture",
        plural(passages, words[0]),
        plural(ends, words[1])
    );
}

/// Both ends of a transaction id; the whole is in the node's title.
pub(super) fn shorten(txid: &str) -> String {
    format!("{}…{}", &txid[..10], &txid[txid.len() - 10..])
}

/// An address is never shortened, because look-alike addresses share both ends; it is folded into
/// lines of about equal length.
pub(super) fn fold(address: &str) -> impl Iterator<Item = String> {
    let characters: Vec<char> = address.chars().collect();
    let lines = characters.len().div_ceil(super::CODE_CHARS_MAX).max(1);
    let length = characters.len().div_ceil(lines).max(1);
    characters.chunks(length).map(String::from_iter).collect::<Vec<_>>().into_iter()
}

//! What is drawn of a trace over accounts: an account at each distance from the source at which
//! taint came to it, what it still holds, and where payments ended.
//!
//! Money that comes back to an account is drawn again further right, so that every line leads to
//! the right; what the account then pays is drawn from where taint first came to it, as the trace
//! counts its distance. A wrapped coin is drawn at the account that wrapped it.

use super::Line;
use super::graph::{Edges, Graph, Node, Role, Sort, Unit, fold, shorten};
use crate::account::{AccountSource, AccountTrace, Held, Step, StepFate};
use chain::account::{AccountChain, AccountNumber, Asset, AssetNumber, EventNumber};
use std::collections::BTreeMap;

/// Longest amount in the large type; longer ones are folded as codes are.
const AMOUNT_CHARS_MAX: usize = 18;

/// An account in one asset, at a distance from the source; 0 for those that the source paid.
type Place = (AssetNumber, AccountNumber, u32);

/// An amount of an asset, as pictures write it: a chain's own coin in whole coins, all else in
/// smallest units.
pub fn amount_in_words(chain: AccountChain, asset: Asset, amount: u128) -> String {
    unit(chain, asset).amount(amount)
}

/// Only a chain's own coin says here how many units make a whole.
fn unit(chain: AccountChain, asset: Asset) -> Unit {
    let whole = match (chain, asset) {
        (AccountChain::Tron, Asset::Native) => Some(("TRX", 6)),
        (AccountChain::Evm { chain_id: 1 }, Asset::Native) => Some(("ETH", 18)),
        (AccountChain::Evm { .. }, Asset::Native) => Some(("coins", 18)),
        (_, Asset::Token(_) | Asset::Item { .. } | Asset::Trc10(_)) => None,
    };
    Unit { whole }
}

struct Draw<'t, 'l> {
    trace: &'t AccountTrace<'l>,
    unit: Unit,
    graph: Graph,
    accounts: BTreeMap<Place, usize>,
    ends: BTreeMap<(StepFate, Place), usize>,
    /// Where money inside a wrapper came from, by the event at which it comes out.
    wrapped: BTreeMap<EventNumber, usize>,
}

/// The whole flow as a graph. Every edge leads to a higher layer.
pub(super) fn whole(trace: &AccountTrace<'_>) -> Graph {
    let unit = unit(trace.ledgers.chain(), trace.parameters.asset);
    let mut draw = Draw {
        trace,
        unit,
        graph: Graph { nodes: Vec::new(), edges: Edges::new(), sort: Sort::Accounts(unit) },
        accounts: BTreeMap::new(),
        ends: BTreeMap::new(),
        wrapped: BTreeMap::new(),
    };
    draw.source();
    trace.flow.steps.iter().for_each(|step| draw.step(step));
    trace.flow.held.iter().for_each(|held| draw.held(held));
    let words: Vec<(usize, bool)> = draw
        .accounts
        .values()
        .map(|index| (*index, true))
        .chain(draw.ends.values().map(|index| (*index, false)))
        .collect();
    words.into_iter().for_each(|(index, passes)| draw.word_amount(index, passes));
    draw.graph
}

impl Draw<'_, '_> {
    fn source(&mut self) {
        let (ledgers, taint) = (self.trace.ledgers, self.trace.flow.totals.source);
        let mut lines = vec![Line::head("Source".to_owned())];
        lines.extend(self.amount(taint));
        let name = match self.trace.parameters.source {
            AccountSource::Transaction(hash) => {
                let hash = ledgers.chain().hash_text(hash);
                lines.push(Line::code(shorten(&hash)));
                format!("transaction {hash}")
            }
            AccountSource::Account { account, block_first, block_last } => {
                let account = ledgers.chain().text(account);
                lines.extend(fold(&account).map(Line::code));
                lines.push(Line::small(format!("blocks {block_first} to {block_last}")));
                format!("{account}, blocks {block_first} to {block_last}")
            }
        };
        let title = format!("Source: {name}: {}", self.unit.amount(taint));
        self.graph.nodes.push(Node {
            role: Role::Source,
            layer: 0,
            taint,
            lines,
            title,
            counts: (1, 0),
            key: "source".to_owned(),
            layers: (0, 0),
        });
    }

    fn step(&mut self, step: &Step) {
        let event = self.trace.ledgers.event(step.event);
        let payer = step.hop.checked_sub(1).and_then(|hop| {
            let place = (event.asset, event.from?, hop);
            self.accounts.get(&place).copied()
        });
        // The source's own payments come from the source; a wrapper's from whoever wrapped.
        let from = self.wrapped.remove(&step.event).or(payer).unwrap_or(0);
        if let StepFate::Wrapped(target) = step.fate {
            self.wrapped.insert(target, from);
            return;
        }
        let nobody = event.to.or(event.from);
        let Some(payee) = nobody else { return };
        let place = (event.asset, payee, step.hop);
        let to = match step.fate {
            StepFate::Followed => self.account(place),
            fate => self.end(fate, place),
        };
        self.graph.nodes[to].taint += step.taint;
        *self.graph.edges.entry((from, to)).or_default() += step.taint;
    }

    fn held(&mut self, held: &Held) {
        let Some(from) = self.accounts.get(&(held.asset, held.account, held.hop)).copied() else {
            return;
        };
        let layer = self.graph.nodes[from].layer + 1;
        let account = self.trace.ledgers.account_text(held.account);
        let mut lines = vec![Line::head("Held at the end".to_owned())];
        lines.extend(self.amount(held.taint));
        if held.balance > held.taint {
            lines.push(Line::small(format!("of {}", self.unit.amount(held.balance))));
        }
        lines.extend(self.asset_line(held.asset));
        lines.extend(fold(&account).map(Line::code));
        let (taint, balance) = (self.unit.amount(held.taint), self.unit.amount(held.balance));
        let title = format!("{account} holds {taint} of {balance} at the end");
        let to = self.push(Role::Unspent, layer, lines, title, (0, 1), format!("held-{from}"));
        self.graph.nodes[to].taint = held.taint;
        self.graph.edges.insert((from, to), held.taint);
    }

    /// The card of an account at this distance.
    fn account(&mut self, place: Place) -> usize {
        if let Some(index) = self.accounts.get(&place) {
            return *index;
        }
        let (asset, number, hop) = place;
        let account = self.trace.ledgers.account_text(number);
        let mut lines = vec![Line::head(format!("Hop {hop}"))];
        lines.extend(self.asset_line(asset));
        lines.extend(fold(&account).map(Line::code));
        let title = format!("Account {account}, {hop} payments from the source's");
        let key = format!("account-{}-{}-{hop}", asset.0, number.0);
        let index = self.push(Role::Transaction, hop as usize + 1, lines, title, (1, 0), key);
        self.accounts.insert(place, index);
        index
    }

    /// The card of payments to one account that ended there for one reason at this distance.
    fn end(&mut self, fate: StepFate, place: Place) -> usize {
        if let Some(index) = self.ends.get(&(fate, place)) {
            return *index;
        }
        let (asset, number, hop) = place;
        let account = self.trace.ledgers.account_text(number);
        let tag = self.trace.parameters.tags.get(&account);
        let (role, head) = match fate {
            StepFate::Reached if tag.is_some_and(|tag| tag.fiction) => {
                (Role::Reached, "Reached (fiction)")
            }
            StepFate::Reached => (Role::Reached, "Reached"),
            StepFate::Contract => (Role::Boundary, "Contract"),
            StepFate::HopsMax => (Role::Limited, "Too far"),
            StepFate::AmountMin => (Role::Limited, "Below the least amount"),
            StepFate::ShareMin => (Role::Limited, "Below the least share"),
            StepFate::Bait => (Role::Limited, "Left out as bait"),
            StepFate::Destroyed => (Role::Unspent, "Destroyed"),
            StepFate::Followed | StepFate::Wrapped(_) => (Role::Transaction, "Followed"),
        };
        let mut lines = vec![Line::head(head.to_owned())];
        let mut title = format!("{head}: {account}");
        if let Some(tag) = tag.filter(|_| fate == StepFate::Reached) {
            let label: String = tag.label.chars().take(super::LABEL_CHARS_MAX).collect();
            let cut = if label == tag.label { "" } else { "…" };
            lines.push(Line::label(format!("{label}{cut}")));
            title += &format!("; tagged {} by {}", tag.label, tag.source);
        }
        lines.extend(self.asset_line(asset));
        lines.extend(fold(&account).map(Line::code));
        let key = format!("end-{}-{}-{}-{hop}", fate.name(), asset.0, number.0);
        let index = self.push(role, hop as usize + 1, lines, title, (0, 1), key);
        self.ends.insert((fate, place), index);
        index
    }

    fn push(
        &mut self,
        role: Role,
        layer: usize,
        lines: Vec<Line>,
        title: String,
        counts: (usize, usize),
        key: String,
    ) -> usize {
        let node = Node { role, layer, taint: 0, lines, title, counts, key, layers: (0, 0) };
        self.graph.nodes.push(node);
        self.graph.nodes.len() - 1
    }

    /// Puts the sum on a card, below its heading and label, once it is known.
    fn word_amount(&mut self, index: usize, passes: bool) {
        let taint = self.graph.nodes[index].taint;
        let lines = self.amount(taint);
        let words = self.unit.amount(taint);
        let node = &mut self.graph.nodes[index];
        let label = node.lines.get(1).is_some_and(|line| line.face == super::Face::Label);
        let at = 1 + usize::from(label);
        node.lines.splice(at..at, lines);
        let verb = if passes { "came to it" } else { "ended there" };
        node.title += &format!("; {words} tainted {verb}");
    }

    fn amount(&self, taint: u128) -> Vec<Line> {
        let words = self.unit.amount(taint);
        match words.len() <= AMOUNT_CHARS_MAX {
            true => vec![Line { text: words, face: super::Face::Amount }],
            false => fold(&words).map(Line::code).collect(),
        }
    }

    /// Which asset it is, where it is not the one that the trace began with.
    fn asset_line(&self, asset: AssetNumber) -> Vec<Line> {
        let asset = self.trace.ledgers.asset(asset);
        if asset == self.trace.parameters.asset {
            return Vec::new();
        }
        let mut lines = vec![Line::small("in".to_owned())];
        lines.extend(fold(&asset.text(self.trace.ledgers.chain())).map(Line::code));
        lines
    }
}

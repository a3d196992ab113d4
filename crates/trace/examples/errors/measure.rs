//! Counts right and wrong answers. Knows no page.

use chain::{AddressNumber, ChainView, InputNumber, OutputNumber, TxNumber, Utxo};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use trace::attribution::{Gather, Provenance, TagSet, lift};
use trace::change::{Heuristic, change_by, may_have_change};
use trace::cluster::{Actors, ClusterNumber, Clusters, Coinjoins, Rule, clusters, merged_by};
use trace::coinjoin::{Shape, shapes};
use trace::hypothesis::{change_link, change_links, clusters_under};
use trace::synthetic::{Kind, Owner, Truth};

/// Answers of each heuristic about payments whose change is known.
#[derive(Default)]
pub struct Change {
    /// Payments with known change.
    pub payments: u64,
    /// Transactions known to have none.
    pub without_change: u64,
    /// By name, in the order of the report.
    pub heuristics: Vec<(String, Answers)>,
}

/// Answers of one heuristic.
#[derive(Clone, Copy, Default)]
pub struct Answers {
    /// Named the change.
    pub right: u64,
    /// Named another output.
    pub wrong: u64,
    /// Named an output of a transaction without change.
    pub invented: u64,
}

/// Votes from which on links are looked at.
const VOTES: [usize; 5] = [1, 2, 3, 4, 5];

impl Change {
    /// Payments of two outputs where exactly one belongs, by later co-spending, to the cluster of
    /// the inputs, and did not show it at once by paying an address of the inputs.
    pub fn revealed(&mut self, view: &ChainView) {
        let clusters = clusters(view, Rule::default(), &Actors::new());
        for transaction in (0..view.transaction_count()).map(TxNumber) {
            if let Some(change) = revealed_change(view, &clusters, transaction) {
                self.payments += 1;
                self.ask(view, transaction, Some(change));
            }
        }
    }

    /// Every transaction but coinbases and those of several people.
    pub fn known(&mut self, view: &ChainView, truths: &[Truth]) {
        for (transaction, truth) in (0..).map(TxNumber).zip(truths) {
            if matches!(truth.kind, Kind::Coinbase | Kind::CoinJoin | Kind::PayJoin) {
                continue;
            }
            let first = view.outputs_of(transaction).start;
            let change = truth.change.map(|vout| OutputNumber(first + u64::from(vout)));
            match change {
                Some(_) => self.payments += 1,
                None => self.without_change += 1,
            }
            self.ask(view, transaction, change);
        }
    }

    fn ask(&mut self, view: &ChainView, transaction: TxNumber, change: Option<OutputNumber>) {
        let may = may_have_change(view, transaction);
        for heuristic in Heuristic::ALL {
            let named = may.then(|| change_by(view, heuristic, transaction)).flatten();
            self.count(heuristic.name().to_owned(), named, change);
        }
        let peel = trace::peel::follow(view, transaction, 1);
        self.count("peel hop by features".to_owned(), peel.hops[0].next, change);
        let link = change_link(view, transaction, &Heuristic::ALL);
        for votes in VOTES {
            let enough = link.as_ref().filter(|link| link.votes.len() >= votes);
            let name = format!("vote of all, {votes} or more");
            self.count(name, enough.map(|link| link.output), change);
        }
    }

    fn count(&mut self, name: String, named: Option<OutputNumber>, change: Option<OutputNumber>) {
        let place = self.heuristics.iter().position(|(known, _)| *known == name);
        let place = place.unwrap_or_else(|| {
            self.heuristics.push((name, Answers::default()));
            self.heuristics.len() - 1
        });
        let answers = &mut self.heuristics[place].1;
        match (named, change) {
            (Some(named), Some(change)) if named == change => answers.right += 1,
            (Some(_), Some(_)) => answers.wrong += 1,
            (Some(_), None) => answers.invented += 1,
            (None, _) => {}
        }
    }
}

fn revealed_change(
    view: &ChainView,
    clusters: &Clusters,
    transaction: TxNumber,
) -> Option<OutputNumber> {
    if !may_have_change(view, transaction) || view.outputs_of(transaction).count() != 2 {
        return None;
    }
    let inputs = view.inputs_of(transaction).map(InputNumber);
    let spent: Option<BTreeSet<AddressNumber>> =
        inputs.map(|input| view.input_address(input)).collect();
    let spent = spent?;
    let payer = clusters.of(*spent.first()?);
    let of = |output: OutputNumber| view.address_of(output);
    let outputs = || view.outputs_of(transaction).map(OutputNumber);
    let all_apart = outputs().all(|output| of(output).is_some_and(|to| !spent.contains(&to)));
    let mut own = outputs().filter(|output| of(*output).is_some_and(|to| clusters.of(to) == payer));
    match (own.next(), own.next()) {
        (Some(change), None) if all_apart => Some(change),
        _ => None,
    }
}

/// What co-spending joins, under several rules, where owners are known.
#[derive(Default)]
pub struct Unions {
    pub rules: Vec<(String, Union)>,
    pub merges: Vec<(String, Merges)>,
}

/// Clusters against owners.
#[derive(Clone, Copy, Default)]
pub struct Union {
    pub clusters: u64,
    /// Clusters of several addresses.
    pub several: u64,
    /// Those of them with several owners.
    pub mixed: u64,
    /// Pairs of addresses in one cluster.
    pub pairs_joined: u64,
    /// Pairs of one owner.
    pub pairs_owned: u64,
    /// Pairs of one owner in one cluster.
    pub pairs_right: u64,
}

/// Transactions that merge.
#[derive(Clone, Copy, Default)]
pub struct Merges {
    pub all: u64,
    pub wrong: u64,
}

impl Unions {
    pub fn add(&mut self, view: &ChainView, truths: &[Truth]) {
        let mut owners = vec![Owner(0); view.address_count() as usize];
        for (transaction, truth) in (0..).map(TxNumber).zip(truths) {
            let outputs = view.outputs_of(transaction).map(OutputNumber);
            for (output, owner) in outputs.zip(&truth.owners) {
                let Some(address) = view.address_of(output) else { continue };
                owners[address.0 as usize] = *owner;
            }
        }
        let rules = [
            ("co-spend, no CoinJoin of any shape", Coinjoins::LeaveOut),
            ("co-spend, without the general shape only", Coinjoins::LeaveOutGeneral),
            ("co-spend, CoinJoins merged", Coinjoins::Merge),
        ];
        for (name, coinjoins) in rules {
            let rule = Rule { coinjoins, ..Rule::default() };
            let made = clusters(view, rule.clone(), &Actors::new());
            self.union(name.to_owned(), &owners, |address| made.of(address));
            self.merge(name, view, &rule, &owners);
        }
        let base = clusters(view, Rule::default(), &Actors::new());
        let hypothesis = change_links(view, "change", &Heuristic::ALL);
        for votes in VOTES {
            let under = clusters_under(&base, &hypothesis, votes, &Actors::new());
            let name = format!("hypothesis: and change by {votes} votes or more");
            self.union(name, &owners, |address| under.of(address));
        }
    }

    fn union(
        &mut self,
        name: String,
        owners: &[Owner],
        of: impl Fn(AddressNumber) -> ClusterNumber,
    ) {
        let mut cells: BTreeMap<(ClusterNumber, Owner), u64> = BTreeMap::new();
        let mut sizes: BTreeMap<ClusterNumber, (u64, u64)> = BTreeMap::new();
        let mut owned: BTreeMap<Owner, u64> = BTreeMap::new();
        for (index, owner) in owners.iter().enumerate() {
            let cluster = of(AddressNumber(index as u32));
            *cells.entry((cluster, *owner)).or_default() += 1;
            *owned.entry(*owner).or_default() += 1;
        }
        for ((cluster, _), count) in &cells {
            let size = sizes.entry(*cluster).or_default();
            *size = (size.0 + count, size.1 + 1);
        }
        let pairs = |count: u64| count * (count - 1) / 2;
        let counts = Union {
            clusters: sizes.len() as u64,
            several: sizes.values().filter(|(size, _)| *size > 1).count() as u64,
            mixed: sizes.values().filter(|(_, owners)| *owners > 1).count() as u64,
            pairs_joined: sizes.values().map(|(size, _)| pairs(*size)).sum(),
            pairs_owned: owned.values().copied().map(pairs).sum(),
            pairs_right: cells.values().copied().map(pairs).sum(),
        };
        let place = self.rules.iter().position(|(known, _)| *known == name);
        let place = place.unwrap_or_else(|| {
            self.rules.push((name, Union::default()));
            self.rules.len() - 1
        });
        let sum = &mut self.rules[place].1;
        sum.clusters += counts.clusters;
        sum.several += counts.several;
        sum.mixed += counts.mixed;
        sum.pairs_joined += counts.pairs_joined;
        sum.pairs_owned += counts.pairs_owned;
        sum.pairs_right += counts.pairs_right;
    }

    fn merge(&mut self, name: &str, view: &ChainView, rule: &Rule, owners: &[Owner]) {
        let place = self.merges.iter().position(|(known, _)| known == name);
        let place = place.unwrap_or_else(|| {
            self.merges.push((name.to_owned(), Merges::default()));
            self.merges.len() - 1
        });
        let counts = &mut self.merges[place].1;
        for transaction in (0..view.transaction_count()).map(TxNumber) {
            let merged = merged_by(view, rule, transaction);
            let people: BTreeSet<Owner> =
                merged.iter().map(|address| owners[address.0 as usize]).collect();
            counts.all += u64::from(!merged.is_empty());
            counts.wrong += u64::from(people.len() > 1);
        }
    }
}

/// Shapes of made-up transactions.
#[derive(Default)]
pub struct Shapes {
    /// CoinJoins.
    pub joined: u64,
    /// Transactions of one person.
    pub others: u64,
    pub shapes: BTreeMap<&'static str, Found>,
}

/// How often a shape was seen.
#[derive(Clone, Copy, Default)]
pub struct Found {
    /// In a CoinJoin.
    pub found: u64,
    /// In a transaction of one person.
    pub invented: u64,
}

impl Shapes {
    pub fn add(&mut self, view: &ChainView, truths: &[Truth]) {
        for (transaction, truth) in (0..).map(TxNumber).zip(truths) {
            let joined = truth.kind == Kind::CoinJoin;
            if matches!(truth.kind, Kind::Coinbase | Kind::PayJoin) {
                continue;
            }
            self.joined += u64::from(joined);
            self.others += u64::from(!joined);
            let seen = shapes(view, transaction);
            for shape in Shape::ALL {
                let counts = self.shapes.entry(shape.name()).or_default();
                let is = seen.iter().any(|found| found.shape == shape);
                counts.found += u64::from(is && joined);
                counts.invented += u64::from(is && !joined);
            }
        }
    }
}

/// Transactions with inputs, and how many have each shape.
pub fn shape_counts(view: &ChainView) -> (u64, BTreeMap<&'static str, u64>) {
    let (mut payments, mut counts) = (0, BTreeMap::new());
    for transaction in (0..view.transaction_count()).map(TxNumber) {
        payments += u64::from(!view.inputs_of(transaction).is_empty());
        for found in shapes(view, transaction) {
            *counts.entry(found.shape.name()).or_default() += 1;
        }
    }
    (payments, counts)
}

/// Tags that meet a chain.
pub struct Tagged {
    /// Tagged addresses that are in it.
    pub addresses: u64,
    pub clusters: u64,
    /// Clusters with a name.
    pub named: u64,
    /// Those with two tagged addresses or more, where names could differ.
    pub several: u64,
    /// Those that name several actors.
    pub conflicting: u64,
}

/// The public tag packs.
pub fn tag_set() -> Option<TagSet> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tags/tagpacks/packs");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut gather = Gather::default();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ext| ext == "yaml")) {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let bytes = std::fs::read(path).ok()?;
        let file = trace::attribution::read(&name, &bytes, Provenance::default());
        if let Ok(trace::attribution::File::Tags(pack)) = file {
            gather.pack(pack).ok()?;
        }
    }
    gather.finish().ok()
}

pub fn tagged(view: &ChainView, set: &TagSet) -> Tagged {
    let made = clusters(view, Rule::default(), &Actors::new());
    let mut tagged: BTreeMap<ClusterNumber, BTreeSet<AddressNumber>> = BTreeMap::new();
    for (address, _) in lift::on_chain(set, view) {
        tagged.entry(made.of(address)).or_default().insert(address);
    }
    let lifted = lift::lift(&set.newest(), view, |address| made.of(address));
    let several = |cluster: &ClusterNumber| tagged.get(cluster).is_some_and(|all| all.len() > 1);
    Tagged {
        addresses: tagged.values().map(|all| all.len() as u64).sum(),
        clusters: u64::from(made.count()),
        named: lifted.len() as u64,
        several: tagged.keys().filter(|cluster| several(cluster)).count() as u64,
        conflicting: lifted
            .iter()
            .filter(|(cluster, tags)| several(cluster) && !tags.conflict().is_empty())
            .count() as u64,
    }
}

//! Tags lifted to clusters. Knows no heuristic: clusters are given.
//!
//! A cluster has a name only as far as its addresses have one, so each name comes with the number
//! of addresses that support it, and with how many their own creator meant the whole cluster. A tag
//! whose creator says that it is of the address alone is counted as tagged and lifts nothing.

use std::collections::{BTreeMap, BTreeSet};

use chain::{AddressNumber, Utxo};

use super::address::Blockchain;
use super::set::{TagSet, TaggedNumber};
use super::statement::{Confidence, Subject, Text};
use super::view::{Said, Standing, View};
use crate::cluster::{Actors, ClusterNumber};

/// Who a cluster is said to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterTags {
    /// Addresses of the cluster that have a tag in force of any kind.
    pub tagged: u32,
    /// Each name with its support: most addresses first, then in the order of names.
    pub names: Vec<Support>,
}

/// What supports one name of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// An actor's id; for tags without one, the label.
    pub name: Text,
    /// Whether it is an actor's id.
    pub is_actor: bool,
    /// Addresses of the cluster that are said to be of that name.
    pub addresses: u32,
    /// Those of them of which a creator said that the tag is of the whole cluster.
    pub whole_cluster: u32,
    /// Packs that say so.
    pub packs: u32,
    /// The highest confidence.
    pub strongest: Confidence,
    /// What the name is or does.
    pub concepts: BTreeSet<Text>,
}

impl ClusterTags {
    /// The actors named, when there are several: nobody knows which is right, or the cluster joins
    /// what does not belong together.
    pub fn conflict(&self) -> Vec<&Text> {
        let actors: Vec<&Text> =
            self.names.iter().filter(|name| name.is_actor).map(|name| &name.name).collect();
        if actors.len() > 1 { actors } else { Vec::new() }
    }
}

/// The tagged Bitcoin addresses that are in a chain.
pub fn on_chain<C: Utxo>(set: &TagSet, chain: &C) -> Vec<(AddressNumber, TaggedNumber)> {
    let tagged = set.addresses_on(&Blockchain::BITCOIN).map(TaggedNumber);
    let place = |number: TaggedNumber| {
        let (_, address) = set.address(number);
        let script = chain::script::script_of(address, chain.network()).ok()?;
        Some((chain.address_number(&script)?, number))
    };
    tagged.filter_map(place).collect()
}

/// The name of every cluster that has one. `cluster_of` tells an address's cluster.
pub fn lift<C: Utxo>(
    view: &View<'_>,
    chain: &C,
    cluster_of: impl Fn(AddressNumber) -> ClusterNumber,
) -> BTreeMap<ClusterNumber, ClusterTags> {
    type Names = BTreeMap<(Text, bool), (Support, BTreeSet<usize>)>;
    let mut clusters: BTreeMap<ClusterNumber, (u32, Names)> = BTreeMap::new();
    for (address, tagged) in on_chain(view.set, chain) {
        let said = view.believed(tagged);
        if said.is_empty() {
            continue;
        }
        let (count, names) = clusters.entry(cluster_of(address)).or_default();
        *count += 1;
        let mut of_address: BTreeMap<(Text, bool), Vec<&Said<'_>>> = BTreeMap::new();
        for said in said.iter().filter(|said| lifts(said)) {
            let actor = view.set.actor_of(said.statement);
            let name = actor.unwrap_or(&said.statement.label).clone();
            of_address.entry((name, actor.is_some())).or_default().push(said);
        }
        for (key, said) in of_address {
            let (support, packs) = names.entry(key.clone()).or_insert_with(|| {
                let support = Support {
                    name: key.0,
                    is_actor: key.1,
                    addresses: 0,
                    whole_cluster: 0,
                    packs: 0,
                    strongest: Confidence::Unknown,
                    concepts: BTreeSet::new(),
                };
                (support, BTreeSet::new())
            });
            support.addresses += 1;
            let whole = said.iter().any(|said| said.statement.whole_cluster == Some(true));
            support.whole_cluster += u32::from(whole);
            for said in said {
                support.strongest = support.strongest.max(said.statement.confidence);
                support.concepts.extend(said.statement.concepts.iter().cloned());
                packs.insert(view.set.pack_of(said.tag));
            }
        }
    }
    let finished = clusters.into_iter().map(|(cluster, (tagged, names))| {
        let mut names: Vec<Support> = names
            .into_values()
            .map(|(support, packs)| Support { packs: packs.len() as u32, ..support })
            .collect();
        names.sort_by(|a, b| b.addresses.cmp(&a.addresses).then_with(|| a.name.cmp(&b.name)));
        (cluster, ClusterTags { tagged, names })
    });
    finished.collect()
}

fn lifts(said: &Said<'_>) -> bool {
    said.statement.subject == Subject::Owner && said.statement.whole_cluster != Some(false)
}

/// The addresses whose owner is known beyond doubt, for clusters that must not merge: an actor is
/// named with at least that confidence, for the cluster or without saying, and nobody names another
/// one, or somebody decided.
pub fn strong_actors<C: Utxo>(view: &View<'_>, chain: &C, least: Confidence) -> Actors {
    let mut actors = Actors::new();
    for (address, tagged) in on_chain(view.set, chain) {
        if matches!(view.standing(tagged), Standing::Contested(_)) {
            continue;
        }
        let said = view.believed(tagged);
        let strong = said.iter().filter(|said| {
            lifts(said)
                && !said.statement.fiction
                && said.statement.confidence.level() >= least.level()
        });
        let named: BTreeSet<&Text> =
            strong.filter_map(|said| view.set.actor_of(said.statement)).collect();
        if let (Some(actor), 1) = (named.first(), named.len()) {
            actors.insert(address, actor.to_string());
        }
    }
    actors
}

//! What a trace used of a set of tags. Knows no chain format; its fields are those of the exhibit.
//!
//! A trace ends at the tagged addresses whose tags say so ([`Boundaries`]). An exhibit does not
//! repeat half a million tags: it names every pack by its digest, and cites what the packs say of
//! those addresses alone that the money came to. The trace with those tags is the trace with all.

use std::collections::{BTreeMap, BTreeSet};

use chain::{Network, Utxo};
use serde::{Deserialize, Serialize};

use super::address::Blockchain;
use super::boundary::{Boundaries, Effect, NO_RULE};
use super::decision::Decision;
use super::lift::on_chain;
use super::set::TaggedNumber;
use super::statement::{Day, Statement, Subject};
use super::view::{Said, Standing, View};
use crate::{Fate, Parameters, Tag, Tags, Trace, TraceError};

mod accounts;

pub use accounts::{ending_account, ending_accounts, run_accounts};

/// The tags behind a trace, as an exhibit records them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribution {
    /// The day as of which the tags speak; without one, what the newest versions say.
    pub as_of: Option<Day>,
    /// The least confidence with which a tag ends a trace, as tag packs name it.
    pub confidence_min: String,
    /// Tags in force on that day, in all packs.
    pub tags_in_force: u64,
    /// Tags left out because nobody tells since when they hold.
    pub tags_undated: u64,
    /// Every pack, whether it was used or not.
    pub packs: Vec<CitedPack>,
    /// Actor packs, by digest.
    pub actor_packs: Vec<String>,
    /// The tagged addresses that the money came to under any policy, in the order of texts.
    pub addresses: Vec<CitedAddress>,
}

/// A pack behind a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitedPack {
    /// Its digest.
    pub sha256: String,
    /// The name of the file.
    pub name: String,
    /// `tagpack`, `sanction_list`, `own` or `etherscan`.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// Who made it.
    pub creator: String,
    /// The commit it was taken from.
    pub commit: Option<String>,
    /// The day on which this version was published.
    pub published: Option<Day>,
    /// Tags in it.
    pub tags: u64,
}

/// A tagged address that the money came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitedAddress {
    /// The address.
    pub address: String,
    /// `stop` where the trace ends, `pass` where it goes on.
    pub effect: String,
    /// The concept that decides, where one does.
    pub concept: Option<String>,
    /// Why.
    pub reason: String,
    /// `agreed`, `contested` or `decided`.
    pub standing: String,
    /// Who decided what, where somebody did.
    pub decision: Option<CitedDecision>,
    /// Everything that is said of it on that day, believed or not.
    pub said: Vec<CitedTag>,
}

/// A decision about an address on which tags differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitedDecision {
    /// The name that is believed; none of them when there is none.
    pub keep: Option<String>,
    /// Who decided.
    pub by: String,
    /// Who agreed.
    pub approved_by: String,
    /// When.
    pub on: Day,
    /// Why.
    pub why: String,
}

/// A tag behind a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitedTag {
    /// The digest of its pack.
    pub pack: String,
    /// The line, or the entry of a JSON file.
    pub line: u32,
    /// Whose address it is said to be.
    pub label: String,
    /// The actor's id.
    pub actor: Option<String>,
    /// What that one is or does.
    pub concepts: Vec<String>,
    /// How the creator knows, as tag packs name it.
    pub confidence: String,
    /// The same as a number from 5 to 100.
    pub confidence_level: u8,
    /// Where the creator has it from.
    pub source: String,
    /// When the source said so.
    pub recorded: Option<Day>,
    /// First day of which it is true.
    pub valid_from: Option<Day>,
    /// First day of which it is no longer true.
    pub valid_to: Option<Day>,
    /// The sanction on that day.
    pub legal_status: String,
    /// Whose list.
    pub sanctioned_by: Option<String>,
    /// First day of the sanction.
    pub sanctioned_from: Option<Day>,
    /// First day after it.
    pub sanctioned_to: Option<Day>,
    /// Whether a decision leaves it standing; true where nobody decided.
    pub believed: bool,
    /// Made up for an example.
    pub fiction: bool,
}

/// Where a citation and the packs given differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CitationError {
    /// Other packs.
    #[error("the exhibit rests on other packs: {0}")]
    Packs(String),
    /// Another count of tags in force, or another day.
    #[error("the packs have {given} tags in force, the exhibit says {recorded}")]
    Count {
        /// In the exhibit.
        recorded: u64,
        /// In the packs.
        given: u64,
    },
    /// Something else is said of an address.
    #[error("the packs say something else of {0} than the exhibit")]
    Address(String),
}

/// Follows the money as [`crate::run`] does, ending at the addresses whose tags say so, and records
/// what was used. Tags that the parameters hold already stay and win.
pub fn run<'a, C: Utxo>(
    chain: &'a C,
    parameters: &Parameters,
    tags: &View<'_>,
    boundaries: Boundaries,
) -> Result<Trace<'a, C>, TraceError> {
    let mut all = parameters.clone();
    for (_, number) in on_chain(tags.set, chain) {
        if let Some(tag) = ending(tags, boundaries, number) {
            let (_, address) = tags.set.address(number);
            all.tags.entry(address.to_owned()).or_insert(tag);
        }
    }
    let mut trace = crate::run(chain, &all)?;
    let came_to = came_to(&trace);
    let reached = |address: &String| came_to.get(address).is_some_and(|reached| *reached);
    trace
        .parameters
        .tags
        .retain(|address, _| parameters.tags.contains_key(address) || reached(address));
    let cited = attribution(tags, boundaries, &Blockchain::BITCOIN, came_to.keys());
    trace.parameters.attribution = Some(Box::new(cited));
    Ok(trace)
}

/// The addresses of a Bitcoin network whose tags end a trace, as the network writes them, whether a
/// chain here has them yet or not.
pub fn ending_addresses(tags: &View<'_>, boundaries: Boundaries, network: Network) -> Tags {
    let tagged = tags.set.addresses_on(&Blockchain::BITCOIN).map(TaggedNumber);
    let ending = |number: TaggedNumber| {
        let script = chain::script::script_of(tags.set.address(number).1, network).ok()?;
        let address = chain::script::address(&script, network)?;
        Some((address, ending(tags, boundaries, number)?))
    };
    tagged.filter_map(ending).collect()
}

/// Every address that taint came to under some policy, and whether a trace ended there by its tag.
fn came_to<C: Utxo>(trace: &Trace<'_, C>) -> BTreeMap<String, bool> {
    let mut addresses = BTreeMap::new();
    let hops = trace.comparison.iter().flat_map(|flow| &flow.hops);
    for output in hops.flat_map(|hop| &hop.outputs).filter(|output| output.fate != Fate::Clean) {
        if let Some(address) = &output.address {
            *addresses.entry(address.clone()).or_insert(false) |= output.fate == Fate::Reached;
        }
    }
    addresses
}

/// The tag for the parameters of a trace, where one of an address's tags ends it.
fn ending(tags: &View<'_>, boundaries: Boundaries, address: TaggedNumber) -> Option<Tag> {
    let believed = tags.believed(address);
    let ending = believed.iter().filter(|said| stops(tags, boundaries, said.statement).is_some());
    let strongest = ending
        .max_by_key(|said| (said.statement.confidence.level(), std::cmp::Reverse(said.tag)))?;
    Some(Tag {
        label: strongest.statement.label.to_string(),
        source: strongest.statement.source.to_string(),
        fiction: strongest.statement.fiction,
    })
}

fn stops(
    tags: &View<'_>,
    boundaries: Boundaries,
    statement: &Statement,
) -> Option<&'static super::boundary::Rule> {
    let actor = tags.set.actor_of(statement).and_then(|id| tags.set.actor(id));
    boundaries.stop(statement, actor.map_or(&[], |actor| &actor.concepts))
}

fn attribution<'t>(
    tags: &View<'_>,
    boundaries: Boundaries,
    blockchain: &Blockchain,
    addresses: impl Iterator<Item = &'t String>,
) -> Attribution {
    let cited = addresses.filter_map(|address| {
        cite(tags, boundaries, tags.set.find(blockchain, &blockchain.spell(address).text)?)
    });
    Attribution {
        as_of: tags.day,
        confidence_min: boundaries.confidence_min.name().to_owned(),
        tags_in_force: tags.tag_count(),
        tags_undated: tags.undated(),
        packs: tags.set.packs().iter().map(CitedPack::of).collect(),
        actor_packs: tags.set.actor_packs().keys().map(|sha256| sha256.to_string()).collect(),
        addresses: cited.collect(),
    }
}

/// What the tags say of an address; `None` when none is in force.
pub fn cite(tags: &View<'_>, boundaries: Boundaries, number: TaggedNumber) -> Option<CitedAddress> {
    let said = tags.at(number);
    if said.is_empty() {
        return None;
    }
    let standing = tags.believed(number);
    let rule = standing.iter().find_map(|said| stops(tags, boundaries, said.statement));
    let believed: BTreeSet<_> = standing.iter().map(|said| said.tag).collect();
    let (effect, concept, reason) = match rule {
        Some(rule) => (Effect::Stop, Some(rule.concept.to_owned()), rule.reason),
        None => passes(&standing),
    };
    let (standing, decision) = match tags.standing(number) {
        Standing::Agreed => ("agreed", None),
        Standing::Contested(_) => ("contested", None),
        Standing::Decided(_, decision) => ("decided", Some(CitedDecision::of(&decision))),
    };
    let (_, address) = tags.set.address(number);
    Some(CitedAddress {
        address: address.to_owned(),
        effect: effect.name().to_owned(),
        concept,
        reason: reason.to_owned(),
        standing: standing.to_owned(),
        decision,
        said: said.iter().map(|said| CitedTag::of(said, believed.contains(&said.tag))).collect(),
    })
}

/// Why a trace goes on through an address of which these tags are believed.
fn passes(believed: &[Said<'_>]) -> (Effect, Option<String>, &'static str) {
    let of_owner = |said: &&Said<'_>| said.statement.subject == Subject::Owner;
    if believed.is_empty() {
        return (Effect::Pass, None, "a decision believes none of the tags");
    }
    if !believed.iter().any(|said| of_owner(&said)) {
        return (Effect::Pass, None, "no tag says whose it is: it was mentioned, or took part");
    }
    let owners = believed.iter().filter(of_owner);
    let mut rules: Vec<_> = owners
        .flat_map(|said| &said.statement.concepts)
        .filter_map(|concept| super::boundary::rule_for(concept))
        .collect();
    rules.sort_by_key(|rule| rule.effect);
    match rules.first() {
        Some(rule) if rule.effect == Effect::Stop => {
            let why = "a tag would end the trace, but its confidence is below the least asked for";
            (Effect::Pass, Some(rule.concept.to_owned()), why)
        }
        Some(rule) => (Effect::Pass, Some(rule.concept.to_owned()), rule.reason),
        None => (Effect::Pass, None, NO_RULE),
    }
}

impl Attribution {
    /// Whether these packs say on the recorded day what is cited here of addresses of a blockchain.
    pub fn check(&self, set: &super::TagSet, blockchain: &Blockchain) -> Result<(), CitationError> {
        let names = |packs: &[CitedPack]| {
            packs.iter().map(|pack| pack.sha256.clone()).collect::<BTreeSet<String>>()
        };
        let view = View { set, day: self.as_of };
        let confidence_min = self.confidence_min.parse().unwrap_or_default();
        let boundaries = Boundaries { confidence_min };
        let addresses = self.addresses.iter().map(|cited| &cited.address);
        let given = attribution(&view, boundaries, blockchain, addresses);
        let (mine, theirs) = (names(&self.packs), names(&given.packs));
        if mine != theirs || self.actor_packs != given.actor_packs {
            let other = mine.symmetric_difference(&theirs).next();
            let other = other.map_or("actor packs differ", |sha256| sha256);
            return Err(CitationError::Packs(other.to_owned()));
        }
        let different = self.addresses.iter().find(|cited| !given.addresses.contains(cited));
        if let Some(cited) = different {
            return Err(CitationError::Address(cited.address.clone()));
        }
        if (self.tags_in_force, self.tags_undated) != (given.tags_in_force, given.tags_undated) {
            let (recorded, given) = (self.tags_in_force, given.tags_in_force);
            return Err(CitationError::Count { recorded, given });
        }
        Ok(())
    }
}

impl CitedPack {
    fn of(pack: &super::PackFacts) -> CitedPack {
        CitedPack {
            sha256: pack.sha256.to_string(),
            name: pack.name.clone(),
            kind: pack.kind.name().to_owned(),
            title: pack.title.clone(),
            creator: pack.creator.clone(),
            commit: pack.provenance.commit.clone(),
            published: pack.provenance.published,
            tags: pack.tags,
        }
    }
}

impl CitedDecision {
    fn of(decision: &Decision) -> CitedDecision {
        CitedDecision {
            keep: decision.keep.as_ref().map(|name| name.to_string()),
            by: decision.by.clone(),
            approved_by: decision.approved_by.clone(),
            on: decision.on,
            why: decision.why.clone(),
        }
    }
}

impl CitedTag {
    fn of(said: &Said<'_>, believed: bool) -> CitedTag {
        let statement = said.statement;
        let sanction = statement.sanction.as_ref();
        CitedTag {
            pack: said.pack.sha256.to_string(),
            line: said.line,
            label: statement.label.to_string(),
            actor: statement.actor.as_ref().map(|actor| actor.to_string()),
            concepts: statement.concepts.iter().map(|concept| concept.to_string()).collect(),
            confidence: statement.confidence.name().to_owned(),
            confidence_level: statement.confidence.level(),
            source: statement.source.to_string(),
            recorded: statement.recorded,
            valid_from: statement.valid_from,
            valid_to: statement.valid_to,
            legal_status: said.legal_status.name().to_owned(),
            sanctioned_by: sanction.map(|sanction| sanction.by.to_string()),
            sanctioned_from: sanction.and_then(|sanction| sanction.from),
            sanctioned_to: sanction.and_then(|sanction| sanction.to),
            believed,
            fiction: statement.fiction,
        }
    }
}

//! What the tags say on one day. Knows no clock: the day is given.
//!
//! Three days bear on a tag. *Published*: the day of the pack's version; a later version of the
//! same series replaces it whole. *Recorded*: when the source said so. *Valid*: of which days it is
//! said. A tag is in force on a day when all three allow it, so that a view of the day on which a
//! warrant was signed shows what could be known on that day and nothing later. A tag of which
//! neither publication nor record has a day is left out of dated views and counted.

use std::collections::{BTreeMap, BTreeSet};

use super::address::Blockchain;
use super::decision::Decision;
use super::pack::PackFacts;
use super::set::{Saying, TagNumber, TagSet, TaggedNumber};
use super::statement::{Confidence, Day, LegalStatus, Statement, Subject, Text};

/// The tags on one day, or without a day what the newest versions say that has not ended.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The tags.
    pub set: &'a TagSet,
    /// The day.
    pub day: Option<Day>,
}

/// Whether a tag is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Force {
    /// It says so on that day.
    InForce,
    /// It did not say so yet.
    NotYet,
    /// It no longer says so.
    Over,
    /// Nobody tells since when it says so.
    Undated,
}

/// A tag with all that bears on it.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Its number.
    pub tag: TagNumber,
    /// What it says.
    pub statement: &'a Statement,
    /// Who says so.
    pub pack: &'a PackFacts,
    /// Where in that pack.
    pub line: u32,
    /// Whether it does on that day.
    pub force: Force,
    /// The sanction on that day.
    pub legal_status: LegalStatus,
}

/// Whether those who name an owner agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No two of them name different actors.
    Agreed,
    /// These actors are named, and nobody has decided.
    Contested(Vec<Text>),
    /// These actors are named, and somebody has decided.
    Decided(Vec<Text>, Decision),
}

/// How often one name is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// An actor's id; for tags without one, the label.
    pub name: Text,
    /// Whether it is an actor's id.
    pub is_actor: bool,
    /// Addresses, each once.
    pub addresses: u64,
    /// Tags.
    pub tags: u64,
    /// Packs that say so.
    pub packs: u64,
    /// The highest confidence.
    pub strongest: Confidence,
}

/// What changed from one day to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Said on the second day and not on the first.
    pub appeared: BTreeSet<Saying>,
    /// Said on the first day and not on the second.
    pub ended: BTreeSet<Saying>,
}

impl TagSet {
    /// What the tags say on a day.
    pub fn as_of(&self, day: Day) -> View<'_> {
        View { set: self, day: Some(day) }
    }

    /// What the newest versions say that has no end.
    pub fn newest(&self) -> View<'_> {
        View { set: self, day: None }
    }

    /// What changed from one day to another.
    pub fn diff(&self, from: Day, to: Day) -> Diff {
        let mut diff = Diff::default();
        let (before, after) = (self.as_of(from), self.as_of(to));
        for address in self.addresses() {
            let sayings = |view: &View<'_>| -> BTreeSet<Saying> {
                let in_force = |tag: &TagNumber| view.force(*tag) == Force::InForce;
                self.tags_of(address)
                    .filter(in_force)
                    .map(|tag| self.saying(address, tag))
                    .collect()
            };
            let (before, after) = (sayings(&before), sayings(&after));
            diff.appeared.extend(after.difference(&before));
            diff.ended.extend(before.difference(&after));
        }
        diff
    }
}

impl Diff {
    /// This change and then another, which begins on the day on which this one ends.
    pub fn then(&self, later: &Diff) -> Diff {
        type Sayings = BTreeSet<Saying>;
        let both = |first: &Sayings, undone: &Sayings, second: &Sayings, redone: &Sayings| {
            let kept = first.difference(undone);
            kept.chain(second.difference(redone)).copied().collect()
        };
        Diff {
            appeared: both(&self.appeared, &later.ended, &later.appeared, &self.ended),
            ended: both(&self.ended, &later.appeared, &later.ended, &self.appeared),
        }
    }
}

impl<'a> View<'a> {
    /// Whether a tag is in force.
    pub fn force(&self, tag: TagNumber) -> Force {
        let statement = self.set.statement(tag);
        let pack = self.set.pack_of(tag);
        let window = self.set.windows[pack];
        let Some(day) = self.day else {
            let ended = window.to.is_some() || statement.valid_to.is_some();
            return if ended { Force::Over } else { Force::InForce };
        };
        let published = self.set.packs[pack].provenance.published;
        let known = statement.recorded.or(published).or(statement.valid_from);
        let Some(known) = known else { return Force::Undated };
        let ends = [window.to, statement.valid_to];
        let begins = [window.from, statement.valid_from, Some(known)];
        if ends.into_iter().flatten().any(|end| day >= end) {
            Force::Over
        } else if begins.into_iter().flatten().any(|begin| day < begin) {
            Force::NotYet
        } else {
            Force::InForce
        }
    }

    /// Every tag of an address, in force or not.
    pub fn all(&self, address: TaggedNumber) -> Vec<Said<'a>> {
        self.set.tags_of(address).map(|tag| self.said(tag)).collect()
    }

    /// The tags of an address that are in force.
    pub fn at(&self, address: TaggedNumber) -> Vec<Said<'a>> {
        let in_force = |tag: &TagNumber| self.force(*tag) == Force::InForce;
        self.set.tags_of(address).filter(in_force).map(|tag| self.said(tag)).collect()
    }

    /// The tags in force of an address as anybody may spell it.
    pub fn at_address(&self, chain: &Blockchain, address: &str) -> Vec<Said<'a>> {
        let found = self.set.find(chain, &chain.spell(address).text);
        found.map(|number| self.at(number)).unwrap_or_default()
    }

    fn said(&self, tag: TagNumber) -> Said<'a> {
        let statement = self.set.statement(tag);
        Said {
            tag,
            statement,
            pack: &self.set.packs[self.set.pack_of(tag)],
            line: self.set.line_of(tag),
            force: self.force(tag),
            legal_status: statement.legal_status(self.day),
        }
    }

    /// Tags of which nobody tells since when they hold.
    pub fn undated(&self) -> u64 {
        let tags = (0..self.set.tag_count() as u32).map(TagNumber);
        tags.filter(|tag| self.force(*tag) == Force::Undated).count() as u64
    }

    /// Tags in force.
    pub fn tag_count(&self) -> u64 {
        let tags = (0..self.set.tag_count() as u32).map(TagNumber);
        tags.filter(|tag| self.force(*tag) == Force::InForce).count() as u64
    }

    /// Whether those who name an owner agree.
    pub fn standing(&self, address: TaggedNumber) -> Standing {
        let said = self.at(address);
        let owners = said.iter().filter(|said| said.statement.subject == Subject::Owner);
        let actors: BTreeSet<&Text> =
            owners.filter_map(|said| self.set.actor_of(said.statement)).collect();
        let mut decided = self.set.decisions.get(&address).into_iter().flatten();
        // sorted by day within an address: the last that was taken holds
        let decided = decided.rfind(|decision| self.day.is_none_or(|day| decision.on <= day));
        let actors: Vec<Text> = actors.into_iter().cloned().collect();
        match decided {
            Some(decision) => Standing::Decided(actors, decision.clone()),
            None if actors.len() > 1 => Standing::Contested(actors),
            None => Standing::Agreed,
        }
    }

    /// The tags in force that a decision, where there is one, leaves standing.
    pub fn believed(&self, address: TaggedNumber) -> Vec<Said<'a>> {
        let mut said = self.at(address);
        if let Standing::Decided(_, decision) = self.standing(address) {
            said.retain(|said| {
                let actor = self.set.actor_of(said.statement);
                let name = actor.unwrap_or(&said.statement.label);
                decision.keep.as_ref() == Some(name)
            });
        }
        said
    }

    /// Every contested address, and every decided one, in order.
    pub fn contested(&self) -> Vec<(TaggedNumber, Standing)> {
        let standing = self.set.addresses().map(|address| (address, self.standing(address)));
        standing.filter(|(_, standing)| *standing != Standing::Agreed).collect()
    }

    /// How often each name is said, in the order of names. Half a million tags may be one
    /// exchange's wallets, so names count, not tags.
    pub fn names(&self) -> Vec<Named> {
        let mut names: BTreeMap<(&Text, bool), (Named, TaggedNumber, BTreeSet<usize>)> =
            BTreeMap::new();
        for address in self.set.addresses() {
            for said in self.at(address) {
                let actor = self.set.actor_of(said.statement);
                let key = (actor.unwrap_or(&said.statement.label), actor.is_some());
                let confidence = said.statement.confidence;
                let (named, last, packs) = names.entry(key).or_insert_with(|| {
                    let (name, is_actor) = (key.0.clone(), key.1);
                    let (addresses, tags, packs) = (1, 0, 0);
                    let strongest = confidence;
                    let named = Named { name, is_actor, addresses, tags, packs, strongest };
                    (named, address, BTreeSet::new())
                });
                named.tags += 1;
                named.strongest = named.strongest.max(confidence);
                packs.insert(self.set.pack_of(said.tag));
                if *last != address {
                    named.addresses += 1;
                    *last = address;
                }
            }
        }
        let counted = names.into_values().map(|(mut named, _, packs)| {
            named.packs = packs.len() as u64;
            named
        });
        counted.collect()
    }
}

impl Force {
    /// The word used in tables.
    pub fn name(self) -> &'static str {
        match self {
            Force::InForce => "in force",
            Force::NotYet => "not yet",
            Force::Over => "over",
            Force::Undated => "undated",
        }
    }
}

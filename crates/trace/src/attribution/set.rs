//! Many packs as one index. Knows no day: [`View`](super::View) does.
//!
//! The result depends on the packs alone, never on the order in which they were given. Texts stand
//! once, a tag takes eight bytes and an address its text and twelve bytes, since half a million
//! tags are the public packs alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::address::Blockchain;
use super::decision::Decision;
use super::pack::{Pack, PackFacts};
use super::statement::{Day, Statement, Text};
use super::tagpack::{Actor, ActorPack};

/// A tag of a set: one statement of one pack about one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagNumber(pub u32);

/// A tagged address of a set; in the order of blockchains, then of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaggedNumber(pub u32);

/// What is said of one address, whichever packs and versions say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Saying {
    pub(super) address: u32,
    pub(super) content: u32,
}

/// When a version of a pack holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// First day; the first version of a series holds for all earlier days too.
    pub(super) from: Option<Day>,
    /// The day on which the next version replaced it.
    pub(super) to: Option<Day>,
}

/// All tags that were given.
#[derive(Clone, Debug, PartialEq)]
pub struct TagSet {
    pub(super) packs: Vec<PackFacts>,
    pub(super) windows: Vec<Window>,
    statements: Vec<Placed>,
    contents: Vec<u32>,
    chains: Vec<Blockchain>,
    addresses: Vec<Row>,
    text: String,
    pub(super) tags: Vec<Tag>,
    actors: BTreeMap<Text, Actor>,
    aliases: BTreeMap<Text, Text>,
    actor_packs: BTreeMap<chain::FileDigest, String>,
    pub(super) decisions: BTreeMap<TaggedNumber, Vec<Decision>>,
    /// Decisions about addresses that no pack names.
    pub decisions_elsewhere: Vec<Decision>,
}

#[derive(Clone, Debug, PartialEq)]
struct Placed {
    pack: u32,
    content: u32,
    statement: Statement,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tag {
    pub(super) statement: u32,
    pub(super) line: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    chain: u16,
    length: u16,
    start: u32,
    tags: u32,
}

/// Why files make no set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The same bytes twice: each tag would count twice.
    #[error("{second} has the same bytes as {first}: give it once")]
    SameFile {
        /// The earlier.
        first: String,
        /// The later.
        second: String,
    },
    /// Two versions of a series of which one has no day or both the same.
    #[error(
        "{first} and {second} are versions of `{series}`: each needs its own day of publication"
    )]
    Versions {
        /// The series.
        series: String,
        /// One version.
        first: String,
        /// The other.
        second: String,
    },
    /// Two actor packs differ about an id.
    #[error("{file}: the actor `{id}` is described otherwise in another file")]
    Actor {
        /// The later file.
        file: String,
        /// The id.
        id: String,
    },
    /// More than an index of this kind holds.
    #[error("more than {max} {what} were given; trace with fewer packs")]
    Count {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

/// Most tags of a set.
pub const SET_TAGS_MAX: usize = 50_000_000;
/// Most packs of a set.
pub const SET_PACKS_MAX: usize = 20_000;
/// Most bytes of addresses of a set.
const SET_TEXT_BYTES_MAX: usize = u32::MAX as usize;
/// Most blockchains of a set.
const SET_CHAINS_MAX: usize = u16::MAX as usize;

/// Gathers files into a set.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    packs: Vec<Pack>,
    given: HashMap<(chain::FileDigest, String), String>,
    actor_packs: Vec<ActorPack>,
    decisions: Vec<Decision>,
    tags: usize,
}

impl Gather {
    /// Adds a pack.
    pub fn pack(&mut self, pack: Pack) -> Result<(), SetError> {
        self.once(pack.facts.sha256, &pack.facts.title, &pack.facts.name)?;
        self.tags += pack.tags_kept();
        if self.tags > SET_TAGS_MAX {
            return Err(SetError::Count { what: "tags", max: SET_TAGS_MAX });
        }
        if self.packs.len() >= SET_PACKS_MAX {
            return Err(SetError::Count { what: "packs", max: SET_PACKS_MAX });
        }
        self.packs.push(pack);
        Ok(())
    }

    /// Adds an actor pack.
    pub fn actors(&mut self, pack: ActorPack) -> Result<(), SetError> {
        self.once(pack.sha256, "actors", &pack.name)?;
        self.actor_packs.push(pack);
        Ok(())
    }

    /// Adds a decision about an address on which tags differ.
    pub fn decision(&mut self, decision: Decision) {
        self.decisions.push(decision);
    }

    /// Two lists of one address may have the same bytes: the asset in their titles differs.
    fn once(&mut self, sha: chain::FileDigest, title: &str, name: &str) -> Result<(), SetError> {
        match self.given.insert((sha, title.to_owned()), name.to_owned()) {
            None => Ok(()),
            Some(first) => Err(SetError::SameFile { first, second: name.to_owned() }),
        }
    }

    /// The set.
    pub fn finish(mut self) -> Result<TagSet, SetError> {
        self.packs.sort_by(|a, b| {
            let key = |pack: &Pack| (pack.facts.sha256, pack.facts.title.clone());
            key(a).cmp(&key(b))
        });
        let windows = windows(&self.packs)?;
        let (actors, aliases) = actors(&mut self.actor_packs)?;
        let (statements, contents) = statements(&self.packs);
        let mut set = TagSet {
            packs: self.packs.iter().map(|pack| pack.facts.clone()).collect(),
            windows,
            statements,
            contents,
            chains: Vec::new(),
            addresses: Vec::new(),
            text: String::new(),
            tags: Vec::with_capacity(self.tags),
            actors,
            aliases,
            actor_packs: self.actor_packs.into_iter().map(|p| (p.sha256, p.name)).collect(),
            decisions: BTreeMap::new(),
            decisions_elsewhere: Vec::new(),
        };
        set.index(&self.packs)?;
        self.decisions.sort();
        self.decisions.dedup();
        for decision in self.decisions {
            match set.find(&decision.chain, &decision.address) {
                Some(address) => set.decisions.entry(address).or_default().push(decision),
                None => set.decisions_elsewhere.push(decision),
            }
        }
        Ok(set)
    }
}

/// From when to when each version holds; packs without a series hold for ever.
fn windows(packs: &[Pack]) -> Result<Vec<Window>, SetError> {
    let mut series: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, pack) in packs.iter().enumerate() {
        if let Some(name) = &pack.facts.provenance.series {
            series.entry(name).or_default().push(number);
        }
    }
    let mut windows = vec![Window::default(); packs.len()];
    let published = |number: usize| packs[number].facts.provenance.published;
    for (name, mut versions) in series {
        versions.sort_by_key(|number| published(*number));
        for pair in versions.windows(2) {
            let (earlier, later) = (pair[0], pair[1]);
            if published(earlier).is_none() || published(earlier) == published(later) {
                return Err(SetError::Versions {
                    series: name.to_owned(),
                    first: packs[earlier].facts.name.clone(),
                    second: packs[later].facts.name.clone(),
                });
            }
            windows[earlier].to = published(later);
            windows[later].from = published(later);
        }
    }
    Ok(windows)
}

type Actors = (BTreeMap<Text, Actor>, BTreeMap<Text, Text>);

fn actors(packs: &mut [ActorPack]) -> Result<Actors, SetError> {
    packs.sort_by_key(|pack| pack.sha256);
    let (mut actors, mut aliases) = (BTreeMap::<Text, Actor>::new(), BTreeMap::new());
    for pack in packs.iter() {
        for actor in &pack.actors {
            match actors.get(&actor.id) {
                Some(known) if known != actor => {
                    let (file, id) = (pack.name.clone(), actor.id.to_string());
                    return Err(SetError::Actor { file, id });
                }
                _ => actors.insert(actor.id.clone(), actor.clone()),
            };
        }
    }
    // an alias that is some actor's id, or that two actors have, names nobody else
    let mut claimed: BTreeMap<&Text, BTreeSet<&Text>> = BTreeMap::new();
    for actor in actors.values() {
        for alias in &actor.aliases {
            claimed.entry(alias).or_default().insert(&actor.id);
        }
    }
    for (alias, ids) in claimed {
        if let (1, false) = (ids.len(), actors.contains_key(alias)) {
            aliases.extend(ids.into_iter().map(|id| (alias.clone(), id.clone())));
        }
    }
    Ok((actors, aliases))
}

/// Every pack's statements, and for each distinct content the first statement that has it.
fn statements(packs: &[Pack]) -> (Vec<Placed>, Vec<u32>) {
    let distinct: BTreeSet<&Statement> = packs.iter().flat_map(|p| &p.statements).collect();
    let numbers: HashMap<&Statement, u32> = distinct.into_iter().zip(0..).collect();
    let mut placed = Vec::new();
    let mut contents = vec![u32::MAX; numbers.len()];
    for (pack, number) in packs.iter().zip(0..) {
        for statement in &pack.statements {
            let content = numbers[statement];
            let first = &mut contents[content as usize];
            *first = (*first).min(placed.len() as u32);
            placed.push(Placed { pack: number, content, statement: statement.clone() });
        }
    }
    (placed, contents)
}

impl TagSet {
    fn index(&mut self, packs: &[Pack]) -> Result<(), SetError> {
        let mut first_statement = 0;
        let mut entries = Vec::with_capacity(self.tags.capacity());
        for pack in packs {
            entries.extend(pack.entries.iter().map(|entry| (first_statement, entry)));
            first_statement += pack.statements.len() as u32;
        }
        // stable, and each pack is sorted already, so this is a merge
        entries.sort_by(|(_, a), (_, b)| {
            a.chain.cmp(&b.chain).then_with(|| a.address.cmp(&b.address))
        });
        for (first_statement, entry) in entries {
            if self.chains.last() != Some(&entry.chain) {
                self.chains.push(entry.chain.clone());
            }
            let chain = (self.chains.len() - 1) as u16;
            let last = self.addresses.last();
            let same = last
                .is_some_and(|row| row.chain == chain && self.address_text(row) == &*entry.address);
            if !same {
                let (start, length) = (self.text.len() as u32, entry.address.len() as u16);
                self.text.push_str(&entry.address);
                self.addresses.push(Row { chain, length, start, tags: self.tags.len() as u32 });
            }
            let statement = first_statement + entry.statement;
            self.tags.push(Tag { statement, line: entry.line });
            if self.chains.len() > SET_CHAINS_MAX || self.text.len() > SET_TEXT_BYTES_MAX {
                return Err(SetError::Count {
                    what: "blockchains or addresses",
                    max: SET_CHAINS_MAX,
                });
            }
        }
        self.text.shrink_to_fit();
        self.addresses.shrink_to_fit();
        Ok(())
    }

    fn address_text(&self, row: &Row) -> &str {
        &self.text[row.start as usize..row.start as usize + usize::from(row.length)]
    }

    /// The packs, by digest.
    pub fn packs(&self) -> &[PackFacts] {
        &self.packs
    }

    /// The actor packs, by digest, with their names.
    pub fn actor_packs(&self) -> &BTreeMap<chain::FileDigest, String> {
        &self.actor_packs
    }

    /// Tags in all packs; the same statement on several lines of one pack counts once.
    pub fn tag_count(&self) -> usize {
        self.tags.len()
    }

    /// Tagged addresses on all chains.
    pub fn address_count(&self) -> usize {
        self.addresses.len()
    }

    /// The chains that have tags.
    pub fn chains(&self) -> &[Blockchain] {
        &self.chains
    }

    /// Bytes that the index of addresses and tags takes, without statements.
    pub fn index_bytes(&self) -> usize {
        self.text.capacity()
            + self.addresses.capacity() * size_of::<Row>()
            + self.tags.capacity() * size_of::<Tag>()
    }

    /// The number of an address in its one spelling.
    pub fn find(&self, chain: &Blockchain, address: &str) -> Option<TaggedNumber> {
        let chain = self.chains.binary_search(chain).ok()? as u16;
        let found = self.addresses.binary_search_by(|row| {
            row.chain.cmp(&chain).then_with(|| self.address_text(row).cmp(address))
        });
        found.ok().map(|number| TaggedNumber(number as u32))
    }

    /// The chain and text of an address.
    pub fn address(&self, number: TaggedNumber) -> (&Blockchain, &str) {
        let row = &self.addresses[number.0 as usize];
        (&self.chains[usize::from(row.chain)], self.address_text(row))
    }

    /// Every tagged address, in order.
    pub fn addresses(&self) -> impl Iterator<Item = TaggedNumber> + use<> {
        (0..self.addresses.len() as u32).map(TaggedNumber)
    }

    /// The tagged addresses of one chain, in order.
    pub fn addresses_on(&self, chain: &Blockchain) -> std::ops::Range<u32> {
        let Ok(chain) = self.chains.binary_search(chain) else { return 0..0 };
        let at = |chain: usize| {
            self.addresses.partition_point(|row| usize::from(row.chain) < chain) as u32
        };
        at(chain)..at(chain + 1)
    }

    /// The tags of an address, in force or not, in the order of packs and lines.
    pub fn tags_of(&self, number: TaggedNumber) -> impl Iterator<Item = TagNumber> + use<> {
        let at = number.0 as usize;
        let end = self.addresses.get(at + 1).map_or(self.tags.len() as u32, |row| row.tags);
        (self.addresses[at].tags..end).map(TagNumber)
    }

    /// What a tag says.
    pub fn statement(&self, tag: TagNumber) -> &Statement {
        &self.placed(tag).statement
    }

    /// The pack of a tag, as its place in [`TagSet::packs`].
    pub fn pack_of(&self, tag: TagNumber) -> usize {
        self.placed(tag).pack as usize
    }

    /// The line of a tag in its pack, or the entry of a JSON file.
    pub fn line_of(&self, tag: TagNumber) -> u32 {
        self.tags[tag.0 as usize].line
    }

    /// What is said, whichever tag says it.
    pub(super) fn saying(&self, address: TaggedNumber, tag: TagNumber) -> Saying {
        Saying { address: address.0, content: self.placed(tag).content }
    }

    /// Of which address what is said.
    pub fn said(&self, saying: Saying) -> (TaggedNumber, &Statement) {
        let first = self.contents[saying.content as usize];
        (TaggedNumber(saying.address), &self.statements[first as usize].statement)
    }

    fn placed(&self, tag: TagNumber) -> &Placed {
        &self.statements[self.tags[tag.0 as usize].statement as usize]
    }

    /// What is known of an actor.
    pub fn actor(&self, id: &str) -> Option<&Actor> {
        self.actors.get(self.one_name(id)?)
    }

    /// The id of the actor that a statement names, through aliases.
    pub fn actor_of<'a>(&'a self, statement: &'a Statement) -> Option<&'a Text> {
        let id = statement.actor.as_ref()?;
        Some(self.aliases.get(id).unwrap_or(id))
    }

    fn one_name(&self, id: &str) -> Option<&str> {
        let known = self.actors.get_key_value(id).map(|(id, _)| &**id);
        known.or_else(|| self.aliases.get(id).map(|id| &**id))
    }
}

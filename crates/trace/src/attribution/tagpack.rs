//! GraphSense TagPacks and actor packs. Know no tags of other packs.
//!
//! A pack is a YAML map with a header and `tags`. A field of the header holds for every tag that
//! does not set it; nothing goes from one tag to another. `category`, `abuse` and `concepts` are
//! concepts all three: a tag's own list replaces the header's list.

use std::borrow::Cow;

use super::address::Blockchain;
use super::error::{Fault, ReadError, echo, text};
use super::pack::{
    Builder, CONCEPTS_MAX, Kind, Oddity, Pack, Provenance, address_text, label_text,
};
use super::statement::{Confidence, Day, Sanction, Statement, Subject, concept, day};
use super::yaml::{Step, Yaml, shape};

mod actors;

pub use actors::{ACTORS_MAX, Actor, ActorPack, read_actors};

/// The concept that says that an address is on a sanctions list.
const SANCTION: &str = "sanction";

/// The fields of a tag that its file sets, typed, each with the line it stands on.
#[derive(Clone, Debug, Default)]
struct Fields<'a> {
    line: u64,
    seen: Vec<Cow<'a, str>>,
    address: Option<Cow<'a, str>>,
    no_address: bool,
    label: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    currency: Option<Cow<'a, str>>,
    network: Option<Blockchain>,
    context: Option<Cow<'a, str>>,
    confidence: Option<Confidence>,
    whole_cluster: Option<bool>,
    recorded: Option<Day>,
    category: Option<Cow<'a, str>>,
    abuse: Option<Cow<'a, str>>,
    concepts: Option<Vec<Cow<'a, str>>>,
    actor: Option<Cow<'a, str>>,
    subject: Option<Subject>,
}

/// What stands in the header besides fields of tags.
#[derive(Default)]
struct Header<'a> {
    title: Option<Cow<'a, str>>,
    creator: Option<Cow<'a, str>>,
}

/// Reads a TagPack. The file is refused whole when any of it cannot be read for what it is.
pub fn read_tagpack(file: &str, bytes: &[u8], provenance: Provenance) -> Result<Pack, ReadError> {
    let mut yaml = Yaml::new(file, text(file, bytes)?);
    let mut builder = Builder::new(file, bytes, Kind::TagPack, provenance);
    let (mut header, mut shared, mut tags) = (Header::default(), Fields::default(), None);
    open(&mut yaml)?;
    fields(&mut yaml, &mut builder, &mut header, &mut shared, &mut tags)?;
    yaml.end()?;
    let Some(tags) = tags else {
        return Err(ReadError::whole(file, Fault::Kind("a TagPack has a list `tags`")));
    };
    let missing = |name| ReadError::of(file, 1, name, Fault::Missing);
    let title = header.title.ok_or_else(|| missing("title"))?;
    let creator = header.creator.ok_or_else(|| missing("creator"))?;
    builder.titled(&title, &creator);
    // most tags of a large pack set nothing but the address
    let mut plain: Option<u32> = None;
    for tag in &tags {
        add(file, &mut builder, &title, &shared, tag, &mut plain)?;
    }
    Ok(builder.finish())
}

pub(super) fn open(yaml: &mut Yaml<'_>) -> Result<(), ReadError> {
    match yaml.step()? {
        Step::Map => Ok(()),
        Step::Done => Err(yaml.fault(Fault::Kind("it is empty"))),
        other => Err(yaml.fault(shape("a map with `tags` or `actors`", &other))),
    }
}

/// The map that is open: the header, or the map under `header` inside of it.
fn fields<'a>(
    yaml: &mut Yaml<'a>,
    builder: &mut Builder<'_>,
    header: &mut Header<'a>,
    shared: &mut Fields<'a>,
    tags: &mut Option<Vec<Fields<'a>>>,
) -> Result<(), ReadError> {
    while let Some(key) = yaml.key()? {
        if shared.seen.contains(&key) {
            return Err(yaml.of(&key, Fault::Twice));
        }
        match &*key {
            "title" => header.title = Some(label(yaml, &key)?),
            "creator" => header.creator = Some(label(yaml, &key)?),
            "tags" => *tags = Some(list(yaml, builder)?),
            "header" => {
                open(yaml)?;
                // one level only: `header` is marked as seen before its fields are read
                shared.seen.push(key);
                fields(yaml, builder, header, shared, tags)?;
                continue;
            }
            "description" | "owner" | "is_public" => yaml.skip()?,
            _ => field(yaml, builder, shared, &key)?,
        }
        shared.seen.push(key);
    }
    Ok(())
}

fn list<'a>(yaml: &mut Yaml<'a>, builder: &mut Builder<'_>) -> Result<Vec<Fields<'a>>, ReadError> {
    match yaml.step()? {
        Step::List => {}
        other => return Err(yaml.of("tags", shape("a list of tags", &other))),
    }
    let mut tags = Vec::new();
    loop {
        match yaml.step()? {
            Step::End => return Ok(tags),
            Step::Map => {}
            other => return Err(yaml.of("tags", shape("a map", &other))),
        }
        if tags.len() >= super::pack::PACK_TAGS_MAX {
            let fault = Fault::Count { what: "tags in one file", max: super::pack::PACK_TAGS_MAX };
            return Err(yaml.of("tags", fault));
        }
        let mut tag = Fields { line: yaml.line, ..Fields::default() };
        while let Some(key) = yaml.key()? {
            if tag.seen.contains(&key) {
                return Err(yaml.of(&key, Fault::Twice));
            }
            field(yaml, builder, &mut tag, &key)?;
            tag.seen.push(key);
        }
        tag.seen = Vec::new();
        tags.push(tag);
    }
}

/// One field of a tag.
fn field<'a>(
    yaml: &mut Yaml<'a>,
    builder: &mut Builder<'_>,
    into: &mut Fields<'a>,
    key: &str,
) -> Result<(), ReadError> {
    match key {
        "address" => {
            let text = some(yaml, key)?;
            address_text(&text).map_err(|fault| yaml.of(key, fault))?;
            into.address = Some(text);
        }
        "tx_hash" => {
            yaml.skip()?;
            into.no_address = true;
        }
        "label" => into.label = Some(label(yaml, key)?),
        "source" => into.source = Some(label(yaml, key)?),
        "actor" => into.actor = Some(label(yaml, key)?),
        "category" => into.category = Some(label(yaml, key)?),
        "abuse" => into.abuse = Some(label(yaml, key)?),
        "currency" => into.currency = Some(label(yaml, key)?),
        "context" => into.context = Some(some(yaml, key)?),
        "network" => {
            let text = label(yaml, key)?;
            let chain = Blockchain::named(&text).map_err(|fault| yaml.of(key, fault.into()))?;
            into.network = Some(chain);
        }
        "concepts" => into.concepts = Some(yaml.texts(key, CONCEPTS_MAX)?),
        "confidence" => {
            let text = some(yaml, key)?;
            into.confidence = Some(text.parse().map_err(|fault| yaml.of(key, fault))?);
        }
        "is_cluster_definer" => into.whole_cluster = Some(truth(yaml, key)?),
        "lastmod" => {
            let text = some(yaml, key)?;
            into.recorded = Some(day(&text).map_err(|fault| yaml.of(key, fault))?);
        }
        "tag_type" => into.subject = Some(subject(yaml, key)?),
        _ => {
            let line = yaml.line;
            yaml.skip()?;
            builder.finding(line, Oddity::Field(echo(key)));
        }
    }
    Ok(())
}

fn some<'a>(yaml: &mut Yaml<'a>, key: &str) -> Result<Cow<'a, str>, ReadError> {
    yaml.text(key)?.ok_or_else(|| yaml.of(key, Fault::Empty))
}

fn label<'a>(yaml: &mut Yaml<'a>, key: &str) -> Result<Cow<'a, str>, ReadError> {
    let text = some(yaml, key)?;
    let kept = label_text(&text).map_err(|fault| yaml.of(key, fault))?;
    if kept.len() == text.len() { Ok(text) } else { Ok(Cow::Owned(kept.to_owned())) }
}

fn truth(yaml: &mut Yaml<'_>, key: &str) -> Result<bool, ReadError> {
    let text = some(yaml, key)?;
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        _ => Err(yaml.of(key, Fault::Truth(echo(&text)))),
    }
}

fn subject(yaml: &mut Yaml<'_>, key: &str) -> Result<Subject, ReadError> {
    let text = some(yaml, key)?;
    let all = [Subject::Owner, Subject::Mention, Subject::Event];
    let found = all.into_iter().find(|subject| subject.name() == &*text);
    found.ok_or_else(|| yaml.of(key, Fault::Unknown("actor, mention, event")))
}

/// Adds one tag: its own fields over the header's.
fn add(
    file: &str,
    builder: &mut Builder<'_>,
    title: &str,
    shared: &Fields<'_>,
    tag: &Fields<'_>,
    plain: &mut Option<u32>,
) -> Result<(), ReadError> {
    let Some(address) = &tag.address else {
        if tag.no_address {
            builder.finding(tag.line, Oddity::NoAddress);
            return Ok(());
        }
        return Err(ReadError::of(file, tag.line, "address", Fault::Missing));
    };
    let asset = tag.currency.as_ref().or(shared.currency.as_ref());
    let network = tag.network.as_ref().or(shared.network.as_ref());
    let chain = match (network, asset) {
        (Some(network), _) => network.clone(),
        (None, Some(asset)) => Blockchain::of_asset(asset, address)
            .map_err(|fault| ReadError::of(file, tag.line, "currency", fault.into()))?,
        (None, None) => {
            return Err(ReadError::of(file, tag.line, "currency", Fault::Missing));
        }
    };
    let number = match plain {
        Some(number) if tag.is_plain() => *number,
        _ => {
            let asset = asset.map_or(chain.code(), |asset| asset);
            let statement = statement(file, builder, title, shared, tag, asset)?;
            let number = builder.statement(statement);
            if tag.is_plain() {
                *plain = Some(number);
            }
            number
        }
    };
    builder.tag(chain, address, number, tag.line)?;
    Ok(())
}

impl Fields<'_> {
    /// Whether it sets nothing but the address.
    fn is_plain(&self) -> bool {
        let texts = [&self.label, &self.source, &self.currency, &self.context, &self.actor];
        texts.iter().all(|text| text.is_none())
            && self.network.is_none()
            && self.confidence.is_none()
            && self.whole_cluster.is_none()
            && self.recorded.is_none()
            && self.category.is_none()
            && self.abuse.is_none()
            && self.concepts.is_none()
            && self.subject.is_none()
    }
}

fn statement(
    file: &str,
    builder: &mut Builder<'_>,
    title: &str,
    shared: &Fields<'_>,
    tag: &Fields<'_>,
    asset: &str,
) -> Result<Statement, ReadError> {
    let missing = |name| ReadError::of(file, tag.line, name, Fault::Missing);
    let label = tag.label.as_ref().or(shared.label.as_ref()).ok_or_else(|| missing("label"))?;
    let source = tag.source.as_ref().or(shared.source.as_ref()).ok_or_else(|| missing("source"))?;
    let actor = tag.actor.as_ref().or(shared.actor.as_ref());
    let listed = tag.concepts.as_ref().or(shared.concepts.as_ref());
    let mut concepts: Vec<_> = listed
        .into_iter()
        .flatten()
        .chain(tag.category.as_ref().or(shared.category.as_ref()))
        .chain(tag.abuse.as_ref().or(shared.abuse.as_ref()))
        .map(|text| builder.text(&concept(text)))
        .collect();
    concepts.sort();
    concepts.dedup();
    let sanction = concepts.iter().any(|concept| &**concept == SANCTION).then(|| Sanction {
        by: builder.text(title),
        from: None,
        to: None,
    });
    Ok(Statement {
        label: builder.text(label),
        actor: actor.map(|actor| builder.text(actor)),
        concepts,
        confidence: tag.confidence.or(shared.confidence).unwrap_or(Confidence::Unknown),
        source: builder.text(source),
        asset: builder.text(asset),
        recorded: tag.recorded.or(shared.recorded),
        valid_from: None,
        valid_to: None,
        sanction,
        whole_cluster: tag.whole_cluster.or(shared.whole_cluster),
        subject: tag.subject.or(shared.subject).unwrap_or_default(),
        fiction: false,
        note: tag.context.as_ref().or(shared.context.as_ref()).map(|note| builder.text(note)),
    })
}

//! Actor packs: who the names in tags stand for.

use chain::FileDigest;
use sha2::{Digest as _, Sha256};

use super::super::error::{Fault, ReadError, text};
use super::super::pack::{CONCEPTS_MAX, label_text};
use super::super::statement::{Text, concept};
use super::super::yaml::{Step, Yaml, shape};
use super::{label, open};

/// Most actors of one file.
pub const ACTORS_MAX: usize = 200_000;
/// Most other names, and most countries, of one actor.
const NAMES_MAX: usize = 300;

/// Somebody whom tags name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The id that tags use.
    pub id: Text,
    /// The name for people.
    pub label: Text,
    /// What the actor is or does, sorted.
    pub concepts: Vec<Text>,
    /// Countries, as two letters.
    pub jurisdictions: Vec<String>,
    /// Where to read about the actor.
    pub uri: Option<String>,
    /// Other ids that mean the same actor.
    pub aliases: Vec<Text>,
}

/// An actor pack, read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorPack {
    /// The name that the caller gave the file.
    pub name: String,
    /// Its digest.
    pub sha256: FileDigest,
    /// Its actors, in the order of the file.
    pub actors: Vec<Actor>,
}

/// Reads an actor pack.
pub fn read_actors(file: &str, bytes: &[u8]) -> Result<ActorPack, ReadError> {
    let mut yaml = Yaml::new(file, text(file, bytes)?);
    let mut actors = None;
    open(&mut yaml)?;
    while let Some(key) = yaml.key()? {
        match &*key {
            "actors" if actors.is_some() => return Err(yaml.of(&key, Fault::Twice)),
            "actors" => actors = Some(list(&mut yaml)?),
            _ => yaml.skip()?,
        }
    }
    yaml.end()?;
    let sha256 = FileDigest(Sha256::digest(bytes).into());
    let fault = Fault::Kind("an actor pack has a list `actors`");
    let actors = actors.ok_or_else(|| ReadError::whole(file, fault))?;
    Ok(ActorPack { name: file.to_owned(), sha256, actors })
}

fn list(yaml: &mut Yaml<'_>) -> Result<Vec<Actor>, ReadError> {
    match yaml.step()? {
        Step::List => {}
        other => return Err(yaml.of("actors", shape("a list of actors", &other))),
    }
    let mut actors = Vec::new();
    let mut ids = std::collections::HashSet::new();
    loop {
        match yaml.step()? {
            Step::End => return Ok(actors),
            Step::Map => {}
            other => return Err(yaml.of("actors", shape("a map", &other))),
        }
        if actors.len() >= ACTORS_MAX {
            let fault = Fault::Count { what: "actors in one file", max: ACTORS_MAX };
            return Err(yaml.of("actors", fault));
        }
        let actor = actor(yaml)?;
        if !ids.insert(actor.id.clone()) {
            return Err(yaml.of("id", Fault::Twice));
        }
        actors.push(actor);
    }
}

fn actor(yaml: &mut Yaml<'_>) -> Result<Actor, ReadError> {
    let (mut id, mut name, mut uri) = (None, None, None);
    let (mut concepts, mut jurisdictions, mut aliases) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(key) = yaml.key()? {
        match &*key {
            "id" => id = Some(label(yaml, &key)?.as_ref().into()),
            "label" => name = Some(label(yaml, &key)?.as_ref().into()),
            "uri" => uri = yaml.text(&key)?.map(|text| text.into_owned()),
            "categories" | "concepts" => {
                let texts = yaml.texts(&key, CONCEPTS_MAX)?;
                concepts.extend(texts.iter().map(|text| Text::from(concept(text))));
            }
            "jurisdictions" => {
                let texts = yaml.texts(&key, NAMES_MAX)?;
                jurisdictions = texts.into_iter().map(|text| text.into_owned()).collect();
            }
            "aliases" => {
                for text in yaml.texts(&key, NAMES_MAX)? {
                    let kept = label_text(&text).map_err(|fault| yaml.of(&key, fault))?;
                    aliases.push(Text::from(kept));
                }
            }
            _ => yaml.skip()?,
        }
    }
    concepts.sort();
    concepts.dedup();
    let id = id.ok_or_else(|| yaml.of("id", Fault::Missing))?;
    let label = name.ok_or_else(|| yaml.of("label", Fault::Missing))?;
    Ok(Actor { id, label, concepts, jurisdictions, uri, aliases })
}

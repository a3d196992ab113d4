//! The CASE graph: the files it names, with their digests, are those of the manifest. Knows
//! nothing of the rest of the ontology; `case_validate` judges that.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read, Seek};

use serde::Deserialize;

use super::bag::{Files, Payload, note_unreadable};
use super::finding::Findings;
use super::zip::{Archive, read_error};
use crate::format::CASE_PATH;

/// Largest graph that is read.
pub const CASE_BYTES_MAX: u64 = 512 * 1024 * 1024;

#[derive(Deserialize)]
struct Graph {
    #[serde(rename = "@graph")]
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "uco-core:hasFacet", default)]
    facets: Vec<Facet>,
}

#[derive(Deserialize)]
struct Facet {
    #[serde(rename = "uco-observable:filePath")]
    path: Option<String>,
    #[serde(rename = "uco-observable:sizeInBytes")]
    size: Option<u64>,
    #[serde(rename = "uco-observable:hash", default)]
    hashes: Vec<HashNode>,
}

#[derive(Deserialize)]
struct HashNode {
    #[serde(rename = "uco-types:hashMethod")]
    method: String,
    #[serde(rename = "uco-types:hashValue")]
    value: Literal,
}

#[derive(Deserialize)]
struct Literal {
    #[serde(rename = "@value")]
    value: String,
}

/// Reads the graph and compares every file in it.
pub fn check<R: Read + Seek>(
    archive: &Archive<R>,
    files: &Files<'_>,
    payload: &Payload,
    findings: &mut Findings,
) {
    let Some(entry) = files.by_path.get(CASE_PATH) else { return };
    if entry.size > CASE_BYTES_MAX {
        findings.defect(CASE_PATH, "the graph is too large", CASE_BYTES_MAX, entry.size);
        return;
    }
    let reader = BufReader::new(archive.reader(entry));
    let graph: Graph = match serde_json::from_reader(reader) {
        Ok(graph) => graph,
        Err(error) if error.is_io() => {
            let error = read_error(error.into());
            return note_unreadable(CASE_PATH, error, findings);
        }
        Err(error) => {
            findings.defect(CASE_PATH, "not a JSON-LD graph", "@graph of nodes", error);
            return;
        }
    };
    let mut ids = BTreeSet::new();
    let mut named = BTreeMap::new();
    for node in &graph.nodes {
        if !ids.insert(&node.id) {
            findings.defect(CASE_PATH, "two nodes have one id", "one", &node.id);
        }
        let path = node.facets.iter().find_map(|facet| facet.path.as_ref());
        if let Some(path) = path {
            check_file(path, node, payload, findings);
            named.insert(path.as_str(), ());
        }
    }
    for path in payload.sha256.keys().filter(|path| *path != CASE_PATH) {
        // A listed file that is missing was named for that.
        if payload.sizes.contains_key(path) && !named.contains_key(path.as_str()) {
            let what = format!("the graph does not name {path}");
            findings.defect(CASE_PATH, what, "a File node", "none");
        }
    }
}

fn check_file(path: &str, node: &Node, payload: &Payload, findings: &mut Findings) {
    let Some(listed) = payload.sha256.get(path) else {
        let what = "the graph names a file that is not in the manifest";
        findings.defect(CASE_PATH, what, "a payload file", path);
        return;
    };
    let mut hashes = node.facets.iter().flat_map(|facet| &facet.hashes);
    let said = hashes.find(|hash| hash.method == "SHA256").map(|hash| hash.value.value.as_str());
    if said != Some(listed) {
        let what = format!("the graph's SHA-256 of {path} is not that of the manifest");
        findings.defect(CASE_PATH, what, listed, said.unwrap_or("none"));
    }
    let size = node.facets.iter().find_map(|facet| facet.size);
    let real = payload.sizes.get(path).copied();
    if size != real && real.is_some() {
        let what = format!("the graph's size of {path} is wrong");
        findings.defect(CASE_PATH, what, real.unwrap_or(0), size.unwrap_or(0));
    }
}

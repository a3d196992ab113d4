//! The files of a package: small ones read together into memory, large ones streamed.
//!
//! Knows no order and no answer; who may read the case was decided before.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::sync::Arc;

use anyhow::Context as _;
use desk::ids::Digest;
use evidence::digest::Digests;
use evidence::package::{Content, Reopen};
use store::BlobDigest;

use super::Node;
use super::case::Case;
use crate::error::Error;
use crate::payload;

/// A blob up to this size is read into memory; a larger one is streamed.
const MEMORY_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Files of a package by name.
pub(super) type SmallFiles = HashMap<BlobDigest, Vec<u8>>;

impl Node {
    /// Every file of the package that is held in memory, read together.
    pub(super) async fn small_files(
        &self,
        case: &Case,
        notes: &payload::Assembled,
        received: &payload::Received,
    ) -> Result<SmallFiles, Error> {
        let mut names: Vec<&str> = received.files.iter().map(|file| file.sha256.as_str()).collect();
        for exhibit in notes.exhibits.iter().filter_map(|number| case.exhibits.get(number)) {
            match &exhibit.body {
                payload::ExhibitBody::Table {
                    csv_sha256,
                    csv_bytes,
                    json_sha256,
                    json_bytes,
                    ..
                } => {
                    let files = [(csv_sha256, *csv_bytes), (json_sha256, *json_bytes)];
                    let small = files.into_iter().filter(|(_, bytes)| *bytes <= MEMORY_BYTES_MAX);
                    names.extend(small.map(|(name, _)| name.as_str()));
                }
                payload::ExhibitBody::Trace { json_sha256, svg_sha256, .. }
                | payload::ExhibitBody::AccountTrace { json_sha256, svg_sha256, .. } => {
                    names.extend([json_sha256.as_str(), svg_sha256.as_str()]);
                }
            }
        }
        let digests: BTreeSet<BlobDigest> =
            names.into_iter().map(blob_name).collect::<Result<_, _>>()?;
        let digests: Vec<BlobDigest> = digests.into_iter().collect();
        Ok(self.store.reader().blobs(&digests).await?)
    }

    /// A file of the package: from memory when small, else from a copy in the spool folder.
    pub(super) async fn content(
        &self,
        small: &SmallFiles,
        sha256: &str,
        digests: Option<Digests>,
    ) -> Result<Content<'static>, Error> {
        let blob = blob_name(sha256)?;
        match (small.get(&blob), digests) {
            (Some(bytes), Some(digests)) => Ok(Content::digested_bytes(bytes.clone(), digests)),
            (Some(bytes), None) => Ok(Content::bytes(bytes.clone())),
            (None, Some(digests)) => {
                let source = self.store.reader().blob_source(blob).await?;
                Ok(Content::source(Arc::new(Blob(source)), digests))
            }
            (None, None) => Ok(Content::bytes(self.store.reader().blob(blob).await?)),
        }
    }
}

fn blob_name(sha256: &str) -> Result<BlobDigest, Error> {
    let digest = Digest::from_hex(sha256).context("a blob's name is not hex")?;
    Ok(BlobDigest(digest.0))
}

struct Blob(store::BlobSource);

impl Reopen for Blob {
    fn open(&self) -> std::io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(std::io::BufReader::new(self.0.open()?)))
    }
}

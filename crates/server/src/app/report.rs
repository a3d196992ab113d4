//! Transparency reports on the record: the digest of each is a leaf of the log, and the log's key
//! signs it.
//!
//! Knows no page and no count; `crate::report` counts, `desk::transparency` says what may be told.
//! What is made beside a served node waits in a folder until that node records it, because only one
//! process writes to a store. No report is recorded from which an earlier one could be subtracted
//! (docs/decisions/196).

mod publish;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use desk::ids::{ActorId, Country};
use desk::policy::{Action, Actor, Facts, permit, permit_read};
use desk::transparency::{Period, REPORT_BYTES_MAX, Report, Scope};
use evidence::signed::ProvenRecord;
use jiff::Timestamp;
use jiff::civil::Date;
use ledger::LeafIndex;
use ledger::checkpoint::SignedCheckpoint;
use ledger::note::{Note, SigningKey};
use ledger::proof::TlogProof;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::{Append, BlobDigest, ExpectedSeq, NewBlob, NewEvent, Published, Reader, Store};
use uuid::Uuid;

pub use publish::{Step, in_the_way};

use super::Node;
use crate::config::Config;
use crate::directory::console;
use crate::error::Error;
use crate::report::{Question, count};

/// The stream of the log in which the reports stand.
pub const STREAM: Uuid = Uuid::from_u128(0x636f_6d69_7479_4172_8572_6570_6f72_7473);
/// Reports that a list shows, newest first.
const REPORTS_MAX: usize = 500;
/// Waiting reports that one look records.
const WAITING_AT_ONCE_MAX: usize = 16;

/// The events of the stream (docs/formats/record.md).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Entry {
    /// A report was made.
    #[serde(rename = "transparency_report")]
    Recorded(Recorded),
    /// Somebody wants it published.
    #[serde(rename = "transparency_report_proposed")]
    Proposed {
        /// Digest of its JSON.
        json_sha256: String,
        /// Who.
        by: ActorId,
    },
    /// Somebody else published it.
    #[serde(rename = "transparency_report_published")]
    Published {
        /// Digest of its JSON.
        json_sha256: String,
        /// Who.
        by: ActorId,
    },
    /// It was never given to anybody, and will not be.
    #[serde(rename = "transparency_report_withdrawn")]
    Withdrawn {
        /// Digest of its JSON.
        json_sha256: String,
        /// Who.
        by: ActorId,
    },
}

/// The report of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The first day, UTC.
    pub from: Date,
    /// The last day, UTC.
    pub to: Date,
    /// The moment that outcomes are told of.
    pub as_of: Timestamp,
    /// Only authorities of these countries, if not all.
    pub agency_countries: Option<BTreeSet<Country>>,
    /// Digest of the report's JSON; its name.
    pub json_sha256: String,
    /// Digest of its CSV.
    pub csv_sha256: String,
    /// Who had it made.
    pub by: ActorId,
}

/// A report on the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What the record says.
    pub recorded: Recorded,
    /// When it was recorded.
    pub at: Timestamp,
    /// Its leaf.
    pub leaf: LeafIndex,
    /// Who may read it.
    pub state: PublicationState,
}

/// How far a report has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicationState {
    /// Staff may read it.
    Made,
    /// Somebody wants it published.
    Proposed {
        /// Who.
        by: ActorId,
    },
    /// Anybody may read it.
    Published {
        /// Since when.
        at: Timestamp,
    },
    /// Nobody outside has it, and nobody gets it.
    Withdrawn,
}

impl PublicationState {
    /// One word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Proposed { .. } => "proposed",
            Self::Published { .. } => "published",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The stream as it stands.
struct Stream {
    /// How many events it has.
    events: u64,
    /// Every report, newest first.
    reports: Vec<Made>,
}

impl Stream {
    /// See [`in_the_way`].
    fn in_the_way(&self, scope: &Scope) -> Option<&Made> {
        let mut kept = self.reports.iter().filter(|it| it.state != PublicationState::Withdrawn);
        kept.find(|made| made.recorded.scope().is_some_and(|it| it.can_be_subtracted(scope)))
    }
}

impl Recorded {
    fn of(report: &Report, by: ActorId) -> Self {
        Self {
            from: report.from,
            to: report.to,
            as_of: report.as_of,
            agency_countries: report.agency_countries.clone(),
            json_sha256: name_of(report.to_json().as_bytes()),
            csv_sha256: name_of(report.to_csv().as_bytes()),
            by,
        }
    }

    /// What it counts; `None` for a period that ends before it begins, which nobody records.
    fn scope(&self) -> Option<Scope> {
        Some(Scope {
            period: Period::new(self.from, self.to)?,
            agency_countries: self.agency_countries.clone(),
            as_of: self.as_of,
        })
    }

    /// What the log's key signs. No checkpoint reads like it: a checkpoint has a number in its
    /// second line.
    fn note_text(&self, origin: &str) -> String {
        let Self { from, to, json_sha256, csv_sha256, .. } = self;
        format!(
            "comity transparency report v1\n{origin}\n{from} {to}\njson sha256 {json_sha256}\n\
             csv sha256 {csv_sha256}\n"
        )
    }
}

impl Node {
    /// Counts a period, records the report, and gives it.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to make one.
    pub async fn make_report(
        &self,
        actor: &Actor,
        period: Period,
        agency_countries: Option<BTreeSet<Country>>,
    ) -> Result<Made, Error> {
        permit(actor, Action::MakeReport, &Facts::default()).ok_or(Error::Hidden)?;
        let company = self.config.company.name.clone();
        let question = Question { company, period, as_of: self.now(), agency_countries };
        let report = count(self.store.reader(), &question, &mut |_| {}).await?;
        record(&self.store, actor.id, &report).await
    }

    /// The reports made, newest first.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to read them.
    pub async fn reports(&self, actor: &Actor) -> Result<Vec<Made>, Error> {
        permit_read(actor, Action::ReadReports, &Facts::default()).ok_or(Error::Hidden)?;
        Ok(made(self.store.reader()).await?.reports)
    }

    /// The report that stands in the way of another one made now.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to make one.
    pub async fn report_in_the_way(
        &self,
        actor: &Actor,
        period: Period,
        agency_countries: Option<BTreeSet<Country>>,
    ) -> Result<Option<Made>, Error> {
        permit(actor, Action::MakeReport, &Facts::default()).ok_or(Error::Hidden)?;
        let scope = Scope { period, agency_countries, as_of: self.now() };
        in_the_way(self.store.reader(), &scope).await
    }

    /// One report, by the digest of its JSON.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to read it, or when there is none of that name, or it
    /// was withdrawn.
    pub async fn report(&self, actor: &Actor, sha256: &str) -> Result<(Made, Report), Error> {
        let all = self.reports(actor).await?;
        let made = all.into_iter().find(|made| made.is_of(sha256)).ok_or(Error::Hidden)?;
        let report = read_text(self.store.reader(), &made).await?;
        Ok((made, report))
    }

    /// What proves a report: docs/formats/transparency.md, "Proof".
    ///
    /// # Errors
    /// As [`Node::report`].
    pub async fn report_proof(&self, actor: &Actor, sha256: &str) -> Result<String, Error> {
        let (made, _) = self.report(actor, sha256).await?;
        self.proof_of(&made).await
    }

    async fn proof_of(&self, made: &Made) -> Result<String, Error> {
        let published = self.store.checkpoint();
        proof(self.store.reader(), &published, &self.log_key, made).await
    }

    /// Records the reports that were made beside this node. A file that is none is set aside.
    ///
    /// # Errors
    /// When the folder cannot be read or the store takes no acts.
    pub async fn record_waiting_reports(&self) -> Result<(), Error> {
        for path in waiting(&waiting_folder(&self.config))? {
            let recorded = match read_waiting(&path) {
                Ok(report) => record(&self.store, console().id, &report).await,
                Err(error) => Err(Error::input("reports", format!("{error:#}"), "make it again")),
            };
            match recorded {
                Ok(_) => {
                    std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
                }
                Err(error @ Error::Input { .. }) => {
                    tracing::warn!("A report that waits cannot be recorded: {error}");
                    let aside = path.with_extension("refused");
                    std::fs::rename(&path, aside).with_context(|| path.display().to_string())?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Records a report, unless it is on the record already.
///
/// # Errors
/// [`Error::Input`] when a report on the record counts some of the same requests; when the store
/// takes no acts.
pub async fn record(store: &Store, by: ActorId, report: &Report) -> Result<Made, Error> {
    let recorded = Recorded::of(report, by);
    let stream = made(store.reader()).await?;
    if let Some(known) = stream.reports.iter().find(|made| made.is_of(&recorded.json_sha256)) {
        return Ok(known.clone());
    }
    if let Some(earlier) = recorded.scope().and_then(|scope| stream.in_the_way(&scope).cloned()) {
        return Err(subtractable(&earlier));
    }
    let blobs = vec![store.put_blob(report.to_json().into_bytes()).await?];
    let entry = Entry::Recorded(recorded.clone());
    let appended = append(store, stream.events, &entry, blobs).await?;
    let leaf = LeafIndex(appended.leaves.start);
    Ok(Made { recorded, at: appended.at, leaf, state: PublicationState::Made })
}

/// Why no report is made beside an earlier one.
pub fn subtractable(earlier: &Made) -> Error {
    let Recorded { from, to, .. } = &earlier.recorded;
    let made = earlier.at.strftime("%Y-%m-%d");
    Error::input(
        "period",
        format!(
            "the report of {from} to {to}, made on {made}, counts some of the same requests, so \
             that one could be subtracted from the other and small counts be left"
        ),
        "choose days and countries that no report has; or, if nobody outside has that report, \
         withdraw it first (page Reports)",
    )
}

/// Appends one event, unless somebody else was faster.
async fn append(
    store: &Store,
    events: u64,
    entry: &Entry,
    blobs: Vec<NewBlob>,
) -> Result<store::Appended, Error> {
    let event_json = serde_json::to_string(entry).context("report event")?;
    let mut event = NewEvent::new(event_json, None);
    event.names = super::derived::names(STREAM, &event.event_json, None);
    let mut append = Append::events(STREAM, ExpectedSeq::Exactly(events), vec![event]);
    append.blobs = blobs;
    Ok(store.append(append).await?)
}

/// The report of a digest, if it is on the record and was not withdrawn.
///
/// # Errors
/// When the store cannot be read.
pub async fn find(reader: &Reader, json_sha256: &str) -> Result<Option<Made>, Error> {
    let all = made(reader).await?.reports;
    Ok(all.into_iter().find(|made| made.is_of(json_sha256)))
}

impl Made {
    fn is_of(&self, json_sha256: &str) -> bool {
        self.recorded.json_sha256 == json_sha256 && self.state != PublicationState::Withdrawn
    }
}

/// Every report on the record, newest first.
async fn made(reader: &Reader) -> Result<Stream, Error> {
    let mut stream = Stream { events: 0, reports: Vec::new() };
    loop {
        let page = reader.load_page(STREAM, stream.events, REPORTS_MAX).await?;
        if page.is_empty() {
            break;
        }
        for event in &page {
            let entry: Entry = serde_json::from_str(&event.event_json)
                .with_context(|| format!("report event {}", event.seq))?;
            stream.events = event.seq;
            let (json_sha256, state) = match entry {
                Entry::Recorded(recorded) => {
                    let (at, leaf, state) = (event.at, event.leaf, PublicationState::Made);
                    stream.reports.push(Made { recorded, at, leaf, state });
                    continue;
                }
                Entry::Proposed { json_sha256, by } => {
                    (json_sha256, PublicationState::Proposed { by })
                }
                Entry::Published { json_sha256, .. } => {
                    (json_sha256, PublicationState::Published { at: event.at })
                }
                Entry::Withdrawn { json_sha256, .. } => (json_sha256, PublicationState::Withdrawn),
            };
            if let Some(made) = stream.reports.iter_mut().rfind(|made| made.is_of(&json_sha256)) {
                made.state = state;
            }
        }
    }
    stream.reports.reverse();
    Ok(stream)
}

/// The report itself, as it was recorded.
async fn read_text(reader: &Reader, made: &Made) -> Result<Report, Error> {
    let digest = digest_of(&made.recorded.json_sha256)?;
    let json = reader.blob(digest).await.context("the report's text")?;
    let json = String::from_utf8(json).context("the report's text")?;
    Ok(Report::parse(&json).context("the report's text")?)
}

/// The file that proves a report: the note that the log's key signed, and the leaf with its proof.
///
/// # Errors
/// When the store cannot be read.
pub async fn proof(
    reader: &Reader,
    published: &Published,
    key: &SigningKey,
    made: &Made,
) -> Result<String, Error> {
    if made.state == PublicationState::Withdrawn {
        return Err(Error::input("report", "it was withdrawn", "make another report"));
    }
    let text = made.recorded.note_text(key.name().as_str());
    let signature = key.sign(&text).context("the note of a report")?;
    let note = Note::new(text, vec![signature]).context("the note of a report")?;
    let record = reader.record(made.leaf).await?.context("the record of a report")?;
    let hashes = reader.inclusion_proof(made.leaf, published.size).await?;
    let checkpoint =
        SignedCheckpoint::parse(published.note.as_bytes()).context("the newest checkpoint")?;
    let proof = TlogProof::new(made.leaf, hashes, &checkpoint).to_string();
    let leaf = ProvenRecord { record: record.json, salt: record.salt, proof };
    Ok(leaf.beside_note_json(&note.to_string()))
}

/// Where reports wait for a served node.
#[must_use]
pub fn waiting_folder(config: &Config) -> PathBuf {
    config.path(&config.node.data).join("reports")
}

/// Puts a report where a served node finds it.
///
/// # Errors
/// When the folder cannot be written to.
pub fn leave_waiting(config: &Config, report: &Report) -> anyhow::Result<()> {
    let folder = waiting_folder(config);
    let place = || folder.display().to_string();
    std::fs::create_dir_all(&folder).with_context(place)?;
    let json = report.to_json();
    let path = folder.join(format!("{}.json", name_of(json.as_bytes())));
    // The node must not see half a file.
    let unfinished = tempfile::NamedTempFile::new_in(&folder).with_context(place)?;
    std::fs::write(unfinished.path(), json).with_context(place)?;
    unfinished.persist(path).with_context(place)?;
    Ok(())
}

fn waiting(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let place = || folder.display().to_string();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(anyhow::Error::from(error).context(place()).into()),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.with_context(place)?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.truncate(WAITING_AT_ONCE_MAX);
    Ok(paths)
}

fn read_waiting(path: &Path) -> anyhow::Result<Report> {
    let bytes = std::fs::metadata(path)?.len();
    anyhow::ensure!(bytes <= REPORT_BYTES_MAX as u64, "{bytes} bytes, at most {REPORT_BYTES_MAX}");
    let json = std::fs::read_to_string(path)?;
    Ok(Report::parse(&json)?)
}

/// The name of a report on the record: SHA-256 of its JSON.
#[must_use]
pub fn name_of(json: &[u8]) -> String {
    hex::encode(Sha256::digest(json))
}

fn digest_of(hex_text: &str) -> Result<BlobDigest, Error> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hex_text, &mut bytes).context("the digest of a report")?;
    Ok(BlobDigest(bytes))
}

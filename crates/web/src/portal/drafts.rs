//! What an officer writes and has not signed yet: kept in the store, under the node's key, for
//! [`DRAFT_DAYS_MAX`] days, so that a restart costs nobody the typing.
//!
//! Knows no page. A draft belongs to one officer; nobody else finds it. It holds whom an order is
//! about, which a session alone never opens: a draft is open in the session that wrote it, and in
//! another one after a touch of the passkey.

mod stamp;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
pub use server::app::drafts::{DRAFT_DAYS_MAX, DRAFTS_EACH_MAX};
use server::app::drafts::{FormKept, OpenDraft, Seen};
use server::app::intake::ToSign;
use uuid::Uuid;

pub(super) use stamp::Keeping;
pub use stamp::Stamp;

use crate::form::File;
use crate::frame::SignedIn;
use crate::order_form::OrderForm;
use crate::problem::Problem;
use crate::site::Site;

/// Version of what is kept; another one is not opened.
const VERSION: u8 = 2;
/// How often what was typed is tried to be kept while others keep the same draft.
const TRIES_MAX: usize = 3;
/// Acts that wait for a signature, of all officers; more must wait. The node has its own limit for
/// each officer.
const TO_SIGN_COUNT_MAX: usize = 10_000;

/// What is being written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// A new request.
    New {
        /// The form.
        typed: OrderForm,
        /// The refused request that this one corrects.
        after: Option<Uuid>,
    },
    /// A correction of one ask.
    Correct {
        /// The request.
        request: Uuid,
        /// The ask.
        ask: u16,
        /// The form.
        typed: OrderForm,
    },
    /// An ask that is taken back.
    Withdraw {
        /// The request.
        request: Uuid,
        /// The ask.
        ask: u16,
        /// What is said with it.
        text: String,
    },
    /// Preserved records that are to be kept longer.
    Extend {
        /// The request.
        request: Uuid,
        /// The ask.
        ask: u16,
        /// What is said with it.
        text: String,
    },
}

impl What {
    /// Key of the words for it.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::New { .. } => "draft-new",
            Self::Correct { .. } => "draft-correct",
            Self::Withdraw { .. } => "draft-withdraw",
            Self::Extend { .. } => "draft-extend",
        }
    }

    /// The form, where there is one.
    pub(super) const fn typed(&self) -> Option<&OrderForm> {
        match self {
            Self::New { typed, .. } | Self::Correct { typed, .. } => Some(typed),
            Self::Withdraw { .. } | Self::Extend { .. } => None,
        }
    }

    /// The same, to be written to.
    pub(super) const fn typed_mut(&mut self) -> Option<&mut OrderForm> {
        match self {
            Self::New { typed, .. } | Self::Correct { typed, .. } => Some(typed),
            Self::Withdraw { .. } | Self::Extend { .. } => None,
        }
    }

    /// The request that it acts upon.
    pub(super) const fn request(&self) -> Option<Uuid> {
        match self {
            Self::New { .. } => None,
            Self::Correct { request, .. }
            | Self::Withdraw { request, .. }
            | Self::Extend { request, .. } => Some(*request),
        }
    }
}

/// One draft.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What is being written.
    pub what: What,
    /// Files so far.
    pub files: Vec<File>,
    /// Where it stands.
    pub stamp: Stamp,
}

impl Draft {
    /// One that is not kept yet.
    pub(super) fn new(what: What, files: Vec<File>) -> Self {
        Self { what, files, stamp: Stamp::default() }
    }
}

/// A draft as a list shows it.
pub(super) struct Listed {
    pub name: String,
    pub key: &'static str,
    /// The authority's reference, as far as it is typed; the request otherwise.
    pub reference: String,
    pub touched_at: Timestamp,
    pub until: Timestamp,
    /// It was written in this session, which opens it without another proof.
    pub is_open: bool,
    /// There is a form to go on with.
    pub has_form: bool,
}

/// The half that a list reads: all but the files, of which it says nothing, so that it can be kept
/// anew without them.
#[derive(Serialize, Deserialize)]
struct Kept {
    v: u8,
    /// Public name of the session in which it is open.
    session: String,
    #[serde(default)]
    stamp: Stamp,
    what: What,
}

/// What stands before the bytes of the files: one line of JSON, in their order.

#[derive(Serialize, Deserialize)]
struct FileFacts {
    name: String,
    media_type: String,
    bytes: usize,
}

/// What is kept under the name that a form came with.
pub(super) enum Known {
    /// Nothing yet.
    Nothing,
    /// A draft that is open in this session, and which state of it this is.
    Open(Draft, Seen),
    /// One that is open in another session: what it says is not told in this one.
    Elsewhere(What, Stamp),
}

/// Looks for the draft that a form goes on with.
pub(super) async fn known(site: &Site, by: &SignedIn, name: &str) -> Result<Known, Problem> {
    Ok(match read(site, by, name).await? {
        None => Known::Nothing,
        Some((kept, files, seen)) if kept.session == by.viewer.session.name => {
            Known::Open(Draft { what: kept.what, files, stamp: kept.stamp }, seen)
        }
        Some((kept, ..)) => Known::Elsewhere(kept.what, kept.stamp),
    })
}

/// A draft of this officer; `None` when it is there and not open in this session.
pub(super) async fn get(site: &Site, by: &SignedIn, name: &str) -> Result<Option<Draft>, Problem> {
    match known(site, by, name).await? {
        Known::Nothing => Err(Problem::hidden()),
        Known::Open(draft, _) => Ok(Some(draft)),
        Known::Elsewhere(..) => Ok(None),
    }
}

/// Keeps a draft with its files, under its name or a new one, open in this session; returns the
/// name, and notes the draft's new stamp. What was given to sign before is void.
pub(super) async fn keep(
    site: &Site,
    by: &SignedIn,
    name: Option<&str>,
    draft: &mut Draft,
) -> Result<String, server::error::Error> {
    let facts = |file: &File| FileFacts {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        bytes: file.bytes.len(),
    };
    let mut files = json(&draft.files.iter().map(facts).collect::<Vec<_>>())?;
    files.push(b'\n');
    files.extend(draft.files.iter().flat_map(|file| &file.bytes));
    let stamp = draft.stamp.kept();
    let form = form(by, &draft.what, &stamp)?;
    let name = site.node.keep_draft(by.actor(), name, &form, &files).await?;
    draft.stamp = stamp;
    site.signing.forget(&name);
    Ok(name)
}

/// Keeps what was typed, open in this session, over the state of the draft that was seen or as a
/// new one; returns the name. Where somebody has kept anything else meanwhile, that stands and
/// there is no name. What was given to sign is void if something else is typed now.
async fn keep_typed(
    site: &Site,
    by: &SignedIn,
    name: &str,
    (what, stamp): (&What, &Stamp),
    seen: Option<(&What, &Seen)>,
) -> Result<Option<String>, server::error::Error> {
    let form = form(by, what, stamp)?;
    let over = seen.map(|(_, seen)| seen);
    let FormKept::Kept(name) = site.node.keep_draft_form(by.actor(), name, &form, over).await?
    else {
        return Ok(None);
    };
    let is_same = match seen {
        Some((before, _)) => json(before)? == json(what)?,
        None => false,
    };
    if !is_same {
        site.signing.forget(&name);
    }
    Ok(Some(name))
}

fn form(by: &SignedIn, what: &What, stamp: &Stamp) -> Result<Vec<u8>, server::error::Error> {
    let session = by.viewer.session.name.clone();
    json(&Kept { v: VERSION, session, stamp: stamp.clone(), what: what.clone() })
}

fn json(what: &impl Serialize) -> Result<Vec<u8>, server::error::Error> {
    serde_json::to_vec(what)
        .map_err(|error| server::error::Error::Internal(anyhow::anyhow!("a draft: {error}")))
}

/// Opens a draft in this session as well; the caller asked for a fresh proof.
pub(super) async fn open_here(site: &Site, by: &SignedIn, name: &str) -> Result<What, Problem> {
    let read = read(site, by, name).await?;
    let Some((kept, _, seen)) = read else { return Err(Problem::hidden()) };
    // No page of another session goes on with it.
    let stamp = Stamp { revision: kept.stamp.revision, ..Stamp::default() }.kept();
    site.signing.forget(name);
    keep_typed(site, by, name, (&kept.what, &stamp), Some((&kept.what, &seen))).await?;
    Ok(kept.what)
}

/// The draft that a form goes on with.
pub(super) struct Begun {
    /// Under which it is to be kept.
    pub name: String,
    pub draft: Draft,
    /// What is kept under the name; none where nothing is.
    seen: Option<(What, Seen)>,
    /// Something else was kept after the form's page was made, or the draft went.
    pub is_overtaken: bool,
}

/// The draft that a form goes on with, or a new one: where the old one is open in another session,
/// under a new name and without its files, so that it stays as it is. A correction stays one, and
/// keeps what it may not change.
pub(super) async fn begun(
    site: &Site,
    by: &SignedIn,
    typed: OrderForm,
    keeping: Keeping,
) -> Result<Begun, Problem> {
    let stamp = Stamp::of(&typed);
    let name = if typed.draft.is_empty() {
        server::app::drafts::new_draft_name()?
    } else {
        typed.draft.clone()
    };
    let new = |draft| OrderForm { corrects: String::new(), draft, ..typed };
    Ok(match known(site, by, &name).await? {
        Known::Nothing => {
            let what = What::New { typed: new(name.clone()), after: None };
            // What was kept once is gone: whoever saves it keeps it anew.
            let is_overtaken = keeping == Keeping::Typed && stamp.revision > 0;
            let draft = Draft { what, files: Vec::new(), stamp };
            Begun { name, draft, seen: None, is_overtaken }
        }
        Known::Open(Draft { what, files, stamp: kept }, seen) => {
            let is_overtaken = !stamp.follows(&kept, keeping);
            let before = what.clone();
            let what = gone_on(what, new(name.clone()));
            let stamp = Stamp { revision: kept.revision, ..stamp };
            let draft = Draft { what, files, stamp };
            Begun { name, draft, seen: Some((before, seen)), is_overtaken }
        }
        Known::Elsewhere(what, kept) => {
            let is_overtaken = keeping == Keeping::Typed && !stamp.follows(&kept, keeping);
            let name = server::app::drafts::new_draft_name()?;
            let what = gone_on(what, new(name.clone()));
            let draft = Draft { what, files: Vec::new(), stamp };
            Begun { name, draft, seen: None, is_overtaken }
        }
    })
}

/// Keeps what was typed on a page that nobody has saved; says under which name, and none where
/// something newer is kept or the draft is gone. In whatever order such forms arrive, the last one
/// typed stays.
pub(super) async fn keep_on(
    site: &Site,
    by: &SignedIn,
    typed: &OrderForm,
) -> Result<(Draft, Result<Option<String>, server::error::Error>), Problem> {
    let mut tries = 1;
    loop {
        let Begun { name, draft, seen, is_overtaken } =
            begun(site, by, typed.clone(), Keeping::Typed).await?;
        if is_overtaken {
            return Ok((draft, Ok(None)));
        }
        let seen = seen.as_ref().map(|(what, seen)| (what, seen));
        let stamp = draft.stamp.kept();
        let kept = keep_typed(site, by, &name, (&draft.what, &stamp), seen).await;
        if !matches!(kept, Ok(None)) || tries == TRIES_MAX {
            return Ok((draft, kept));
        }
        tries += 1;
    }
}

/// What is being written, with what is typed now.
fn gone_on(what: What, new: OrderForm) -> What {
    match what {
        What::Correct { request, ask, typed: old } => {
            let typed = OrderForm {
                asks: old.asks,
                emergency: old.emergency,
                is_test: old.is_test,
                corrects: ask.to_string(),
                ..new
            };
            What::Correct { request, ask, typed }
        }
        What::New { after, .. } => What::New { typed: new, after },
        What::Withdraw { .. } | What::Extend { .. } => What::New { typed: new, after: None },
    }
}

/// Takes a draft away.
pub(super) async fn forget(site: &Site, by: &SignedIn, name: &str) -> Result<bool, Problem> {
    site.signing.forget(name);
    Ok(site.node.forget_draft(by.actor(), name).await?)
}

/// The drafts of this officer, the one touched last on top.
pub(super) async fn list(site: &Site, by: &SignedIn) -> Result<Vec<Listed>, Problem> {
    let listed = site.node.drafts(by.actor()).await?.into_iter().filter_map(|draft| {
        let kept: Kept = serde_json::from_slice(&draft.form).ok().filter(is_known)?;
        let typed = kept.what.typed().map(|typed| typed.reference.trim().to_owned());
        let reference = typed.filter(|reference| !reference.is_empty());
        let request = || kept.what.request().map(|request| request.to_string());
        Some(Listed {
            key: kept.what.key(),
            reference: reference.or_else(request).unwrap_or_default(),
            is_open: kept.session == by.viewer.session.name,
            has_form: kept.what.typed().is_some(),
            name: draft.name,
            touched_at: draft.touched_at,
            until: draft.until,
        })
    });
    Ok(listed.collect())
}

fn is_known(kept: &Kept) -> bool {
    kept.v == VERSION
}

async fn read(
    site: &Site,
    by: &SignedIn,
    name: &str,
) -> Result<Option<(Kept, Vec<File>, Seen)>, Problem> {
    let Some(draft) = site.node.draft(by.actor(), name).await? else { return Ok(None) };
    let OpenDraft { form, files, seen, .. } = draft;
    // A draft of another release is as good as none.
    let kept: Option<Kept> = serde_json::from_slice(&form).ok().filter(is_known);
    Ok(kept.zip(unpacked(&files)).map(|(kept, files)| (kept, files, seen)))
}

/// The files of a draft as they were packed; none where only what was typed is kept so far.
fn unpacked(packed: &[u8]) -> Option<Vec<File>> {
    if packed.is_empty() {
        return Some(Vec::new());
    }
    let end = packed.iter().position(|byte| *byte == b'\n')?;
    let (facts, rest) = packed.split_at_checked(end)?;
    let facts: Vec<FileFacts> = serde_json::from_slice(facts).ok()?;
    let mut rest = rest.get(1..)?;
    let mut whole = Vec::with_capacity(facts.len());
    for facts in facts {
        let (bytes, after) = rest.split_at_checked(facts.bytes)?;
        rest = after;
        whole.push(File {
            field: "files".to_owned(),
            name: facts.name,
            media_type: facts.media_type,
            bytes: bytes.to_vec(),
        });
    }
    Some(whole)
}

/// What was given to sign, by draft. In memory only: after a restart it is prepared again.
#[derive(Default)]
pub struct Signing(Mutex<HashMap<String, ToSign>>);

impl Signing {
    /// What was given to sign for a draft and may still be signed.
    pub(super) fn get(&self, draft: &str, now: Timestamp) -> Option<ToSign> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(draft).filter(|to_sign| to_sign.until > now).cloned()
    }

    /// Notes what was given to sign for a draft.
    pub(super) fn put(
        &self,
        draft: &str,
        to_sign: ToSign,
        now: Timestamp,
    ) -> Result<(), server::error::Error> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, known| known.until > now);
        if all.len() >= TO_SIGN_COUNT_MAX {
            return Err(server::error::Error::Busy);
        }
        all.insert(draft.to_owned(), to_sign);
        Ok(())
    }

    fn forget(&self, draft: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(draft);
    }
}

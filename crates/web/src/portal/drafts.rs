//! What an officer writes and has not signed yet: kept in the store, under the node's key, for
//! [`DRAFT_DAYS_MAX`] days, so that a restart costs nobody the typing.
//!
//! Knows no page. A draft belongs to one officer; nobody else finds it. It holds whom an order is
//! about, which a session alone never opens: a draft is open in the session that wrote it, and in
//! another one after a touch of the passkey.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use server::app::drafts::OpenDraft;
pub use server::app::drafts::{DRAFT_DAYS_MAX, DRAFTS_EACH_MAX};
use server::app::intake::ToSign;
use uuid::Uuid;

use crate::form::File;
use crate::frame::SignedIn;
use crate::order_form::OrderForm;
use crate::problem::Problem;
use crate::site::Site;

/// Version of what is kept; another one is not opened.
const VERSION: u8 = 1;
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

/// The half that a list reads: all but the files.
#[derive(Serialize, Deserialize)]
struct Kept {
    v: u8,
    /// Public name of the session in which it is open.
    session: String,
    what: What,
    files: Vec<FileFacts>,
}

#[derive(Serialize, Deserialize)]
struct FileFacts {
    name: String,
    media_type: String,
    bytes: usize,
}

/// A draft of this officer; `None` when it is there and not open in this session.
pub(super) async fn get(site: &Site, by: &SignedIn, name: &str) -> Result<Option<Draft>, Problem> {
    let Some((kept, files)) = read(site, by, name).await? else { return Err(Problem::hidden()) };
    Ok((kept.session == by.viewer.session.name).then_some(Draft { what: kept.what, files }))
}

/// Keeps a draft, under its name or a new one, open in this session; returns the name. What was
/// given to sign before is void.
pub(super) async fn keep(
    site: &Site,
    by: &SignedIn,
    name: Option<&str>,
    draft: &Draft,
    files: Files,
) -> Result<String, server::error::Error> {
    let facts = |file: &File| FileFacts {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        bytes: file.bytes.len(),
    };
    let kept = Kept {
        v: VERSION,
        session: by.viewer.session.name.clone(),
        what: draft.what.clone(),
        files: draft.files.iter().map(facts).collect(),
    };
    let form = serde_json::to_vec(&kept)
        .map_err(|error| server::error::Error::Internal(anyhow::anyhow!("a draft: {error}")))?;
    if let (Files::Unchanged, Some(name)) = (files, name)
        && site.node.keep_draft_form(by.actor(), name, &form).await?
    {
        site.signing.forget(name);
        return Ok(name.to_owned());
    }
    let files = draft.files.iter().map(|file| file.bytes.as_slice()).collect::<Vec<_>>().concat();
    let name = site.node.keep_draft(by.actor(), name, &form, &files).await?;
    site.signing.forget(&name);
    Ok(name)
}

/// Whether the files of a draft are those that are kept already; they may be large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Files {
    Changed,
    Unchanged,
}

/// Opens a draft in this session as well; the caller asked for a fresh proof.
pub(super) async fn open_here(site: &Site, by: &SignedIn, name: &str) -> Result<Draft, Problem> {
    let Some((kept, files)) = read(site, by, name).await? else { return Err(Problem::hidden()) };
    let draft = Draft { what: kept.what, files };
    keep(site, by, Some(name), &draft, Files::Unchanged).await?;
    Ok(draft)
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
) -> Result<Option<(Kept, Vec<File>)>, Problem> {
    let Some(draft) = site.node.draft(by.actor(), name).await? else { return Ok(None) };
    let OpenDraft { form, files, .. } = draft;
    // A draft of another release is as good as none.
    let kept: Option<Kept> = serde_json::from_slice(&form).ok().filter(is_known);
    let Some(kept) = kept else { return Ok(None) };
    let mut rest = files.as_slice();
    let mut whole = Vec::with_capacity(kept.files.len());
    for facts in &kept.files {
        let Some((bytes, after)) = rest.split_at_checked(facts.bytes) else { return Ok(None) };
        rest = after;
        whole.push(File {
            field: "files".to_owned(),
            name: facts.name.clone(),
            media_type: facts.media_type.clone(),
            bytes: bytes.to_vec(),
        });
    }
    Ok(Some((kept, whole)))
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

//! The form: a new request, or the correction of an earlier one. One page, plain words, what the
//! rules would say of it, and a draft that waits until it is sent.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::{AskNumber, RequestId};
use desk::policy::Action;
use serde::Deserialize;
use uuid::Uuid;

use super::act;
use super::agency;
use super::answer::{Answer, AnswerAlone};
use super::drafts::{self, Begun, DRAFT_DAYS_MAX, Draft, Keeping, What};
use crate::form::{File, Mistakes, Posted, Uploaded};
use crate::frame::{Frame, SignedIn};
use crate::order_form::{OrderForm, Words};
use crate::problem::{Problem, html};
use crate::site::Site;

/// The field in which selectors are uploaded; their lines join those that were typed.
const SELECTORS_FILE: &str = "selectors_file";
/// Bytes of an uploaded list of selectors.
const SELECTORS_BYTES_MAX: usize = 1024 * 1024;

#[derive(Template)]
#[template(path = "portal/new.html")]
struct NewPage {
    frame: Frame,
    typed: OrderForm,
    words: Words,
    /// Name and length of each file of the draft.
    files: Vec<(String, usize)>,
    answer: Option<Answer>,
    mistakes: Mistakes,
    /// Practice can be had: there are made-up records.
    may_practise: bool,
    /// It was kept just now.
    is_saved: bool,
    /// What is corrected.
    request: Option<Uuid>,
}

/// What stands around a form that is shown.
#[derive(Default)]
struct Shown {
    answer: Option<Answer>,
    mistakes: Mistakes,
    is_saved: bool,
}

/// An empty form.
///
/// # Errors
/// For whoever is no officer.
pub async fn blank(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    agency(&site, &by)?;
    by.allowed(Action::Receive)?;
    // The name is the form's from the start, so that whatever keeps it keeps the same draft.
    let draft = server::app::drafts::new_draft_name()?;
    let what = What::New { typed: OrderForm { draft, ..OrderForm::default() }, after: None };
    page(&site, by.frame, Draft::new(what, Vec::new()), Shown::default())
}

fn page(site: &Site, frame: Frame, draft: Draft, shown: Shown) -> Result<Response, Problem> {
    let config = &site.node.config;
    let typed = draft.what.typed().cloned().ok_or_else(Problem::hidden)?;
    let revision = draft.stamp.revision.to_string();
    let page = server::app::drafts::new_draft_name()?;
    let typed = OrderForm { revision, page, turn: "0".to_owned(), ..typed };
    html(&NewPage {
        frame,
        typed,
        words: Words::all(),
        files: draft.files.iter().map(|file| (file.name.clone(), file.bytes.len())).collect(),
        answer: shown.answer,
        mistakes: shown.mistakes,
        may_practise: config.records.practice.is_some() || config.company.fiction.is_some(),
        is_saved: shown.is_saved,
        request: draft.what.request(),
    })
}

/// The form as typed: kept, looked at, or made ready to be signed.
///
/// # Errors
/// For whoever is no officer; when the files are too large.
pub async fn typed(
    State(site): State<Arc<Site>>,
    uploaded: Uploaded<OrderForm>,
) -> Result<Response, Problem> {
    let (by, typed) = (uploaded.by, uploaded.fields);
    let agency = agency(&site, &by)?;
    let step = typed.step.clone();
    let mut mistakes = Mistakes::default();
    let Begun { name, mut draft, is_overtaken, .. } =
        drafts::begun(&site, &by, typed, Keeping::Saved).await?;
    if is_overtaken {
        // It is shown with the stamp of what is kept: whoever saves it again means to.
        mistakes.add("draft", by.frame.say("draft-overtaken"));
        return page(&site, by.frame, draft, Shown { mistakes, ..Shown::default() });
    }
    take_files(&mut draft, uploaded.files, &by.frame, &mut mistakes);
    let read = act::read(&site, &by, &agency, &draft).await?;
    let answer = read.order.and_then(|order| Answer::of(&site, &by.frame, &agency.regime, &order));
    if step != "save" {
        mistakes.0.extend(read.mistakes.0);
    }
    match drafts::keep(&site, &by, Some(&name), &mut draft).await {
        Ok(name) => named(&mut draft, name),
        // What was typed is shown again, though it could not be kept.
        Err(error) => mistakes.take(&by.frame, error)?,
    }
    if let (true, Some(act)) = (step == "review" && mistakes.is_empty(), &read.act) {
        // What the desk would refuse in any case is told now, and the draft is kept.
        match site.node.prepare_signing(by.actor(), act).await {
            Ok(to_sign) => {
                let name = draft.what.typed().map(|typed| typed.draft.as_str());
                let name = name.unwrap_or_default();
                site.signing.put(name, to_sign, by.frame.now)?;
                return Ok(Redirect::to(&format!("/portal/drafts/{name}")).into_response());
            }
            Err(error) => mistakes.take(&by.frame, error)?,
        }
    }
    let is_saved = step == "save" && mistakes.is_empty();
    page(&site, by.frame, draft, Shown { answer, mistakes, is_saved })
}

fn named(draft: &mut Draft, name: String) {
    if let Some(typed) = draft.what.typed_mut() {
        typed.draft = name;
    }
}

/// Files join the draft; a list of selectors joins the lines that were typed.
fn take_files(draft: &mut Draft, uploaded: Vec<File>, frame: &Frame, mistakes: &mut Mistakes) {
    let Draft { what, files, .. } = draft;
    let Some(typed) = what.typed_mut() else { return };
    let dropped: Vec<usize> = typed.dropped.iter().filter_map(|at| at.parse().ok()).collect();
    typed.dropped.clear();
    let kept = std::mem::take(files).into_iter().enumerate();
    *files = kept.filter(|(at, _)| !dropped.contains(at)).map(|(_, file)| file).collect();
    for file in uploaded {
        if file.field != SELECTORS_FILE {
            files.push(file);
            continue;
        }
        match String::from_utf8(file.bytes) {
            Ok(text) if text.len() <= SELECTORS_BYTES_MAX => {
                let lines = text.trim_start_matches('\u{feff}').trim_end();
                typed.selectors = format!("{}\n{lines}", typed.selectors.trim_end());
                typed.selectors = typed.selectors.trim_start().to_owned();
            }
            _ => mistakes.add(SELECTORS_FILE, frame.say("order-selectors-file-wrong")),
        }
    }
    if files.len() > crate::form::FILES_COUNT_MAX {
        let most = crate::form::FILES_COUNT_MAX;
        mistakes.add("files", frame.say1("order-files-many", "most", most));
    }
}

/// The draft once more, to go on with it.
///
/// # Errors
/// When there is no such draft of this officer.
pub async fn edit(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let agency = agency(&site, &by)?;
    let Some(mut draft) = drafts::get(&site, &by, &name).await? else {
        return Ok(Redirect::to("/portal#drafts").into_response());
    };
    named(&mut draft, name);
    let read = act::read(&site, &by, &agency, &draft).await?;
    let answer = read.order.and_then(|order| Answer::of(&site, &by.frame, &agency.regime, &order));
    page(&site, by.frame, draft, Shown { answer, ..Shown::default() })
}

/// What the script asks while somebody types: the form, without files but with their names. What
/// was typed is kept.
///
/// # Errors
/// For whoever is no officer, or when somebody asks too often.
pub async fn check(
    State(site): State<Arc<Site>>,
    posted: Posted<OrderForm>,
) -> Result<Response, Problem> {
    let (by, typed) = (posted.by, posted.fields);
    let agency = agency(&site, &by)?;
    let chosen: Vec<File> = typed.chosen.iter().map(|name| self::chosen(name)).collect();
    let (mut draft, done) = drafts::keep_on(&site, &by, &typed).await?;
    let (mut kept, mut is_overtaken) = (None, false);
    let mut trouble = Mistakes::default();
    match done {
        Ok(name) => (is_overtaken, kept) = (name.is_none(), name),
        Err(error) => trouble.take(&by.frame, error)?,
    }
    draft.files.extend(chosen);
    let read = act::read(&site, &by, &agency, &draft).await?;
    let answer = read.order.and_then(|order| Answer::of(&site, &by.frame, &agency.regime, &order));
    trouble.0.extend(read.mistakes.0);
    html(&AnswerAlone { frame: by.frame, answer, mistakes: trouble, kept, is_overtaken })
}

/// A file that is chosen and not here yet is taken by its name for what it will be.
fn chosen(name: &str) -> File {
    let is_pdf = name.to_ascii_lowercase().ends_with(".pdf");
    let bytes = if is_pdf { b"%PDF-".to_vec() } else { vec![0] };
    File { field: "files".into(), name: name.to_owned(), media_type: String::new(), bytes }
}

/// The fresh proof that personal data asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProvenForm {
    /// The passkey's answer.
    pub passkey: String,
    /// An ask, where one is meant.
    pub ask: String,
    /// A leaf of the log, where one is meant.
    pub leaf: String,
}

/// An earlier request as a new form, to be corrected and sent anew. It holds personal data, which
/// a session alone does not open.
///
/// # Errors
/// Without a fresh proof, or for whoever may not see the request.
pub async fn again(
    State(site): State<Arc<Site>>,
    Path(request): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    let by = posted.by;
    agency(&site, &by)?;
    site.confirmed(&by.viewer, &posted.fields.passkey)?;
    let id = RequestId(request);
    site.node.read_permit(by.actor(), Action::ReadStatus, id).await?;
    let typed = OrderForm::of(site.node.case(id).await?.as_ref());
    begin(&site, &by, What::New { typed, after: Some(request) }).await
}

/// One ask of a request as a form, because the desk asks or says what is wrong with it: every fact
/// may be changed, and the signature is over all of them.
///
/// # Errors
/// Without a fresh proof, or for whoever may not correct the request.
pub async fn correct(
    State(site): State<Arc<Site>>,
    Path(request): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    let by = posted.by;
    agency(&site, &by)?;
    site.confirmed(&by.viewer, &posted.fields.passkey)?;
    let id = RequestId(request);
    site.node.read_permit(by.actor(), Action::ReadStatus, id).await?;
    let ask: u16 = posted.fields.ask.parse().map_err(|_| Problem::hidden())?;
    let typed = OrderForm::of_ask(site.node.case(id).await?.as_ref(), AskNumber(ask));
    let typed = OrderForm { corrects: ask.to_string(), ..typed };
    begin(&site, &by, What::Correct { request, ask, typed }).await
}

async fn begin(site: &Site, by: &SignedIn, what: What) -> Result<Response, Problem> {
    let mut draft = Draft::new(what, Vec::new());
    let name = drafts::keep(site, by, None, &mut draft).await?;
    Ok(Redirect::to(&format!("/portal/drafts/{name}/edit")).into_response())
}

/// A draft of another session, opened in this one. It holds personal data, which a session alone
/// does not open.
///
/// # Errors
/// Without a fresh proof, or when there is no such draft of this officer.
pub async fn open(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    let by = posted.by;
    agency(&site, &by)?;
    site.confirmed(&by.viewer, &posted.fields.passkey)?;
    let what = drafts::open_here(&site, &by, &name).await?;
    let page = if what.typed().is_some() { "/edit" } else { "" };
    Ok(Redirect::to(&format!("/portal/drafts/{name}{page}")).into_response())
}

/// Gives a draft up.
///
/// # Errors
/// When there is no such draft of this officer.
pub async fn delete(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    let by = posted.by;
    agency(&site, &by)?;
    if !drafts::forget(&site, &by, &name).await? {
        return Err(Problem::hidden());
    }
    Ok(Redirect::to("/portal#drafts").into_response())
}

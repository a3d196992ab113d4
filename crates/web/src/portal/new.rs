//! A new request: one page, plain words, and what the rules would say of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::RequestId;
use desk::order::{Authentication, Channel, Order};
use desk::policy::Action;
use serde::Deserialize;
use server::app::intake::{OfficerAct, OfficerFile, OfficerOrder};
use server::directory::Agency;
use uuid::Uuid;

use super::agency;
use super::answer::{Answer, AnswerAlone};
use super::drafts::Draft;
use crate::form::{File, Mistakes, Posted, Uploaded};
use crate::frame::{Frame, SignedIn};
use crate::order_form::{OrderForm, ReadOrder, Words};
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
}

/// An empty form.
///
/// # Errors
/// For whoever is no officer.
pub async fn blank(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    agency(&site, &by)?;
    by.allowed(Action::Receive)?;
    page(&site, by.frame, OrderForm::default(), &[], None, Mistakes::default())
}

fn page(
    site: &Site,
    frame: Frame,
    typed: OrderForm,
    files: &[File],
    answer: Option<Answer>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let config = &site.node.config;
    html(&NewPage {
        frame,
        typed,
        words: Words::all(),
        files: files.iter().map(|file| (file.name.clone(), file.bytes.len())).collect(),
        answer,
        mistakes,
        may_practise: config.records.practice.is_some() || config.company.fiction.is_some(),
    })
}

/// The form as typed: looked at, or made ready to be signed.
///
/// # Errors
/// For whoever is no officer; when the files are too large.
pub async fn typed(
    State(site): State<Arc<Site>>,
    uploaded: Uploaded<OrderForm>,
) -> Result<Response, Problem> {
    let (by, mut typed) = (uploaded.by, uploaded.fields);
    let (agency, now) = (agency(&site, &by)?, by.frame.now);
    let mut mistakes = Mistakes::default();
    let known = site.drafts.get(&typed.draft, by.id(), now);
    let mut draft = known.unwrap_or_else(|| Draft::of(by.id(), now));
    take_files(&mut draft, &mut typed, uploaded.files, &by.frame, &mut mistakes);
    let read = typed.read(&by.frame, &agency, &draft.files, &mut mistakes);
    let answer =
        read.as_ref().and_then(|read| Answer::of(&by.frame, &agency.regime, &of_portal(read)));
    let is_ready = typed.step == "review" && mistakes.is_empty();
    if let (true, Some(read)) = (is_ready, read) {
        let act = OfficerAct::File(order(&typed, read, &draft.files));
        match site.node.prepare_signing(by.actor(), &act).await {
            Ok(to_sign) => (draft.act, draft.to_sign) = (Some(act), Some(to_sign)),
            Err(error) => mistakes.take(&by.frame, error)?,
        }
    }
    draft.typed = typed;
    typed_done(&site, by, draft, answer, mistakes, is_ready)
}

fn typed_done(
    site: &Site,
    by: SignedIn,
    mut draft: Draft,
    answer: Option<Answer>,
    mistakes: Mistakes,
    is_ready: bool,
) -> Result<Response, Problem> {
    let now = by.frame.now;
    let name = Some(draft.typed.draft.clone()).filter(|name| !name.is_empty());
    let name = site.drafts.keep(name.as_deref(), draft.clone(), now)?;
    draft.typed.draft.clone_from(&name);
    if is_ready && mistakes.is_empty() {
        return Ok(Redirect::to(&format!("/portal/drafts/{name}")).into_response());
    }
    page(site, by.frame, draft.typed, &draft.files, answer, mistakes)
}

/// Files join the draft; a list of selectors joins the lines that were typed.
fn take_files(
    draft: &mut Draft,
    typed: &mut OrderForm,
    uploaded: Vec<File>,
    frame: &Frame,
    mistakes: &mut Mistakes,
) {
    let dropped: Vec<usize> = typed.dropped.iter().filter_map(|at| at.parse().ok()).collect();
    typed.dropped.clear();
    let kept = std::mem::take(&mut draft.files).into_iter().enumerate();
    draft.files = kept.filter(|(at, _)| !dropped.contains(at)).map(|(_, file)| file).collect();
    for file in uploaded {
        if file.field != SELECTORS_FILE {
            draft.files.push(file);
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
    if draft.files.len() > crate::form::FILES_COUNT_MAX {
        let most = crate::form::FILES_COUNT_MAX;
        mistakes.add("files", frame.say1("order-files-many", "most", most));
    }
}

/// The order as it would come in here: signed, by the portal.
fn of_portal(read: &ReadOrder) -> Order {
    let mut order = read.order.clone();
    (order.channel, order.authentication) = (Channel::Portal, Authentication::Signed);
    order
}

fn order(typed: &OrderForm, read: ReadOrder, files: &[File]) -> OfficerOrder {
    OfficerOrder {
        order: of_portal(&read),
        reference: typed.reference.trim().to_owned(),
        legal_basis: typed.legal_basis.trim().to_owned(),
        selectors: read.known,
        accounts: read.accounts,
        files: files.iter().map(officer_file).collect(),
    }
}

/// A file as the one path takes it.
pub(super) fn officer_file(file: &File) -> OfficerFile {
    OfficerFile {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        bytes: file.bytes.clone(),
    }
}

/// The draft once more, to change it.
///
/// # Errors
/// When there is no such draft of this officer.
pub async fn edit(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let agency: Agency = agency(&site, &by)?;
    let now = by.frame.now;
    let mut draft = site.drafts.get(&name, by.id(), now).ok_or_else(Problem::hidden)?;
    draft.typed.draft = name;
    let mut mistakes = Mistakes::default();
    let read = draft.typed.read(&by.frame, &agency, &draft.files, &mut mistakes);
    let answer =
        read.as_ref().and_then(|read| Answer::of(&by.frame, &agency.regime, &of_portal(read)));
    page(&site, by.frame, draft.typed, &draft.files, answer, mistakes)
}

/// What the script asks while somebody types: the form, without files but with their names.
///
/// # Errors
/// For whoever is no officer, or when somebody asks too often.
pub async fn check(
    State(site): State<Arc<Site>>,
    posted: Posted<OrderForm>,
) -> Result<Response, Problem> {
    let (by, typed) = (posted.by, posted.fields);
    let (agency, now) = (agency(&site, &by)?, by.frame.now);
    let mut files =
        site.drafts.get(&typed.draft, by.id(), now).map(|d| d.files).unwrap_or_default();
    files.extend(typed.chosen.iter().map(|name| chosen(name)));
    let mut mistakes = Mistakes::default();
    let read = typed.read(&by.frame, &agency, &files, &mut mistakes);
    let answer = read.and_then(|read| Answer::of(&by.frame, &agency.regime, &of_portal(&read)));
    html(&AnswerAlone { frame: by.frame, answer, mistakes })
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
    let agency = agency(&site, &by)?;
    site.confirmed(&by.viewer.session, &posted.fields.passkey)?;
    let id = RequestId(request);
    site.node.read_permit(by.actor(), Action::ReadStatus, id).await?;
    let typed = OrderForm::of(site.node.case(id).await?.as_ref());
    let mut mistakes = Mistakes::default();
    let read = typed.read(&by.frame, &agency, &[], &mut mistakes);
    let answer =
        read.as_ref().and_then(|read| Answer::of(&by.frame, &agency.regime, &of_portal(read)));
    page(&site, by.frame, typed, &[], answer, mistakes)
}

//! The review page: what will be sent, exactly as it will be signed, and the passkey under it.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use server::app::intake::{OfficerAct, PasskeyAnswer, SignedOrder, ToSign};
use sha2::{Digest as _, Sha256};

use super::act;
use super::agency;
use super::answer::Answer;
use super::drafts::{self, Draft};
use crate::changes::{Changed, Values, changed};
use crate::client::Client;
use crate::form::Posted;
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::rate;
use crate::site::Site;

/// One file as the review page shows it.
struct FileShown {
    name: String,
    length: usize,
    sha256: String,
}

#[derive(Template)]
#[template(path = "portal/sign.html")]
struct SignPage {
    frame: Frame,
    draft: String,
    /// Key of the page's title: what kind of act it is.
    title_key: &'static str,
    /// Asks of an act upon an earlier request.
    asks: Vec<u16>,
    text: String,
    reference: String,
    legal_basis: String,
    is_test: bool,
    facts: Vec<(&'static str, String)>,
    kinds: Vec<&'static str>,
    /// Kinds of records, and the time they are of.
    categories: Vec<&'static str>,
    range: Option<(jiff::Timestamp, jiff::Timestamp)>,
    selectors: Vec<(&'static str, String)>,
    accounts: Vec<String>,
    files: Vec<FileShown>,
    answer: Option<Answer>,
    /// What is no longer as it was in the request that this corrects.
    changes: Vec<Changed>,
    json: String,
    challenge: String,
    until: jiff::Timestamp,
    may_edit: bool,
    /// The request that is acted upon.
    request: Option<uuid::Uuid>,
}

/// The page.
///
/// # Errors
/// When there is no such draft of this officer; when the desk would refuse the act in any case.
pub async fn review(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let agency = agency(&site, &by)?;
    let Some(draft) = drafts::get(&site, &by, &name).await? else {
        return Ok(Redirect::to("/portal#drafts").into_response());
    };
    let read = act::read(&site, &by, &agency, &draft).await?;
    let Some(act) = read.act.filter(|_| read.mistakes.is_empty()) else {
        return Ok(Redirect::to(&format!("/portal/drafts/{name}/edit")).into_response());
    };
    let to_sign = match site.signing.get(&name, by.frame.now) {
        Some(to_sign) => to_sign,
        None => {
            let to_sign = site.node.prepare_signing(by.actor(), &act).await?;
            site.signing.put(&name, to_sign.clone(), by.frame.now)?;
            to_sign
        }
    };
    let changes = read.correction.map(|correction| changed(&by.frame, &correction, Values::Shown));
    let answer = read.order.and_then(|order| Answer::of(&site, &by.frame, &agency.regime, &order));
    html(&page(by.frame, name, draft, &act, &to_sign, (answer, changes.unwrap_or_default())))
}

fn page(
    frame: Frame,
    name: String,
    draft: Draft,
    act: &OfficerAct,
    to_sign: &ToSign,
    (answer, changes): (Option<Answer>, Vec<Changed>),
) -> SignPage {
    let (title_key, asks, text) = match act {
        OfficerAct::File(_) => ("sign-file", Vec::new(), String::new()),
        OfficerAct::Correct { ask, text, .. } => ("sign-correct", vec![*ask], text.clone()),
        OfficerAct::Withdraw { asks, text, .. } => ("sign-withdraw", asks.clone(), text.clone()),
        OfficerAct::Extend { asks, text, .. } => ("sign-extend", asks.clone(), text.clone()),
    };
    let order = match act {
        OfficerAct::File(order) => Some(order),
        _ => None,
    };
    let scope = order.and_then(|order| order.order.asks.iter().find_map(desk::order::Ask::scope));
    let mut selectors: Vec<(&'static str, String)> = match act {
        OfficerAct::File(order) => order.selectors.iter().map(|(_, one)| shown(one)).collect(),
        OfficerAct::Correct { selectors: Some(list), .. } => list.iter().map(shown).collect(),
        _ => Vec::new(),
    };
    selectors.sort();
    selectors.dedup();
    let file = |file: &crate::form::File| FileShown {
        name: file.name.clone(),
        length: file.bytes.len(),
        sha256: hex::encode(Sha256::digest(&file.bytes)),
    };
    SignPage {
        draft: name,
        title_key,
        asks: asks.iter().map(|ask| ask.0).collect(),
        text,
        reference: order.map(|order| order.reference.clone()).unwrap_or_default(),
        legal_basis: order.map(|order| order.legal_basis.clone()).unwrap_or_default(),
        is_test: order.is_some_and(|order| order.order.is_test),
        facts: order
            .map(|order| crate::cases::show::facts(&frame, &order.order))
            .unwrap_or_default(),
        kinds: order
            .map(|order| order.order.asks.iter().map(|ask| ask.kind().as_str()).collect())
            .unwrap_or_default(),
        categories: scope
            .map(|scope| scope.categories.iter().map(|category| category.as_str()).collect())
            .unwrap_or_default(),
        range: scope.and_then(|scope| scope.range).map(|range| (range.from, range.to)),
        selectors,
        accounts: order
            .map(|order| order.accounts.iter().map(|(_, account)| account.clone()).collect())
            .unwrap_or_default(),
        files: draft.files.iter().map(file).collect(),
        answer,
        changes,
        json: String::from_utf8_lossy(&to_sign.json).into_owned(),
        challenge: hex::encode(to_sign.challenge),
        until: to_sign.until,
        may_edit: draft.what.typed().is_some(),
        request: draft.what.request(),
        frame,
    }
}

fn shown(selector: &records::Selector) -> (&'static str, String) {
    (selector.kind().as_str(), selector.value().to_owned())
}

/// What the browser is asked: the challenge is the digest of what the page shows.
///
/// # Errors
/// When there is no such draft of this officer.
pub async fn options(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    posted: Posted<Value>,
) -> Result<Response, Problem> {
    let by = posted.by;
    agency(&site, &by)?;
    drafts::get(&site, &by, &name).await?.ok_or_else(Problem::hidden)?;
    let to_sign = site.signing.get(&name, by.frame.now).ok_or_else(Problem::hidden)?;
    let known = to_sign.credentials.iter();
    let allowed: Vec<Value> = known.map(|id| json!({ "type": "public-key", "id": id })).collect();
    let public_key = json!({
        "challenge": URL_SAFE_NO_PAD.encode(to_sign.challenge),
        "rpId": site.settings.rp_id,
        "allowCredentials": allowed,
        "userVerification": "required",
    });
    let ceremony = hex::encode(to_sign.nonce);
    Ok(Json(json!({ "ceremony": ceremony, "options": { "publicKey": public_key } }))
        .into_response())
}

/// What the signed form posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SignForm {
    passkey: String,
}

/// The hidden field, as our script writes it. Browsers add members of their own.
#[derive(Debug, Deserialize)]
struct Signed {
    ceremony: String,
    credential: Credential,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    raw_id: String,
    response: Assertion,
}

#[derive(Debug, Deserialize)]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    #[serde(rename = "authenticatorData")]
    authenticator_data: String,
    signature: String,
}

/// Sends what was signed.
///
/// # Errors
/// When the signature is not of what the page showed; as any act.
pub async fn sign(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    client: Client,
    posted: Posted<SignForm>,
) -> Result<Response, Problem> {
    let (by, now) = (posted.by, site.now());
    let agency = agency(&site, &by)?;
    let draft = drafts::get(&site, &by, &name).await?.ok_or_else(Problem::hidden)?;
    let act = act::read(&site, &by, &agency, &draft).await?.act.ok_or_else(Problem::hidden)?;
    let to_sign = site.signing.get(&name, now).ok_or_else(Problem::hidden)?;
    let signed: Signed =
        serde_json::from_str(&posted.fields.passkey).map_err(|_| Problem::Passkey)?;
    if signed.ceremony != hex::encode(to_sign.nonce) {
        return Err(Problem::Passkey);
    }
    site.take(rate::SUBMISSIONS, &by.id().to_string())?;
    site.take(rate::SUBMISSIONS_AGENCY, &agency.id.to_string())?;
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| Problem::Passkey);
    let response = &signed.credential.response;
    let answer = PasskeyAnswer {
        credential_id: bytes(&signed.credential.raw_id)?,
        client_data_json: bytes(&response.client_data_json)?,
        authenticator_data: bytes(&response.authenticator_data)?,
        signature: bytes(&response.signature)?,
    };
    let connection = client.address;
    let order = SignedOrder { act, nonce: to_sign.nonce, answer, connection };
    let done = site.node.file_signed(by.actor(), order).await?;
    drafts::forget(&site, &by, &name).await?;
    Ok(Redirect::to(&format!("/portal/requests/{}", done.appended.stream)).into_response())
}

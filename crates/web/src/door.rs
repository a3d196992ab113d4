//! The door: log in, log out, enrol a passkey by a one-time link.
//!
//! Nobody here has a session yet. The only rights are a passkey, and the secret in a link.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;
use server::security::Kind;
use sha2::{Digest as _, Sha256};
use store::Noticed;

use crate::form::{Mistakes, Posted, PostedAtTheDoor};
use crate::frame::{Frame, SignedIn};
use crate::passkey::Answered;
use crate::problem::{Problem, html};
use crate::rate;
use crate::session::Session;
use crate::site::{Address, Site, Source};

/// Longest name of a person, in characters.
const NAME_CHARACTERS_MAX: usize = 100;

/// Where to come back to after the door.
#[derive(Debug, Default, Deserialize)]
pub struct Back {
    #[serde(default)]
    back: String,
}

impl Back {
    /// Only a path of this very site.
    fn path(&self) -> Option<&str> {
        let path = self.back.as_str();
        let own = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
        own.then_some(path)
    }
}

#[derive(Template)]
#[template(path = "door/login.html")]
struct LoginPage {
    frame: Frame,
    has_reports: bool,
    back: String,
}

/// The log-in page.
///
/// # Errors
/// When it cannot be written.
pub async fn login(
    State(site): State<Arc<Site>>,
    frame: Frame,
    Query(back): Query<Back>,
) -> Result<Response, Problem> {
    if frame.viewer.is_some() {
        return Ok(Redirect::to(back.path().unwrap_or(frame.home())).into_response());
    }
    let back = back.path().unwrap_or_default().to_owned();
    let has_reports = site.node.config.transparency.public;
    html(&LoginPage { frame, has_reports, back })
}

/// A challenge for a log-in.
///
/// # Errors
/// When somebody asks too often.
pub async fn login_options(
    State(site): State<Arc<Site>>,
    address: Address,
    _: PostedAtTheDoor<serde_json::Value>,
) -> Result<Response, Problem> {
    site.take(rate::CHALLENGES, &address.0)?;
    Ok(Json(site.passkeys.start_proof(None, site.now())?).into_response())
}

/// What a log-in posts.
#[derive(Debug, Deserialize)]
pub struct LoginForm {
    passkey: String,
    #[serde(default)]
    back: String,
}

/// Logs in.
///
/// # Errors
/// [`Problem::Passkey`] for an unknown passkey, a foreign one, a stopped officer: all alike.
pub async fn log_in(
    State(site): State<Arc<Site>>,
    address: Address,
    Source(source): Source,
    posted: PostedAtTheDoor<LoginForm>,
) -> Result<Response, Problem> {
    let now = site.now();
    let directory = site.node.directory();
    let proven = Answered::read(&posted.fields.passkey)
        .and_then(|answered| site.passkeys.finish_proof(&directory, &answered, now));
    let admitted = proven.and_then(|proven| {
        directory.person(proven.holder, now).map(|_| proven).ok_or(Problem::Passkey)
    });
    let proven = match admitted {
        Ok(proven) => proven,
        Err(problem) => {
            site.take(rate::FAILURES, &address.0)?;
            return Err(problem);
        }
    };
    site.node.logged_in(proven.holder, &source, "POST /login").await?;
    let secret = site.sessions.begin(proven.holder, proven.credential_sha256, now)?;
    let back = Back { back: posted.fields.back };
    let to = Redirect::to(back.path().unwrap_or("/"));
    Ok(([(header::SET_COOKIE, site.cookie(&secret))], to).into_response())
}

/// Logs out.
pub async fn log_out(
    State(site): State<Arc<Site>>,
    Source(source): Source,
    posted: Posted<serde_json::Value>,
) -> Response {
    site.node.notice(Kind::LogOut, Some(posted.by.id()), &source, "POST /logout");
    site.sessions.end_of_passkey(&posted.by.viewer.session.credential_sha256);
    ([(header::SET_COOKIE, site.no_cookie())], Redirect::to("/login")).into_response()
}

#[derive(Template)]
#[template(path = "door/sessions.html")]
struct SessionsPage {
    frame: Frame,
    here: String,
    sessions: Vec<Session>,
    passkeys: Vec<(String, Timestamp)>,
    noticed: Vec<Noticed>,
}

/// Where the viewer is logged in (OWASP ASVS 4.0.3, 3.3.4).
///
/// # Errors
/// When it cannot be written.
pub async fn sessions(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    let sessions = site.sessions.of(by.id(), by.frame.now);
    let here = by.viewer.session.name.clone();
    let directory = site.node.directory();
    let own = directory.passkeys_of(by.id());
    let passkeys = own.map(|(id, passkey)| (code(id), passkey.enrolled_at)).collect();
    let rows = site.node.own_security_log(by.id()).await?;
    let noticed = rows.into_iter().map(|row| row.noticed).collect();
    html(&SessionsPage { frame: by.frame, here, sessions, passkeys, noticed })
}

/// Which session ends.
#[derive(Debug, Default, Deserialize)]
pub struct EndForm {
    #[serde(default)]
    name: String,
}

/// Ends one of the viewer's own sessions.
pub async fn end_session(State(site): State<Arc<Site>>, posted: Posted<EndForm>) -> Response {
    site.sessions.end_named(posted.by.id(), &posted.fields.name);
    Redirect::to("/sessions").into_response()
}

/// The first page: everybody's own room, or the door.
pub async fn home(signed_in: SignedIn) -> Result<Response, Problem> {
    match signed_in.frame.home() {
        "/" => html(&EmptyPage { frame: signed_in.frame }),
        home => Ok(Redirect::to(home).into_response()),
    }
}

#[derive(Template)]
#[template(path = "door/empty.html")]
struct EmptyPage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "door/enrol.html")]
struct EnrolPage {
    frame: Frame,
    token: String,
    name: String,
    is_first: bool,
    mistakes: Mistakes,
}

/// The page that a one-time link opens.
///
/// # Errors
/// When the link opens nothing.
pub async fn enrol(
    State(site): State<Arc<Site>>,
    frame: Frame,
    address: Address,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let directory = site.node.directory();
    let token_sha256 = hex::encode(Sha256::digest(token.as_bytes()));
    let Some(invited) = directory.invitation(&token_sha256, site.now()) else {
        site.take(rate::FAILURES, &address.0)?;
        return Err(Problem::hidden());
    };
    let name = directory.name(invited.holder);
    let is_first = name.is_empty();
    html(&EnrolPage { frame, token, name, is_first, mistakes: Mistakes::default() })
}

/// What the enrolment's script asks with.
#[derive(Debug, Deserialize)]
pub struct EnrolAsks {
    #[serde(default)]
    name: String,
}

/// A challenge for an enrolment.
///
/// # Errors
/// When the link opens nothing, or somebody asks too often.
pub async fn enrol_options(
    State(site): State<Arc<Site>>,
    address: Address,
    Path(token): Path<String>,
    posted: PostedAtTheDoor<EnrolAsks>,
) -> Result<Response, Problem> {
    site.take(rate::CHALLENGES, &address.0)?;
    let name = posted.fields.name.trim();
    let name = if name.is_empty() { "Comity" } else { name };
    let directory = site.node.directory();
    let asked = site.passkeys.start_enrolment(&directory, &token, name, site.now())?;
    Ok(Json(asked).into_response())
}

/// What an enrolment posts.
#[derive(Debug, Deserialize)]
pub struct EnrolForm {
    passkey: String,
    #[serde(default)]
    name: String,
}

/// Enrols a passkey. Staff are logged in with it at once; an officer waits to be admitted.
///
/// # Errors
/// When the link opens nothing or the passkey's answer does not fit.
pub async fn enrol_passkey(
    State(site): State<Arc<Site>>,
    address: Address,
    Source(source): Source,
    Path(token): Path<String>,
    posted: PostedAtTheDoor<EnrolForm>,
) -> Result<Response, Problem> {
    let (now, frame) = (site.now(), posted.frame);
    let directory = site.node.directory();
    let invited = directory.invitation(&hex::encode(Sha256::digest(token.as_bytes())), now);
    // Only the first administrator is invited without a name.
    let is_first = invited.is_some_and(|invited| directory.name(invited.holder).is_empty());
    let name = posted.fields.name.trim().to_owned();
    if is_first && (name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX) {
        let mut mistakes = Mistakes::default();
        mistakes.add("name", frame.say("enrol-name-missing"));
        return html(&EnrolPage { frame, token, name, is_first, mistakes });
    }
    let finished = Answered::read(&posted.fields.passkey)
        .and_then(|answered| site.passkeys.finish_enrolment(&answered, now));
    let (begun_with, facts) = match finished {
        Ok(finished) => finished,
        Err(problem) => {
            site.take(rate::FAILURES, &address.0)?;
            return Err(problem);
        }
    };
    if begun_with != token {
        return Err(Problem::Passkey);
    }
    let credential_sha256 = hex::encode(Sha256::digest(facts.credential_id.as_bytes()));
    let holder = site.node.enrol_passkey(&token, is_first.then_some(&name), facts).await?;
    site.node.notice(Kind::Enrolled, Some(holder), &source, "POST /enrol/{token}");
    if site.node.directory().person(holder, now).is_none() {
        let code = code(&credential_sha256);
        return html(&WaitPage { frame, code });
    }
    site.node.logged_in(holder, &source, "POST /enrol/{token}").await?;
    let secret = site.sessions.begin(holder, credential_sha256, now)?;
    Ok(([(header::SET_COOKIE, site.cookie(&secret))], Redirect::to("/")).into_response())
}

#[derive(Template)]
#[template(path = "door/wait.html")]
struct WaitPage {
    frame: Frame,
    code: String,
}

/// The code that an officer reads out to the desk: both screens show it, so that staff admits the
/// passkey of the person on the phone and no other.
#[must_use]
pub fn code(credential_sha256: &str) -> String {
    let digits: Vec<char> = credential_sha256.chars().take(12).collect();
    let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// A challenge for a grave act: the person who is logged in proves it again.
///
/// # Errors
/// When somebody asks too often.
pub async fn confirm_options(
    State(site): State<Arc<Site>>,
    posted: Posted<serde_json::Value>,
) -> Result<Response, Problem> {
    let holder = Some(posted.by.id());
    Ok(Json(site.passkeys.start_proof(holder, site.now())?).into_response())
}

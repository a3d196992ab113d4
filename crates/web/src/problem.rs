//! What goes wrong on a page, and how the page says it.
//!
//! A handler returns a [`Problem`]; the layer `site::enter` draws the page around it, in the
//! reader's language. Not allowed and not there look the same.

use askama::Template;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use desk::said::Sentence;
use server::error::Error;
use server::security::{Kind, Telling};

use crate::frame::Frame;
use crate::said::Worded;

/// Why a page is not shown.
#[derive(Debug)]
pub enum Problem {
    /// The one path said no, or could not.
    Error(Error),
    /// The visitor is not logged in.
    Door {
        /// Where to come back to.
        back: Option<String>,
    },
    /// The form was not made for this session, or another site sent it.
    ForeignForm,
    /// The passkey did not prove who it was asked to prove.
    Passkey,
}

/// What the layer draws, carried in the answer's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    key: &'static str,
    told: Option<Told>,
    wait_seconds: Option<u64>,
}

/// What was wrong, before it is said in a language.
#[derive(Clone, Debug)]
enum Told {
    /// The desk's own no.
    Refused { what: Sentence, why: Sentence },
    /// Something is wrong with what was sent.
    Input(Sentence),
    /// The same, in English only: no page sends such input by itself.
    English { place: String, why: String, fix: String },
}

impl Drawn {
    fn next_key(&self) -> String {
        format!("{}-next", self.key)
    }
}

impl Problem {
    /// Not there, or not for this viewer.
    #[must_use]
    pub const fn hidden() -> Self {
        Self::Error(Error::Hidden)
    }

    /// To the door, and back to a page afterwards; a form's answer is no page to come back to.
    #[must_use]
    pub fn to_the_door(method: &Method, path: &str) -> Self {
        Self::Door { back: (*method == Method::GET).then(|| path.to_owned()) }
    }

    /// What it says about whoever asked. Which proof failed is known by the door it failed at.
    fn telling(&self) -> Telling {
        match self {
            Self::Error(error) => Telling::of_error(error),
            Self::Door { .. } => Telling { known: None, stranger: None },
            Self::ForeignForm => Telling::of(Kind::ForeignForm),
            Self::Passkey => {
                Telling { known: Some(Kind::ProofFailed), stranger: Some(Kind::LogInFailed) }
            }
        }
    }

    fn drawn(&self) -> (StatusCode, Drawn) {
        let plain = |key| Drawn { key, told: None, wait_seconds: None };
        match self {
            Self::Error(error) => {
                let (status, _) = error.parts();
                let key = match error {
                    Error::Hidden => "problem-hidden",
                    Error::Refused(_) => "problem-refused",
                    Error::Input { .. } => "problem-input",
                    Error::TooLarge { .. } => "problem-too-large",
                    Error::TooOften { .. } => "problem-too-often",
                    Error::Busy => "problem-busy",
                    Error::Unavailable(_) => "problem-unavailable",
                    Error::Internal(_) => "problem-internal",
                };
                let wait_seconds = match error {
                    Error::TooOften { wait_seconds } => Some(*wait_seconds),
                    _ => None,
                };
                (status, Drawn { told: told(error), wait_seconds, ..plain(key) })
            }
            Self::Door { .. } => (StatusCode::SEE_OTHER, plain("problem-door")),
            Self::ForeignForm => (StatusCode::FORBIDDEN, plain("problem-foreign-form")),
            Self::Passkey => (StatusCode::FORBIDDEN, plain("problem-passkey")),
        }
    }
}

fn told(error: &Error) -> Option<Told> {
    match error {
        Error::Refused(refusal) => {
            Some(Told::Refused { what: (&refusal.what).into(), why: (&refusal.why).into() })
        }
        Error::Input { said: Some(said), .. } => Some(Told::Input((**said).clone())),
        Error::Input { place, why, fix, .. } => {
            Some(Told::English { place: place.clone(), why: why.clone(), fix: fix.clone() })
        }
        _ => None,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self::Error(Error::Internal(error))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if let Self::Error(Error::Internal(error)) = &self {
            tracing::error!("A page failed: {error:#}");
        }
        let (status, drawn) = self.drawn();
        let mut response = status.into_response();
        response.extensions_mut().insert(self.telling());
        let headers = response.headers_mut();
        if let Self::Door { back } = &self {
            let to = back.as_ref().map_or_else(
                || "/login".to_owned(),
                |back| {
                    let query = url::form_urlencoded::byte_serialize(back.as_bytes());
                    format!("/login?back={}", query.collect::<String>())
                },
            );
            let to = HeaderValue::from_str(&to);
            headers.insert(header::LOCATION, to.unwrap_or(HeaderValue::from_static("/login")));
            return response;
        }
        if let Self::Error(Error::TooOften { wait_seconds }) = &self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*wait_seconds));
        }
        response.extensions_mut().insert(drawn);
        response
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: &'a Frame,
    drawn: &'a Drawn,
    what: Option<Worded>,
    why: Option<Worded>,
    fix: Option<Worded>,
}

impl<'a> ProblemPage<'a> {
    fn of(frame: &'a Frame, drawn: &'a Drawn) -> Self {
        let words = frame.words;
        let english = |text: &String| Worded::english(words, text.clone());
        let (what, why, fix) = match &drawn.told {
            None => (None, None, None),
            Some(Told::Refused { what, why }) => (
                Some(Worded::own(words.sentence(what))),
                Some(Worded::own(words.sentence(why))),
                words.fix(why).map(Worded::own),
            ),
            Some(Told::Input(said)) => {
                (None, Some(Worded::own(words.sentence(said))), words.fix(said).map(Worded::own))
            }
            Some(Told::English { place, why, fix }) => {
                (Some(english(place)), Some(english(why)), Some(english(fix)))
            }
        };
        Self { frame, drawn, what, why, fix }
    }
}

/// Draws the page of a problem around an answer that carries one.
pub(crate) fn draw(frame: &Frame, response: Response) -> Response {
    let known = response.extensions().get::<Drawn>().cloned();
    let Some(drawn) = known.or_else(|| of_the_framework(&response)) else { return response };
    let page = match ProblemPage::of(frame, &drawn).render() {
        Ok(page) => page,
        Err(error) => {
            tracing::error!("The page of a problem failed: {error}");
            return response;
        }
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let (kind, html) = (HeaderValue::from_static("text/html; charset=utf-8"), Html(page));
    parts.headers.insert(header::CONTENT_TYPE, kind);
    Response::from_parts(parts, html.into_response().into_body())
}

/// A refusal that the framework wrote in its own words: an address that cannot be read, a handler
/// that panicked. Its words are for programmers.
fn of_the_framework(response: &Response) -> Option<Drawn> {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let key = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "problem-too-large",
        _ if status.is_server_error() => "problem-internal",
        _ => "problem-hidden",
    };
    Some(Drawn { key, told: None, wait_seconds: None })
}

/// A template as an answer.
///
/// # Errors
/// When it cannot be written, which is a fault of ours.
pub fn html(page: &impl Template) -> Result<Response, Problem> {
    let text = page.render().map_err(|error| anyhow::anyhow!("a page failed: {error}"))?;
    Ok(Html(text).into_response())
}

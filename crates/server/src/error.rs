//! What can go wrong at the edge, and the one place that turns it into an HTTP answer.
//!
//! Not allowed and not there look the same from outside: 404 with the same body.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use desk::request::{Cause, Refusal};
use desk::said::Sentence;
use serde::Serialize;
use store::{AppendError, BlobError, ReadError};
use utoipa::ToSchema;

use crate::security::Telling;
use crate::wrong::Wrong;

/// Why an act or a read did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not for this caller; nobody outside learns which.
    #[error("there is nothing here for you")]
    Hidden,
    /// The desk says no, and why.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The input is wrong at a named place.
    #[error("{place}: {why}; {fix}")]
    Input {
        /// Field, line or offset.
        place: String,
        /// What is wrong.
        why: String,
        /// What to do.
        fix: String,
        /// The same as a sentence with a code, for whoever speaks to people; absent where only
        /// programs send such input.
        said: Option<Box<Sentence>>,
    },
    /// More bytes than a body may have.
    #[error("the body has more than {max} bytes; send large files another way")]
    TooLarge {
        /// The most that is read.
        max: usize,
    },
    /// Somebody asked too often.
    #[error("this was asked for too often; try again in {wait_seconds} s")]
    TooOften {
        /// When there is one more.
        wait_seconds: u64,
    },
    /// Others kept acting on the same request; nothing was done.
    #[error("others are acting on this request at the same moment; send the act again")]
    Busy,
    /// The store cannot take acts now; nothing was done.
    #[error("this cannot be done at the moment: {0}")]
    Unavailable(String),
    /// A fault of ours. Its details go to the log, not to the caller.
    #[error("{0:#}")]
    Internal(#[from] anyhow::Error),
}

/// The body of every error answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// One word for programs.
    #[schema(example = "refused")]
    pub error: &'static str,
    /// What was wrong.
    pub what: String,
    /// Why, with the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Error {
    /// Wrong input at a named place.
    pub fn input(place: impl Into<String>, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Input { place: place.into(), why: why.into(), fix: fix.into(), said: None }
    }

    /// Wrong input at a named place, in a sentence that people may read on a page.
    pub fn wrong(place: impl Into<String>, said: impl Into<Sentence>) -> Self {
        let said = said.into();
        Self::Input {
            place: place.into(),
            why: said.english.clone(),
            fix: said.english_fix.clone().unwrap_or_default(),
            said: Some(Box::new(said)),
        }
    }

    /// What the directory's own rules say no to.
    pub(crate) fn refused_change(fault: crate::directory::Fault) -> Self {
        Self::wrong("directory", fault)
    }

    /// The HTTP status and the body: the one place that maps errors to them.
    #[must_use]
    pub fn parts(&self) -> (StatusCode, ErrorBody) {
        let plain = |error, what: String| ErrorBody { error, what, why: None, fix: None };
        match self {
            Self::Hidden => (StatusCode::NOT_FOUND, plain("not_found", self.to_string())),
            Self::Refused(refusal) => {
                let status = match refusal.cause {
                    Cause::Missing => StatusCode::NOT_FOUND,
                    Cause::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
                    _ => StatusCode::CONFLICT,
                };
                let body = ErrorBody {
                    error: "refused",
                    what: refusal.what.to_string(),
                    why: Some(refusal.why.to_string()),
                    fix: Some(refusal.why.fix()),
                };
                (status, body)
            }
            Self::Input { place, why, fix, .. } => {
                let body = ErrorBody {
                    error: "input",
                    what: place.clone(),
                    why: Some(why.clone()),
                    fix: Some(fix.clone()),
                };
                (StatusCode::BAD_REQUEST, body)
            }
            Self::TooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, plain("too_large", self.to_string()))
            }
            Self::TooOften { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, plain("too_often", self.to_string()))
            }
            Self::Busy => (StatusCode::CONFLICT, plain("busy", self.to_string())),
            Self::Unavailable(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, plain("unavailable", self.to_string()))
            }
            Self::Internal(_) => {
                let what = "a fault of this server; it is in its log".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, plain("internal", what))
            }
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Internal(error) = &self {
            tracing::error!("An answer failed: {error:#}");
        }
        let (status, body) = self.parts();
        let mut response = (status, Json(body)).into_response();
        if let Self::TooOften { wait_seconds } = self {
            let wait = HeaderValue::from(wait_seconds);
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response.extensions_mut().insert(Telling::of_error(&self));
        response
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<BlobError> for Error {
    fn from(error: BlobError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } => Self::Busy,
            // Somebody else was faster.
            AppendError::NotDead { .. } => Self::Hidden,
            AppendError::TooLarge { what, size, max } => {
                Self::wrong(what, Wrong::TooLarge { size, most: max })
            }
            other => Self::Unavailable(other.to_string()),
        }
    }
}

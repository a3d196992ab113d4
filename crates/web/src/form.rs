//! Forms: where they may come from, and how their mistakes are shown.
//!
//! Every form carries the secret of its session; the browser's `Origin` and `Sec-Fetch-Site` are
//! checked as well (OWASP ASVS 4.0.3, 4.2.2). Mistakes stand in a summary on top that links to the
//! field, and beside the field.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use server::error::Error;
use server::wrong::{Detail, Wrong};

use crate::frame::{Frame, SignedIn};
use crate::problem::Problem;
use crate::site::Site;

/// Bytes of a form without files.
pub const FORM_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a form with files.
pub const UPLOAD_BYTES_MAX: usize = 25 * 1024 * 1024;
/// Files of one form.
pub const FILES_COUNT_MAX: usize = 10;
/// Name of the field that holds the secret of the session's forms.
pub const SECRET_FIELD: &str = "form_secret";

/// A form of somebody who is logged in, checked to be of this session.
pub struct Posted<T> {
    /// Who posts, and the frame of the answer.
    pub by: SignedIn,
    /// The fields.
    pub fields: T,
}

impl<T: DeserializeOwned> FromRequest<Arc<Site>> for Posted<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let by = SignedIn::from_request_parts(&mut parts, site).await?;
        own_site(&parts.headers, site)?;
        site.take(crate::rate::POSTS, &by.id().to_string())?;
        let pairs = pairs(Request::from_parts(parts, body)).await?;
        let secret = pairs.iter().find(|(name, _)| name == SECRET_FIELD);
        let is_own = secret.is_some_and(|(_, secret)| by.viewer.session.has_form_secret(secret));
        if !is_own {
            return Err(Problem::ForeignForm);
        }
        Ok(Self { by, fields: read(pairs)? })
    }
}

/// A form at the door, where there is no session: only the browser says where it comes from.
pub struct PostedAtTheDoor<T> {
    /// The frame of the answer.
    pub frame: Frame,
    /// The fields.
    pub fields: T,
}

impl<T: DeserializeOwned> FromRequest<Arc<Site>> for PostedAtTheDoor<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let frame = Frame::from_request_parts(&mut parts, site).await?;
        own_site(&parts.headers, site)?;
        Ok(Self { frame, fields: read(pairs(Request::from_parts(parts, body)).await?)? })
    }
}

/// One file of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The field it was chosen in.
    pub field: String,
    /// The sender's name for it.
    pub name: String,
    /// Media type as the browser says; it is never believed, only kept.
    pub media_type: String,
    /// The bytes, which are never run, sniffed or shown.
    pub bytes: Vec<u8>,
}

/// A form with files, of somebody who is logged in, checked to be of this session.
pub struct Uploaded<T> {
    /// Who posts, and the frame of the answer.
    pub by: SignedIn,
    /// The fields.
    pub fields: T,
    /// The files that are not empty.
    pub files: Vec<File>,
}

impl<T: DeserializeOwned> FromRequest<Arc<Site>> for Uploaded<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let by = SignedIn::from_request_parts(&mut parts, site).await?;
        own_site(&parts.headers, site)?;
        site.take(crate::rate::POSTS, &by.id().to_string())?;
        let request = Request::from_parts(parts, body);
        let form = axum::extract::Multipart::from_request(request, site).await;
        let mut form = form.map_err(|error| broken(&error.body_text()))?;
        let (mut pairs, mut files) = (Vec::new(), Vec::new());
        while let Some(part) = form.next_field().await.map_err(unread)? {
            let field = part.name().unwrap_or_default().to_owned();
            let name = part.file_name().map(str::to_owned);
            let media_type = part.content_type().unwrap_or("application/octet-stream").to_owned();
            let bytes = part.bytes().await.map_err(unread)?;
            match name {
                None => pairs.push((field, String::from_utf8_lossy(&bytes).into_owned())),
                Some(_) if bytes.is_empty() => {}
                Some(name) => {
                    files.push(File { field, name, media_type, bytes: bytes.to_vec() });
                }
            }
            if files.len() > FILES_COUNT_MAX {
                let wrong = Wrong::TooManyFiles { most: FILES_COUNT_MAX };
                return Err(Error::wrong("files", wrong).into());
            }
        }
        let secret = pairs.iter().find(|(name, _)| name == SECRET_FIELD);
        let is_own = secret.is_some_and(|(_, secret)| by.viewer.session.has_form_secret(secret));
        if !is_own {
            return Err(Problem::ForeignForm);
        }
        Ok(Self { by, fields: read(pairs)?, files })
    }
}

fn unread(error: axum::extract::multipart::MultipartError) -> Problem {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge { max: UPLOAD_BYTES_MAX }.into();
    }
    broken(&error.body_text())
}

fn broken(why: &str) -> Problem {
    Error::wrong("form", Wrong::FormBroken { detail: Detail::of(why) }).into()
}

/// Refuses what a browser says another site sent.
///
/// # Errors
/// [`Problem::ForeignForm`].
pub fn own_site(headers: &HeaderMap, site: &Site) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_foreign = |origin: &str| origin != site.settings.origin_text;
    let crosses = |fetch: &str| !matches!(fetch, "same-origin" | "none");
    if text(header::ORIGIN).is_some_and(is_foreign)
        || text(header::HeaderName::from_static("sec-fetch-site")).is_some_and(crosses)
    {
        return Err(Problem::ForeignForm);
    }
    Ok(())
}

async fn pairs(request: Request) -> Result<Vec<(String, String)>, Problem> {
    let body = axum::body::to_bytes(request.into_body(), FORM_BYTES_MAX).await;
    let too_large = |_| Error::TooLarge { max: FORM_BYTES_MAX };
    let body = body.map_err(too_large)?;
    Ok(url::form_urlencoded::parse(&body).into_owned().collect())
}

/// The fields of a form, as a struct of texts and lists of texts.
fn read<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Problem> {
    let mut object = serde_json::Map::new();
    for (name, value) in pairs.into_iter().filter(|(name, _)| name != SECRET_FIELD) {
        // `roles[]` may be there several times; every other name once, and the last one counts.
        match name.strip_suffix("[]") {
            None => {
                object.insert(name, value.into());
            }
            Some(list) => {
                let entry = object.entry(list.to_owned());
                if let serde_json::Value::Array(values) =
                    entry.or_insert_with(|| serde_json::Value::Array(Vec::new()))
                {
                    values.push(value.into());
                }
            }
        }
    }
    serde_json::from_value(object.into()).map_err(|error| {
        Error::wrong("form", Wrong::FormUnreadable { detail: Detail::of(error) }).into()
    })
}

/// One mistake in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field's name, which is also its id on the page.
    pub field: String,
    /// What is wrong and what to do, in the reader's language.
    pub text: String,
}

/// The mistakes of a form; none on a fresh one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    /// Notes a mistake.
    pub fn add(&mut self, field: &str, text: String) {
        self.0.push(Mistake { field: field.to_owned(), text });
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field, to be shown beside it.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|mistake| mistake.field == field).map(|mistake| mistake.text.as_str())
    }

    /// The same mistakes, all of them shown at one field.
    #[must_use]
    pub fn all_about(mut self, field: &str) -> Self {
        self.0.iter_mut().for_each(|mistake| field.clone_into(&mut mistake.field));
        self
    }

    /// Turns what the one path says about a field into a mistake beside it.
    ///
    /// # Errors
    /// Whatever is no mistake in a field.
    pub fn take(&mut self, frame: &Frame, error: Error) -> Result<(), Problem> {
        match error {
            Error::Input { place, why, fix, said } => {
                let field: String = place.chars().take_while(|c| *c != '[').collect();
                let text = said.map(|said| frame.words.sentence_and_fix(&said));
                self.add(&field, text.unwrap_or_else(|| format!("{why}; {fix}")));
                Ok(())
            }
            other => Err(other.into()),
        }
    }
}

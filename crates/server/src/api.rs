//! Every route on one screen, and who may call it.
//!
//! Everything but the list in [`PUBLIC`] needs a certificate that the directory knows; whoever has
//! none finds nothing there. Rights are checked before a body is read.

pub mod alarms;
pub mod directory;
pub mod health;
pub mod hi1;
pub mod jobs;
pub mod log;
pub mod requests;
mod stream;

use std::sync::Arc;

use axum::extract::rejection::BytesRejection;
use axum::extract::{
    ConnectInfo, DefaultBodyLimit, FromRequest, FromRequestParts, MatchedPath, Request, State,
};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use desk::ids::ActorId;
use desk::policy::Actor;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Node;
use crate::error::Error;
use crate::security::{self, Kind, NOWHERE, Telling, network};
use crate::tls::Peer;

/// Routes that anybody may read: they hold no case data.
pub const PUBLIC: [&str; 5] = [
    "/healthz",
    "/api/v1/openapi.json",
    "/ledger/checkpoint",
    "/ledger/tile/{path}",
    "/ledger/policy",
];

/// An answer takes no longer; searches have limits of their own below it.
const ANSWER_SECONDS_MAX: u64 = 600;
/// Body of an act of staff; instruments filed by intake are the largest.
pub const BODY_BYTES_MAX: usize = 24 * 1024 * 1024;

/// The shape of the JSON API, for the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Comity",
        description = "The request desk for staff, the machine edge for agencies (HI-1), and the \
                       public log. Every caller is a client certificate; without rights every \
                       route but the public ones answers 404.",
        license(name = "Apache-2.0 OR MIT")
    ),
    tags(
        (name = "requests", description = "Requests and the acts upon them"),
        (name = "directory", description = "Staff, agencies and the marks upon their keys"),
        (name = "jobs", description = "Work that failed for good and waits for a person"),
        (name = "alarms", description = "What was unusual, and who looked into it"),
        (name = "hi1", description = "ETSI TS 103 120 JSON"),
        (name = "ledger", description = "The public log: C2SP tlog-tiles"),
        (name = "node", description = "Is it well?")
    )
)]
struct Document;

/// Every route, with the document that describes them.
fn described() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(requests::list, requests::file))
        .routes(routes!(requests::find))
        .routes(routes!(requests::read))
        .routes(routes!(requests::act))
        .routes(routes!(requests::check))
        .routes(routes!(requests::preview))
        .routes(routes!(requests::search))
        .routes(routes!(requests::freeze))
        .routes(routes!(requests::assemble))
        .routes(routes!(requests::exhibit_file))
        .routes(routes!(requests::package))
        .routes(routes!(requests::copy_file))
        .routes(routes!(directory::add_staff, directory::list_staff))
        .routes(routes!(directory::remove_staff))
        .routes(routes!(directory::add_agency, directory::list_agencies))
        .routes(routes!(directory::mark_key, directory::clear_key))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::retry))
        .routes(routes!(jobs::give_up))
        .routes(routes!(alarms::list))
        .routes(routes!(alarms::acknowledge))
        .routes(routes!(hi1::receive))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::tile))
        .routes(routes!(log::policy))
        .routes(routes!(health::healthz))
        .routes(routes!(health::metrics))
        .routes(routes!(openapi))
}

/// The OpenAPI 3.1 document, generated from the routes.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = described().split_for_parts().1;
    // axum writes a rest-of-path parameter with a star, OpenAPI without.
    let starred: Vec<String> =
        document.paths.paths.keys().filter(|path| path.contains("{*")).cloned().collect();
    for path in starred {
        if let Some(item) = document.paths.paths.remove(&path) {
            document.paths.paths.insert(path.replace("{*", "{"), item);
        }
    }
    document
}

/// The routes, ready to serve.
pub fn router(node: Arc<Node>) -> Router {
    let (router, _) = described().split_for_parts();
    let plain =
        |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    router
        .method_not_allowed_fallback(nothing)
        .fallback(get(nothing).post(nothing).put(nothing).delete(nothing).patch(nothing))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(node.clone(), notice))
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            std::time::Duration::from_secs(ANSWER_SECONDS_MAX),
        ))
        .layer(plain(header::CACHE_CONTROL, "no-store"))
        .layer(plain(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // A browser that is sent here shows nothing (OWASP ASVS 4.0.3, 14.4.2).
        .layer(plain(header::CONTENT_DISPOSITION, "attachment; filename=\"api.json\""))
        .layer(plain(header::CONTENT_SECURITY_POLICY, "default-src 'none'"))
        .with_state(node)
}

/// Notes who came with which certificate, and what was refused.
async fn notice(State(node): State<Arc<Node>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|info| info.0.clone());
    let place = security::place(request.method(), request.extensions().get::<MatchedPath>());
    let certificate = peer.as_ref().and_then(|peer| peer.certificate);
    let actor = certificate.and_then(|shown| node.directory().actor(&shown));
    let response = next.run(request).await;
    let source = peer.map_or_else(|| NOWHERE.to_owned(), |peer| network(peer.address.ip()));
    let telling = Telling::of_answer(&response);
    match (&actor, certificate) {
        (Some(actor), _) => {
            node.notice(Kind::Certificate, Some(actor.id), &source, NOWHERE);
            if let Some(kind) = telling.known {
                node.notice(kind, Some(actor.id), &source, &place);
            }
        }
        // What is public is for everybody, whatever certificate comes along.
        (None, Some(_)) if telling.stranger.is_some() => {
            node.notice(Kind::CertificateFailed, None, &source, &place);
        }
        _ => telling.stranger.into_iter().for_each(|kind| node.notice(kind, None, &source, &place)),
    }
    response
}

async fn nothing() -> Error {
    Error::Hidden
}

/// The OpenAPI 3.1 document of this API.
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    tag = "node",
    responses((status = 200, description = "The document", content_type = "application/json"))
)]
async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}

/// Whoever calls with a certificate that the directory knows.
pub struct Caller(pub Actor);

impl FromRequestParts<Arc<Node>> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, Error> {
        let peer = peer(parts).ok_or(Error::Hidden)?;
        let certificate = peer.certificate.ok_or(Error::Hidden)?;
        let directory = node.directory();
        let actor = directory.actor(&certificate).ok_or(Error::Hidden)?;
        // A key suspected of fraud opens nothing, not even a list; so it binds at once.
        if let ActorId::Key(key) = actor.id
            && directory.standing(Some(key), actor.agency).key_suspected
        {
            return Err(Error::Hidden);
        }
        Ok(Self(actor))
    }
}

/// The other end of the connection.
#[must_use]
pub fn peer(parts: &Parts) -> Option<Peer> {
    parts.extensions.get::<ConnectInfo<Peer>>().map(|info| info.0.clone())
}

/// A JSON body. It is read only after rights were checked: whoever has none learns nothing of its
/// shape, not even that something is read here.
pub struct Body<T> {
    bytes: Result<axum::body::Bytes, Error>,
    shape: std::marker::PhantomData<T>,
}

impl<T: serde::de::DeserializeOwned> Body<T> {
    /// The value, once rights were checked.
    ///
    /// # Errors
    /// Naming the place in the JSON that is wrong.
    pub fn read(self) -> Result<T, Error> {
        let bytes = self.bytes?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let read = serde_path_to_error::deserialize(&mut reader);
        let value = read.map_err(|error| {
            let (path, inner) = (error.path().to_string(), error.into_inner());
            let fix = "see /api/v1/openapi.json for the shape";
            Error::input(format!("body, at {path}"), inner.to_string(), fix)
        })?;
        let ended = reader.end();
        ended.map_err(|error| Error::input("body", error.to_string(), "send one JSON value"))?;
        Ok(value)
    }
}

impl<T, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let bytes = axum::body::Bytes::from_request(request, state).await;
        Ok(Self { bytes: bytes.map_err(|error| unread(&error)), shape: std::marker::PhantomData })
    }
}

/// What to say of a body that could not be read to its end.
fn unread(error: &BytesRejection) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge { max: BODY_BYTES_MAX };
    }
    Error::input("body", error.body_text(), "send it whole")
}

/// The parameters in a path, with errors that name the one that is wrong.
pub struct At<T>(pub T);

impl<T, S> FromRequestParts<S> for At<T>
where
    T: serde::de::DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let axum::extract::Path(value) = read.map_err(|error| {
            Error::input("path", error.body_text(), "see /api/v1/openapi.json for the parameters")
        })?;
        Ok(Self(value))
    }
}

//! Every page on one screen, and what is done around each.
//!
//! [`enter`] goes around every page: it finds the session, makes the frame, draws problems and
//! sets the headers that keep other sites out.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, MatchedPath, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use server::app::Node;
use server::config::Web;
use server::security::{self, Kind, NOWHERE, Telling};
use sha2::{Digest as _, Sha256};
use tower_http::catch_panic::CatchPanicLayer;

use crate::client::Client;
use crate::frame::{Frame, Viewer};
use crate::passkey::Passkeys;
use crate::portal::drafts::Signing;
use crate::problem::{self, Problem};
use crate::rate::Limit;
use crate::session::{LIFE_MINUTES_MAX, Sessions};
use crate::settings::Settings;
use crate::words::Words;
use crate::{address, cases, door, form, guard, jobs, money, people, portal, reports};

/// Name of the session's cookie. The prefix makes browsers refuse it from anywhere but this very
/// host over a secure connection (RFC 6265bis, section 4.1.3.2).
const COOKIE: &str = "__Host-comity";
/// No script, frame, style or picture from anywhere else; nothing inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// One site.
pub struct Site {
    /// The node behind it.
    pub node: Arc<Node>,
    /// Where it lives.
    pub settings: Settings,
    /// Who is logged in.
    pub sessions: Sessions,
    /// Ceremonies under way.
    pub passkeys: Passkeys,
    /// What officers were given to sign.
    pub signing: Signing,
}

impl Site {
    /// A site in front of a node.
    ///
    /// # Errors
    /// When browsers would refuse passkeys at its address.
    pub fn new(node: Arc<Node>, web: &Web) -> anyhow::Result<Self> {
        let settings = Settings::of(web, &node.config.company)?;
        let passkeys = Passkeys::of(&settings)?;
        let (sessions, signing) = (Sessions::default(), Signing::default());
        Ok(Self { node, settings, sessions, passkeys, signing })
    }

    /// The node's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.node.now()
    }

    /// Counts one against a limit.
    ///
    /// # Errors
    /// [`Problem::TooOften`].
    pub fn take(&self, limit: Limit, whose: &str) -> Result<(), Problem> {
        Ok(self.node.rates.take(limit, whose, self.now())?)
    }

    /// A grave act's fresh proof: the hidden field `passkey`, by the person of the session.
    ///
    /// # Errors
    /// [`Problem::Passkey`].
    pub fn confirmed(&self, viewer: &Viewer, field: &str) -> Result<(), Problem> {
        let answered = crate::passkey::Answered::read(field)?;
        let proven = self.passkeys.finish_proof(&self.node.directory(), &answered, self.now())?;
        let holder = viewer.session.holder;
        if proven.holder != holder {
            return Err(Problem::Passkey);
        }
        self.node.notice(Kind::Proven, Some(holder), &viewer.source, NOWHERE);
        Ok(())
    }

    /// The header that sets a session's cookie.
    #[must_use]
    pub fn cookie(&self, secret: &str) -> String {
        let seconds = LIFE_MINUTES_MAX * 60;
        format!("{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}")
    }

    /// The header that takes it away.
    #[must_use]
    pub fn no_cookie(&self) -> String {
        format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
    }

    /// The one-time link that opens the door for the first administrator, as long as none can log
    /// in; printed on the console of the machine.
    ///
    /// # Errors
    /// When the store takes no acts.
    pub async fn first_link(&self) -> Result<Option<String>, server::error::Error> {
        let token = self.node.invite_first_administrator().await?;
        Ok(token.map(|token| format!("{}/enrol/{token}", self.settings.origin_text)))
    }
}

/// The routes, ready to serve.
pub fn router(site: Arc<Site>) -> Router {
    let pages = Router::new()
        .route("/", get(door::home))
        .route("/login", get(door::login).post(door::log_in))
        .route("/login/options", post(door::login_options))
        .route("/logout", post(door::log_out))
        .route("/sessions", get(door::sessions).post(door::end_session))
        .route("/confirm/options", post(door::confirm_options))
        .route("/enrol/{token}", get(door::enrol).post(door::enrol_passkey))
        .route("/enrol/{token}/options", post(door::enrol_options))
        .merge(people::routes())
        .merge(address::routes())
        .merge(jobs::routes())
        .merge(guard::routes())
        .merge(money::routes())
        .merge(cases::routes())
        .merge(portal::routes())
        .merge(reports::routes())
        .merge(reports::public_routes())
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(DefaultBodyLimit::max(form::FORM_BYTES_MAX))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(site.clone(), enter));
    Router::new()
        .route("/static/{file}", get(asset))
        .merge(pages)
        .layer(axum::middleware::map_response(guard))
        .with_state(site)
}

async fn nothing() -> Problem {
    Problem::hidden()
}

/// Goes around every page.
async fn enter(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let place = security::place(request.method(), request.extensions().get::<MatchedPath>());
    let client = Client::of(request.extensions(), request.headers(), &site.settings.proxies);
    request.extensions_mut().insert(client);
    let source = network_of(&client);
    let frame = frame(&site, &request, &source);
    request.extensions_mut().insert(frame.clone());
    let response = next.run(request).await;
    note(&site, &frame, &response, (&source, &place));
    let mut response = problem::draw(&frame, response);
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let vary = HeaderValue::from_static("Accept-Language, Cookie");
    headers.entry(header::VARY).or_insert(vary);
    response
}

/// Notes what an answer says about whoever asked.
fn note(site: &Site, frame: &Frame, response: &Response, (source, place): (&str, &str)) {
    let who = frame.viewer.as_ref().map(|viewer| viewer.actor.id);
    let telling = Telling::of_answer(response);
    let said = if who.is_some() { telling.known } else { telling.stranger };
    let kind = match said {
        Some(Kind::LogInFailed | Kind::NothingThere) if place.contains(" /enrol/") => {
            Kind::LinkFailed
        }
        Some(kind) => kind,
        None => return,
    };
    site.node.notice(kind, who, source, place);
}

fn frame(site: &Site, request: &Request, source: &str) -> Frame {
    let accept = request.headers().get(header::ACCEPT_LANGUAGE);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    Frame {
        words: Words::of(accept.and_then(|value| value.to_str().ok())),
        viewer: viewer(site, request.headers(), source),
        path: path.to_owned(),
        company: site.settings.company.clone(),
        fiction: site.settings.fiction.clone(),
        now: site.now(),
    }
}

/// Who is logged in, asked anew of the directory for every page, so that a kill switch binds at
/// once.
fn viewer(site: &Site, headers: &HeaderMap, source: &str) -> Option<Viewer> {
    let session = site.sessions.find(&session_secret(headers)?, site.now())?;
    let directory = site.node.directory();
    directory.passkey(&session.credential_sha256)?;
    let actor = directory.person(session.holder, site.now())?;
    let marked = |key| directory.is_marked(key);
    if let desk::ids::ActorId::Key(key) = actor.id
        && marked(key)
    {
        return None;
    }
    let name = directory.name(session.holder);
    Some(Viewer { actor, name, session, source: source.to_owned() })
}

fn session_secret(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then(|| value.to_owned())
    });
    pairs.next()
}

/// Headers of every answer (OWASP ASVS 4.0.3, 14.4).
async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name, value| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: with it browsers send `Origin: null` with our own forms.
    set(header::REFERRER_POLICY, "same-origin");
    set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        header::HeaderName::from_static("permissions-policy"),
        "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), \
         geolocation=(), microphone=()",
    );
    response
}

/// The files that pages load: name, media type, bytes.
const ASSETS: [(&str, &str, &[u8]); 6] = [
    ("icon.svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
    ("style.css", "text/css; charset=utf-8", include_bytes!("../assets/style.css")),
    ("passkey.js", "text/javascript; charset=utf-8", include_bytes!("../assets/passkey.js")),
    // Version 3.34.4 of the npm package, MIT; SHA-256 in assets/vendor/README.md.
    (
        "cytoscape.min.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../assets/vendor/cytoscape.min.js"),
    ),
    ("board.js", "text/javascript; charset=utf-8", include_bytes!("../assets/board.js")),
    ("page.js", "text/javascript; charset=utf-8", include_bytes!("../assets/page.js")),
];

static ASSET_ADDRESSES: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let address = |(name, _, bytes): &(&'static str, &str, &[u8])| {
        (*name, format!("/static/{}-{name}", &hex::encode(Sha256::digest(bytes))[..12]))
    };
    ASSETS.iter().map(address).collect()
});

/// The address of a file, which changes with its bytes.
pub(crate) fn asset_address(name: &str) -> String {
    let known = ASSET_ADDRESSES.iter().find(|(known, _)| *known == name);
    known.map(|(_, address)| address.clone()).unwrap_or_default()
}

async fn asset(Path(file): Path<String>) -> Response {
    let wanted = format!("/static/{file}");
    let found = ASSET_ADDRESSES.iter().position(|(_, address)| *address == wanted);
    let Some((_, kind, bytes)) = found.map(|index| ASSETS[index]) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kept = "public, max-age=31536000, immutable";
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)], bytes).into_response()
}

/// The network that a request came from, for the security log.
fn network_of(client: &Client) -> String {
    client.address.map_or_else(|| NOWHERE.to_owned(), security::network)
}

/// The network address that limits at the door count by, never for rights. Behind a proxy that the
/// configuration does not name, or that names nobody, it is the proxy's, and limits are shared.
pub struct Address(pub String);

/// The network at the other end, for the security log.
pub struct Source(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Source {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(network_of(&Client::from_request_parts(parts, state).await?)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let client = Client::from_request_parts(parts, state).await?;
        let address = client.address.or(client.peer);
        Ok(Self(address.map_or_else(String::new, |address| address.to_string())))
    }
}

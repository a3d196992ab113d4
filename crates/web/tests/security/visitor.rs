//! Somebody who speaks HTTP with the site, with or without a session.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use desk::ids::{ActorId, AgencyId, KeyId, StaffId};
use desk::policy::Role;
use serde_json::Value;
use server::directory::{CallBack, Change, ChangePayload, EnrolledPasskey, OfficerRole, console};
use tower::ServiceExt as _;
use web::site::{Site, router};

use crate::exchange::{self, Hands};

/// Where the site lives.
pub const SITE: &str = "http://localhost:8080";

/// A site, asked without a network.
pub struct House {
    pub site: Arc<Site>,
    pub clock: Hands,
    router: Router,
    _dir: tempfile::TempDir,
}

/// A cookie and the secret of its forms.
#[derive(Clone)]
pub struct Session {
    pub cookie: String,
    pub form_secret: String,
    pub holder: ActorId,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl House {
    pub async fn open() -> Self {
        Self::open_with("").await
    }

    /// One with more in its comity.toml.
    pub async fn open_with(more: &str) -> Self {
        Self::open_where(|text| format!("{text}\n{more}")).await
    }

    /// One with another comity.toml.
    pub async fn open_where(change: impl FnOnce(String) -> String) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the test");
        let (node, web, clock) = exchange::open_with(dir.path(), SITE, |dir| {
            let path = dir.join("comity.toml");
            let text = std::fs::read_to_string(&path).expect("a configuration");
            std::fs::write(path, change(text)).expect("written");
        })
        .await;
        let site = Arc::new(Site::new(node, &web).expect("a site"));
        Self { router: router(site.clone()), site, clock, _dir: dir }
    }

    /// Sends a request as it is.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        let address = SocketAddr::from(([192, 0, 2, 7], 50_000));
        request.extensions_mut().insert(ConnectInfo(address));
        let response = self.router.clone().oneshot(request).await.expect("never fails");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 64 << 20).await.expect("a body");
        Answer { status: parts.status, headers: parts.headers, body: body.to_vec() }
    }

    /// Asks for a page.
    pub async fn get(&self, path: &str, session: Option<&Session>) -> Answer {
        self.send(request("GET", path, session).body(Body::empty()).expect("a request")).await
    }

    /// Posts a form, with the session's secret.
    pub async fn post(&self, path: &str, session: &Session, fields: &[(&str, &str)]) -> Answer {
        let secret = ("form_secret", session.form_secret.as_str());
        let pairs = fields.iter().copied().chain([secret]);
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = request("POST", path, Some(session))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, SITE)
            .body(Body::from(body));
        self.send(request.expect("a request")).await
    }

    /// A member of staff with a session.
    pub async fn staff(&self, name: &str, roles: &[Role]) -> Session {
        let staff = self.added(name, roles).await;
        self.session(staff, name).await
    }

    /// The token of the one-time link of a member of staff who has no passkey yet.
    #[allow(dead_code, reason = "the walk of words asks for it")]
    pub async fn invited(&self, name: &str, roles: &[Role]) -> String {
        let staff = self.added(name, roles).await;
        self.site.node.invite(&console(), staff).await.expect("a link")
    }

    async fn added(&self, name: &str, roles: &[Role]) -> ActorId {
        let staff = StaffId(server::random_id().expect("random bytes"));
        let by = console();
        let roles = roles.to_vec();
        let change = Change::StaffAdded { staff, roles, certificate_sha256: None, by: by.id };
        let said = ChangePayload { name: name.to_owned(), ..ChangePayload::default() };
        self.site.node.change_directory(&by, &change, &said).await.expect("added");
        ActorId::Staff(staff)
    }

    /// An agency.
    pub async fn agency(&self, name: &str) -> AgencyId {
        let agency = AgencyId(server::random_id().expect("random bytes"));
        let change = Change::AgencyAdded {
            agency,
            country: "XX".to_owned(),
            regime: "generic".to_owned(),
            key: KeyId(server::random_id().expect("random bytes")),
            certificate_sha256: None,
            by: console().id,
        };
        let said = ChangePayload {
            name: name.to_owned(),
            switchboard: vec!["+6563910000".to_owned()],
            ..ChangePayload::default()
        };
        self.site.node.change_directory(&console(), &change, &said).await.expect("an agency");
        agency
    }

    /// An officer with a session, admitted by a verifier.
    pub async fn officer(&self, agency: AgencyId, name: &str, verifier: &Session) -> Session {
        let node = &self.site.node;
        let by = verifier.holder;
        let staff = node.directory().person(by, self.clock.now()).expect("a verifier");
        let officer = KeyId(server::random_id().expect("random bytes"));
        let said = ChangePayload { name: name.to_owned(), ..ChangePayload::default() };
        let (role, outcome) = (OfficerRole::Officer, CallBack::Confirmed);
        for change in [
            Change::OfficerProposed { officer, agency, role, by },
            Change::CallBackRecorded { officer, number: 0, outcome, by },
        ] {
            node.change_directory(&staff, &change, &said).await.expect("changed");
        }
        let token = node.invite(&staff, ActorId::Key(officer)).await.expect("a link");
        let credential = self.enrol(&token, name).await;
        let admitted = Change::OfficerAdmitted { officer, by };
        node.change_directory(&staff, &admitted, &said).await.expect("admitted");
        self.begin(ActorId::Key(officer), credential)
    }

    async fn session(&self, holder: ActorId, name: &str) -> Session {
        let token = self.site.node.invite(&console(), holder).await.expect("a link");
        let credential = self.enrol(&token, name).await;
        self.begin(holder, credential)
    }

    /// Puts a passkey into the directory; what proves to hold it is the browser tests' matter.
    async fn enrol(&self, token: &str, name: &str) -> String {
        let passkey = EnrolledPasskey {
            credential_id: hex::encode(name),
            cose_key: String::new(),
            rp_id: "localhost".to_owned(),
            origin: SITE.to_owned(),
            library: Value::Null,
        };
        let credential = credential(name);
        self.site.node.enrol_passkey(token, None, passkey).await.expect("enrolled");
        credential
    }

    /// Another session of somebody.
    pub fn begin(&self, holder: ActorId, credential_sha256: String) -> Session {
        let now = self.clock.now();
        let cookie = self.site.sessions.begin(holder, credential_sha256, now).expect("a session");
        let session = self.site.sessions.find(&cookie, now).expect("just begun");
        Session { cookie, form_secret: session.form_secret, holder }
    }
}

/// SHA-256 of the credential's id of somebody of this name.
pub fn credential(name: &str) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(hex::encode(name).as_bytes()))
}

/// The beginning of a request.
pub fn request(
    method: &str,
    path: &str,
    session: Option<&Session>,
) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    match session {
        Some(session) => {
            request.header(header::COOKIE, format!("__Host-comity={}", session.cookie))
        }
        None => request,
    }
}

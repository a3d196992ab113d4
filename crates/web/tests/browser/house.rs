//! A small made-up exchange with its pages, and the people who walk through them.
//!
//! One browser serves everybody: whoever sits down brings an authenticator of their own.

use std::path::Path;
use std::sync::Arc;

use desk::ids::{ActorId, AgencyId, KeyId, StaffId};
use desk::policy::Role;
use serde_json::Value;
use server::app::Node;
use server::directory::{CallBack, Change, ChangePayload, OfficerRole, console};
use server::keys::development::{self, Issued, Purpose};

use crate::support::browser::{
    Authenticator, AuthenticatorId, Browser, Key, WAIT_SECONDS_MAX, Wanted,
};
use crate::support::exchange::{self, Hands};
pub use crate::support::exchange::{ACCOUNT, DECOY};

/// The pages whose pictures are kept in docs/screenshots.
const PICTURES: [&str; 16] = [
    "staff",
    "officer-admitted",
    "portal-check-yes",
    "portal-sign",
    "portal-delivered",
    "portal-correct-review",
    "portal-drafts",
    "portal-found",
    "portal-request-de",
    "queue",
    "request",
    "preview",
    "request-delivered",
    "dark--portal-new",
    "money",
    "accounts",
];

/// Somebody with a passkey.
#[derive(Clone, Debug)]
struct Person {
    credential: Value,
}

/// A node with its pages, and the one browser in front of it.
pub struct House {
    pub node: Arc<Node>,
    pub browser: Browser,
    pub clock: Hands,
    pub site: String,
    pub recipient: Issued,
    pub dir: tempfile::TempDir,
    /// What the button of the enrolment is called in this browser's language.
    pub button: &'static str,
    device: Option<AuthenticatorId>,
    seated: Option<usize>,
    people: Vec<Person>,
    /// Both are there but for the moment of a restart.
    running: Option<(web::listen::Running, server::serve::Running)>,
}

/// Which of the people of a house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who(usize);

impl House {
    /// Opens one; none, and a line that says SKIPPED, where no browser is installed.
    pub async fn open(wanted: Wanted) -> Option<Self> {
        Self::open_with(wanted, |_| {}).await
    }

    /// The same, with something changed in the node's folder before it starts.
    pub async fn open_with(wanted: Wanted, change: impl FnOnce(&Path)) -> Option<Self> {
        let browser = Browser::open(wanted).await?;
        let _ = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_test_writer()
            .try_init();
        let dir = tempfile::tempdir().expect("a folder for the test");
        let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = tcp.local_addr().expect("an address").port();
        let site = format!("http://localhost:{port}");
        let (node, web, clock) = exchange::open_with(dir.path(), &site, change).await;
        let (keys, company) = (dir.path().join("keys"), node.config.company.name.clone());
        let now = clock.now();
        let recipient =
            development::issue(&keys, &company, "Harbour Police", Purpose::Recipient, &[], now)
                .expect("a certificate");
        let jobs = server::serve::start(node.clone()).await.expect("served");
        let pages = web::listen::serve(node.clone(), &web, tcp).await.expect("pages");
        let folder = dir.path().join("downloads");
        let allow = serde_json::json!({ "behavior": "allow", "downloadPath": folder });
        browser.devtools("Browser.setDownloadBehavior", allow).await;
        Some(Self {
            node,
            browser,
            clock,
            site,
            recipient,
            dir,
            button: "Enrol this device",
            device: None,
            seated: None,
            people: Vec::new(),
            running: Some((pages, jobs)),
        })
    }

    /// Ends everything in good order.
    pub async fn close(self) {
        self.browser.close().await;
        let (pages, jobs) = self.running.expect("it runs");
        pages.stop().await.expect("an orderly end");
        jobs.stop().await.expect("an orderly end");
    }

    /// The machine is switched off and on again; everybody is logged out, the address stays.
    pub async fn restart(&mut self) {
        let (pages, jobs) = self.running.take().expect("it runs");
        pages.stop().await.expect("an orderly end");
        jobs.stop().await.expect("an orderly end");
        let config = self.node.config.clone();
        let web = config.web.clone().expect("a site");
        let hands = self.clock.clone();
        let tells = Arc::new(move || hands.now());
        let node = Node::open(config, tells, server::app::Opening::Existing).await;
        self.node = Arc::new(node.expect("a node"));
        let port = self.site.rsplit(':').next().expect("a port");
        let tcp = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await;
        let jobs = server::serve::start(self.node.clone()).await.expect("served");
        let tcp = tcp.expect("the same port");
        let pages = web::listen::serve(self.node.clone(), &web, tcp).await.expect("pages");
        self.running = Some((pages, jobs));
    }

    /// The link for the first administrator, as the console prints it.
    pub async fn first_link(&self) -> String {
        let (pages, _) = self.running.as_ref().expect("it runs");
        pages.site.first_link().await.expect("a link").expect("nobody can log in yet")
    }

    /// Opens a page of the site.
    pub async fn go(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.site)).await;
    }

    /// Nothing is wrong with the page: axe finds nothing, the browser complains of nothing.
    pub async fn look(&self, name: &str) {
        assert_eq!(self.browser.axe().await, Vec::<String>::new(), "axe on {name}");
        assert_eq!(self.browser.complaints().await, Vec::<String>::new(), "browser on {name}");
        // The pictures of docs/screenshots are made by this very test.
        if PICTURES.contains(&name) && std::env::var_os("COMITY_PICTURES").is_some() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/screenshots");
            std::fs::create_dir_all(&folder).expect("a folder");
            self.browser.keep_picture(&folder.join(format!("{name}.png"))).await;
        }
    }

    /// An empty authenticator in place of whatever was there.
    async fn fresh_device(&mut self) -> AuthenticatorId {
        self.stand_up().await;
        let device = self.browser.add_authenticator(Authenticator::passkey()).await;
        self.device = Some(device.clone());
        device
    }

    /// Whoever sits there takes the passkey along; the browser forgets the session.
    pub async fn stand_up(&mut self) {
        if let Some(device) = self.device.take() {
            let credentials = self.browser.credentials(&device).await;
            if let (Some(who), Some(credential)) = (self.seated.take(), credentials.first()) {
                self.people[who].credential = credential.clone();
            }
            self.browser.remove_authenticator(&device).await;
        }
        self.browser.forget_cookies().await;
    }

    /// Somebody opens a one-time link and enrols a passkey.
    pub async fn enrol(&mut self, name: &str, link: &str) -> Who {
        self.go("/login").await;
        let device = self.fresh_device().await;
        self.browser.go(link).await;
        self.browser.push(self.button).await;
        let done = "!location.pathname.startsWith('/enrol/') || document.querySelector('.code')";
        self.browser.wait_for("the enrolment", done).await;
        self.enrolled(name, &device).await
    }

    /// Somebody whose passkey lies on the device now.
    pub async fn enrolled(&mut self, name: &str, device: &AuthenticatorId) -> Who {
        let credentials = self.browser.credentials(device).await;
        assert_eq!(credentials.len(), 1, "{name} has a passkey");
        self.people.push(Person { credential: credentials[0].clone() });
        let who = self.people.len() - 1;
        self.seated = Some(who);
        Who(who)
    }

    /// The first administrator comes in by the console's link and gives a name.
    pub async fn first_administrator(&mut self, name: &str) -> Who {
        let link = self.first_link().await;
        self.go("/login").await;
        let device = self.fresh_device().await;
        self.browser.go(&link).await;
        self.browser.find("#name").await.type_text(name).await;
        self.browser.push(self.button).await;
        self.browser.wait_for("the first room", "!location.pathname.startsWith('/enrol/')").await;
        self.enrolled(name, &device).await
    }

    /// Somebody sits down and logs in.
    pub async fn sit_down(&mut self, who: Who) {
        self.try_to_sit_down(who).await;
        self.browser.wait_for("the own room", "location.pathname !== '/login'").await;
    }

    /// Somebody sits down and shows a passkey, which may or may not be taken.
    pub async fn try_to_sit_down(&mut self, who: Who) {
        self.bring_passkey(who).await;
        self.browser.push("Use your passkey").await;
    }

    /// Somebody sits down and logs in without touching the mouse.
    pub async fn sit_down_by_keyboard(&mut self, who: Who, button: &str) {
        self.bring_passkey(who).await;
        self.browser.tab_to("button", button).await;
        self.browser.press(Key::Enter).await;
        self.browser.wait_for("the own room", "location.pathname !== '/login'").await;
    }

    async fn bring_passkey(&mut self, who: Who) {
        self.go("/login").await;
        let device = self.fresh_device().await;
        let credential = self.people[who.0].credential.clone();
        self.browser.add_credential(&device, &credential).await;
        self.seated = Some(who.0);
        self.go("/login").await;
    }

    /// Adds somebody to the staff, without pages, who then enrols in the browser.
    pub async fn staff(&mut self, name: &str, roles: &[Role]) -> Who {
        let staff = StaffId(server::random_id().expect("random bytes"));
        let by = console();
        let roles = roles.to_vec();
        let change = Change::StaffAdded { staff, roles, certificate_sha256: None, by: by.id };
        let payload = ChangePayload { name: name.to_owned(), ..ChangePayload::default() };
        self.node.change_directory(&by, &change, &payload).await.expect("added");
        let token = self.node.invite(&by, ActorId::Staff(staff)).await.expect("a link");
        let link = format!("{}/enrol/{token}", self.site);
        self.enrol(name, &link).await
    }

    /// An agency, without pages, whose packages the recipient's key opens.
    pub async fn agency(&self, name: &str, regime: &str) -> AgencyId {
        let agency = AgencyId(server::random_id().expect("random bytes"));
        let change = Change::AgencyAdded {
            agency,
            country: "XX".to_owned(),
            regime: regime.to_owned(),
            key: KeyId(server::random_id().expect("random bytes")),
            certificate_sha256: None,
            by: console().id,
        };
        let payload = ChangePayload {
            name: name.to_owned(),
            switchboard: vec!["+6563910000".to_owned()],
            domains: vec!["harbour.example".to_owned()],
            recipients_pem: vec![self.recipient.certificate_pem.clone()],
            ..ChangePayload::default()
        };
        self.node.change_directory(&console(), &change, &payload).await.expect("an agency");
        agency
    }

    /// An officer of an agency, called back and admitted without pages, enrolled in the browser.
    pub async fn officer(&mut self, agency: AgencyId, name: &str, by: ActorId) -> (Who, KeyId) {
        let staff = self.node.directory().person(by, self.clock.now()).expect("a verifier");
        let officer = KeyId(server::random_id().expect("random bytes"));
        let said = ChangePayload { name: name.to_owned(), ..ChangePayload::default() };
        let (role, outcome) = (OfficerRole::Officer, CallBack::Confirmed);
        let proposed = Change::OfficerProposed { officer, agency, role, by };
        self.node.change_directory(&staff, &proposed, &said).await.expect("proposed");
        let called = Change::CallBackRecorded { officer, number: 0, outcome, by };
        self.node.change_directory(&staff, &called, &said).await.expect("called");
        let token = self.node.invite(&staff, ActorId::Key(officer)).await.expect("a link");
        let link = format!("{}/enrol/{token}", self.site);
        let who = self.enrol(name, &link).await;
        let admitted = Change::OfficerAdmitted { officer, by };
        self.node.change_directory(&staff, &admitted, &said).await.expect("admitted");
        (who, officer)
    }

    /// The id of a member of staff.
    pub fn staff_id(&self, name: &str) -> ActorId {
        let directory = self.node.directory();
        let found = directory.staff().find(|one| one.name == name).expect("somebody of that name");
        ActorId::Staff(found.id)
    }

    /// Approves the package of the page; the passkey answers in its own time.
    pub async fn approve(&self) {
        self.browser.push("Approve this package").await;
        let done = "document.readyState === 'complete' \
                    && !document.querySelector('input[value=approve]')";
        self.browser.wait_for("the approval", done).await;
    }

    /// Loads the page again whenever something was stored, until the reader sees this text.
    pub async fn until(&self, text: &str) {
        let mut changed = self.node.store.checkpoint_changed();
        let limit =
            tokio::time::Instant::now() + std::time::Duration::from_secs(3 * WAIT_SECONDS_MAX);
        loop {
            changed.borrow_and_update();
            self.browser.reload().await;
            let page = self.browser.page_text().await;
            if page.contains(text) {
                return;
            }
            let stored = tokio::time::timeout_at(limit, changed.changed()).await;
            assert!(stored.is_ok(), "the page never said {text:?}:\n{page}");
        }
    }

    /// A package that the agency's key opens.
    pub fn decrypted(&self, envelope: &[u8]) -> Vec<u8> {
        let key = server::keys::plain_pkcs8(Path::new("recipient.key"), &self.recipient.key_pem);
        let (key, certificate) = (key.expect("a key"), &self.recipient.certificate_der);
        let opened = evidence::cms::open::open(envelope, certificate, &key, Vec::new());
        opened.expect("a package for this agency").0
    }

    /// A file that the browser has downloaded.
    pub async fn downloaded(&self, name: &str) -> Vec<u8> {
        let path = self.dir.path().join("downloads").join(name);
        let mut pace = tokio::time::interval(std::time::Duration::from_millis(20));
        let looking = async {
            while !path.is_file() {
                pace.tick().await;
            }
        };
        let limit = std::time::Duration::from_secs(WAIT_SECONDS_MAX);
        assert!(tokio::time::timeout(limit, looking).await.is_ok(), "{name} never came");
        std::fs::read(path).expect("readable")
    }

    /// A file of the made-up order.
    pub fn order_pdf(&self) -> std::path::PathBuf {
        let path = self.dir.path().join("order.pdf");
        std::fs::write(&path, b"%PDF-1.7\n% a made-up order\n").expect("written");
        path
    }
}

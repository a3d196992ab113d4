//! A real browser: Debian's chromium, driven by its chromedriver (W3C WebDriver).
//!
//! Knows no page of the site. Every function waits for what it names, at most
//! [`WAIT_SECONDS_MAX`]; then it panics and says what was there instead, with a picture below
//! `target/browser`. Why this is not a crate: docs/decisions/150.
//!
//! ```ignore
//! let Some(browser) = Browser::open(Wanted::default()).await else { return };
//! browser.add_authenticator(Authenticator::passkey()).await;
//! browser.go("http://localhost:8080/login").await;
//! browser.role("button", "Log in").await.click().await;
//! browser.wait_for_path("/queue").await;
//! assert_eq!(browser.axe().await, Vec::<String>::new());
//! assert_eq!(browser.complaints().await, Vec::<String>::new());
//! browser.close().await;
//! ```

pub mod authenticator;
pub mod axe;
mod driver;
pub mod element;
pub mod keyboard;
pub mod paper;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use authenticator::{Authenticator, AuthenticatorId, UserVerification};
pub use element::Element;
pub use keyboard::{Focus, Key};

pub use driver::running_in;
use driver::{Driver, Session};

/// Longest wait for anything on a page.
pub const WAIT_SECONDS_MAX: u64 = 20;
/// Pause between two looks at a page.
const LOOK_EVERY_MILLISECONDS: u64 = 20;
/// Browsers at once in one test binary: each is a dozen processes.
const BROWSERS_AT_ONCE_MAX: usize = 2;

static BROWSERS: Semaphore = Semaphore::const_new(BROWSERS_AT_ONCE_MAX);

/// Which of the two colour schemes the reader's system asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// As usual.
    On,
    /// The reader has turned it off. The driver's own scripts still run, but no timers: axe does
    /// not work here.
    Off,
}

/// The browser a test wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The only language it accepts, e.g. `de`.
    pub language: &'static str,
    /// The colour scheme.
    pub scheme: Scheme,
    /// Whether pages may run scripts.
    pub script: Script,
    /// Width and height of the window, in pixels.
    pub window: (u32, u32),
}

impl Default for Wanted {
    fn default() -> Self {
        Self { language: "en", scheme: Scheme::Light, script: Script::On, window: (1280, 900) }
    }
}

/// A running browser with one window. Gone with the test, also when it panics.
pub struct Browser {
    session: Session,
    driver: Driver,
    _turn: SemaphorePermit<'static>,
}

impl Browser {
    /// Starts one; none, and a line that says SKIPPED, where it is not installed.
    pub async fn open(wanted: Wanted) -> Option<Self> {
        if let Some(absent) = driver::absent() {
            println!("SKIPPED: {absent} is not installed; `cargo xtask test` installs it");
            return None;
        }
        let turn = BROWSERS.acquire().await.expect("never closed");
        let driver = Driver::start();
        let session = driver.session(wanted).await;
        let browser = Self { session, driver, _turn: turn };
        browser.scheme(wanted.scheme).await;
        Some(browser)
    }

    /// Ends it in good order.
    pub async fn close(self) {
        if let Err(fault) = self.session.call(reqwest::Method::DELETE, "", &Value::Null).await {
            panic!("the browser does not close: {fault}");
        }
        drop(self.driver);
    }

    /// The folder in which it keeps everything; gone with it.
    pub fn home(&self) -> PathBuf {
        self.driver.home()
    }

    /// Opens an address and waits until it is loaded.
    pub async fn go(&self, url: &str) {
        self.must("/url", json!({ "url": url })).await;
    }

    /// One page back.
    pub async fn back(&self) {
        self.must("/back", json!({})).await;
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.must("/refresh", json!({})).await;
    }

    /// Address of the page.
    pub async fn url(&self) -> String {
        self.session.text("/url").await
    }

    /// Path of the page with its query.
    pub async fn path(&self) -> String {
        let url = reqwest::Url::parse(&self.url().await).expect("an address");
        let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
        format!("{}{query}", url.path())
    }

    /// Title of the page.
    pub async fn title(&self) -> String {
        self.session.text("/title").await
    }

    /// Everything a reader sees, as text.
    pub async fn page_text(&self) -> String {
        let text =
            self.look("return document.body ? document.body.innerText : ''", json!([])).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script's text as a function's body in the page; its result as JSON.
    pub async fn look(&self, script: &str, arguments: Value) -> Value {
        let body = json!({ "script": script, "args": arguments });
        match self.session.post("/execute/sync", &body).await {
            Ok(value) => value,
            Err(fault) => self.fail(&format!("script: {fault}")).await,
        }
    }

    /// Runs a script that calls its last argument when it is done; what it is called with.
    pub async fn look_later(&self, script: &str) -> Value {
        self.must("/execute/async", json!({ "script": script, "args": [] })).await
    }

    /// How many elements a CSS selector finds now.
    pub async fn count(&self, css: &str) -> u64 {
        let script = "return document.querySelectorAll(arguments[0]).length";
        self.look(script, json!([css])).await.as_u64().expect("a number")
    }

    /// The first element of a CSS selector.
    pub async fn find(&self, css: &str) -> Element {
        let body = json!({ "using": "css selector", "value": css });
        let found = self.wait(async || match self.session.post("/element", &body).await {
            Ok(value) => Element::of(&self.session, &value),
            Err(fault) if fault.is("no such element") => None,
            Err(fault) => self.fail(&format!("{css}: {fault}")).await,
        });
        match found.await {
            Some(element) => element,
            None => self.fail(&format!("nothing on the page is {css}")).await,
        }
    }

    /// The first element that assistive technology calls by this role and exactly this name
    /// (WAI-ARIA 1.2 role, computed by the browser).
    pub async fn role(&self, role: &str, name: &str) -> Element {
        let found = self.wait(async || {
            for element in element::candidates(&self.session, role, Some(name)).await {
                if element.is(role, name).await {
                    return Some(element);
                }
            }
            None
        });
        if let Some(element) = found.await {
            return element;
        }
        let mut others = Vec::new();
        for element in element::candidates(&self.session, role, None).await {
            others.push(format!("{:?}", element.name().await));
        }
        let others = others.join(", ");
        self.fail(&format!("no {role} is called {name:?}; those there: [{others}]")).await
    }

    /// The field that is labelled exactly so: a text field, box, list or file field.
    pub async fn field(&self, label: &str) -> Element {
        let found = self.wait(async || {
            for element in element::candidates(&self.session, "field", Some(label)).await {
                if element.name().await == label {
                    return Some(element);
                }
            }
            None
        });
        match found.await {
            Some(element) => element,
            None => self.fail(&format!("no field is labelled {label:?}")).await,
        }
    }

    /// Replaces what stands in the field of this label.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        field.clear().await;
        field.type_text(text).await;
    }

    /// Follows the link of this name.
    pub async fn follow(&self, name: &str) {
        self.role("link", name).await.click().await;
    }

    /// Presses the button of this name.
    pub async fn push(&self, name: &str) {
        // A page that is just replaced loses its button between the look and the click.
        while !self.role("button", name).await.try_click().await {}
    }

    /// Waits until a script's expression is true on the page. Pages may change meanwhile.
    pub async fn wait_for(&self, what: &str, expression: &str) {
        let body = json!({ "script": format!("return Boolean({expression})"), "args": [] });
        let seen = self.wait(async || {
            let value = self.session.post("/execute/sync", &body).await;
            matches!(value, Ok(Value::Bool(true))).then_some(())
        });
        if seen.await.is_none() {
            self.fail(&format!("waited {WAIT_SECONDS_MAX} s for {what}")).await
        }
    }

    /// Waits until the page at this path, query included, is loaded.
    pub async fn wait_for_path(&self, path: &str) {
        let expression = format!(
            "location.pathname + location.search === {} && document.readyState === 'complete'",
            json!(path)
        );
        self.wait_for(&format!("the page at {path}"), &expression).await;
    }

    /// Waits until the reader sees this text somewhere.
    pub async fn wait_for_text(&self, text: &str) {
        let expression =
            format!("document.body && document.body.innerText.includes({})", json!(text));
        self.wait_for(&format!("the text {text:?}"), &expression).await;
    }

    /// What the browser complained about since the last call: errors, warnings, breaches of the
    /// content security policy, failed loads. None is as it should be.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.must("/se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().into_iter().flatten();
        let grave =
            entries.filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        let words = |entry: &Value| {
            let part = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            format!("{}: {}", part("source"), part("message"))
        };
        grave.map(words).collect()
    }

    /// The cookie of this name, as the driver describes it.
    pub async fn cookie(&self, name: &str) -> Option<Value> {
        let path = format!("/cookie/{name}");
        self.session.call(reqwest::Method::GET, &path, &Value::Null).await.ok()
    }

    /// Adds a cookie to this page's site, e.g. a stolen one.
    pub async fn add_cookie(&self, cookie: Value) {
        // The driver's own command refuses names with the prefix `__Host-`.
        let url = self.url().await;
        let [name, value] = ["name", "value"].map(|part| cookie[part].clone());
        let wanted = json!({
            "name": name, "value": value, "url": url, "path": "/", "secure": true,
            "httpOnly": true, "sameSite": "Lax",
        });
        let set = self.devtools("Network.setCookie", wanted).await;
        assert_eq!(set["success"], true, "the browser takes the cookie");
    }

    /// Forgets all cookies of this page's site.
    pub async fn forget_cookies(&self) {
        if let Err(fault) =
            self.session.call(reqwest::Method::DELETE, "/cookie", &Value::Null).await
        {
            self.fail(&format!("cookies: {fault}")).await
        }
    }

    /// A command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.must("/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    async fn must(&self, path: &str, body: Value) -> Value {
        match self.session.post(path, &body).await {
            Ok(value) => value,
            Err(fault) => self.fail(&format!("{path}: {fault}")).await,
        }
    }

    /// Looks again and again until there is something, or time is up.
    async fn wait<T>(&self, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
        let mut pace = tokio::time::interval(Duration::from_millis(LOOK_EVERY_MILLISECONDS));
        let looking = async {
            loop {
                pace.tick().await;
                if let Some(found) = look().await {
                    return found;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(WAIT_SECONDS_MAX), looking).await.ok()
    }

    /// Says what went wrong on which page, keeps a picture, and ends the test.
    async fn fail(&self, what: &str) -> ! {
        let url = self.session.text("/url").await;
        let body = json!({ "script": "return document.body.innerText", "args": [] });
        let text = self.session.post("/execute/sync", &body).await.unwrap_or_default();
        let picture = paper::keep_failure(&self.session).await;
        let text = text.as_str().unwrap_or_default();
        panic!("{what}\n  at {url}\n  picture: {picture}\n  the page reads:\n{text}");
    }
}

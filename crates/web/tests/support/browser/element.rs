//! One element of a page, and how elements are found by what assistive technology calls them.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::driver::Session;

/// The protocol's name for a reference to an element (W3C WebDriver, section 12).
const REFERENCE: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Elements that may have a role, before the browser is asked.
const ROLES: [(&str, &str); 14] = [
    ("button", "button,summary,input[type=submit],input[type=button],[role=button]"),
    ("link", "a[href],[role=link]"),
    ("heading", "h1,h2,h3,h4,h5,h6,[role=heading]"),
    ("textbox", "input,textarea,[role=textbox]"),
    ("checkbox", "input[type=checkbox],[role=checkbox]"),
    ("radio", "input[type=radio],[role=radio]"),
    ("combobox", "select,input,[role=combobox]"),
    ("listbox", "select,[role=listbox]"),
    ("option", "option,[role=option]"),
    ("navigation", "nav,[role=navigation]"),
    ("table", "table,[role=table]"),
    ("row", "tr,[role=row]"),
    ("alert", "[role=alert]"),
    ("field", "input,select,textarea,[role=textbox],[role=combobox]"),
];

/// Those of them that could be called so; the browser says whether they are.
const CANDIDATES: &str = r"
const [css, name] = arguments;
const words = (text) => (text || '').replace(/\s+/g, ' ').trim();
const could = (element) => name === null
  || element.hasAttribute('aria-labelledby')
  || [element.textContent, element.value, element.title, element.alt, element.placeholder,
      element.getAttribute('aria-label'), ...[...(element.labels || [])].map((l) => l.textContent),
      element.querySelector('[aria-label],[alt]')?.getAttribute('aria-label'),
      element.caption?.textContent]
    .some((text) => words(text).includes(name));
return [...document.querySelectorAll(css)].filter(could);
";

/// Elements that may have this role and name; every element where the role is not in the list.
pub async fn candidates(session: &Session, role: &str, name: Option<&str>) -> Vec<Element> {
    let known = ROLES.iter().find(|(known, _)| *known == role);
    let css = known.map_or_else(|| format!("[role={role}]"), |(_, css)| (*css).to_owned());
    let body = json!({ "script": CANDIDATES, "args": [css, name] });
    // A page that is just changing has no candidates; whoever waits asks again.
    let found = session.post("/execute/sync", &body).await.unwrap_or_default();
    let found = found.as_array().into_iter().flatten();
    found.filter_map(|value| Element::of(session, value)).collect()
}

/// An element of the page as it was when it was found.
#[derive(Clone)]
pub struct Element {
    session: Session,
    id: String,
}

impl Element {
    /// From the protocol's reference.
    pub(super) fn of(session: &Session, value: &Value) -> Option<Self> {
        let id = value[REFERENCE].as_str()?.to_owned();
        Some(Self { session: session.clone(), id })
    }

    /// Name as assistive technology says it, without the space that some releases of Chromium leave
    /// before the words of a label that stand after its box.
    pub async fn name(&self) -> String {
        self.ask("computedlabel").await.trim().to_owned()
    }

    /// Role as assistive technology says it.
    pub async fn role(&self) -> String {
        self.ask("computedrole").await
    }

    /// True for exactly this role and name.
    pub async fn is(&self, role: &str, name: &str) -> bool {
        self.name().await == name && self.role().await == role
    }

    /// What a reader sees of it.
    pub async fn text(&self) -> String {
        self.ask("text").await
    }

    /// An attribute; empty when there is none.
    pub async fn attribute(&self, name: &str) -> String {
        self.ask(&format!("attribute/{name}")).await
    }

    /// What stands in a field.
    pub async fn value(&self) -> String {
        self.ask("property/value").await
    }

    /// Clicks in its middle, unless the page has changed since it was found; says whether it did.
    pub async fn try_click(&self) -> bool {
        let path = format!("/element/{}/click", self.id);
        match self.session.post(&path, &json!({})).await {
            Ok(_) => true,
            Err(fault) if fault.is("stale element reference") => false,
            Err(fault) => panic!("click: {fault}"),
        }
    }

    /// Clicks in its middle, as a reader would; waits for the page that this loads.
    pub async fn click(&self) {
        self.order("click", json!({})).await;
    }

    /// Empties a field.
    pub async fn clear(&self) {
        self.order("clear", json!({})).await;
    }

    /// Types into a field.
    pub async fn type_text(&self, text: &str) {
        self.order("value", json!({ "text": text })).await;
    }

    /// Chooses the option that reads so.
    pub async fn choose(&self, option: &str) {
        let script =
            "return [...arguments[0].options].find((o) => o.label.trim() === arguments[1])";
        let body = json!({ "script": script, "args": [{ REFERENCE: self.id }, option] });
        let found = self.session.post("/execute/sync", &body).await.unwrap_or_default();
        match Self::of(&self.session, &found) {
            Some(found) => found.click().await,
            None => panic!("the list {:?} has no option {option:?}", self.name().await),
        }
    }

    /// Hands files to a file field.
    pub async fn upload(&self, files: &[&Path]) {
        let paths: Vec<String> = files
            .iter()
            .map(|file| std::path::absolute(file).expect("a path").display().to_string())
            .collect();
        self.order("value", json!({ "text": paths.join("\n") })).await;
    }

    /// PNG of this element alone.
    pub async fn picture(&self) -> Vec<u8> {
        super::paper::bytes(&self.ask("screenshot").await)
    }

    async fn ask(&self, what: &str) -> String {
        let path = format!("/element/{}/{what}", self.id);
        match self.session.call(Method::GET, &path, &Value::Null).await {
            Ok(value) => value.as_str().unwrap_or_default().to_owned(),
            // The page has changed since: it is called nothing any more, and whoever waits asks
            // again.
            Err(fault) if fault.is("stale element reference") => String::new(),
            Err(fault) => panic!("{what} of an element: {fault}"),
        }
    }

    async fn order(&self, what: &str, body: Value) {
        let path = format!("/element/{}/{what}", self.id);
        if let Err(fault) = self.session.post(&path, &body).await {
            let name = self.name().await;
            panic!("{what} of the element called {name:?}: {fault}");
        }
    }
}

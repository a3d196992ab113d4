//! Somebody who follows every link and sends every form, empty and with nonsense in it.

use std::collections::{BTreeSet, VecDeque};

use axum::body::Body;
use axum::http::header;
use jiff::SignedDuration;

use crate::html::{Field, Form, Page};
use crate::story::{GARBAGE, Person};
use crate::visitor::{Answer, House, SITE, Session, request};

/// Pages that one person is led through; a site that leads further is walked through in part.
const PAGES_MAX: usize = 400;
/// Where a multipart form is cut.
const BOUNDARY: &str = "walk-boundary";

/// A page that came back.
pub struct Seen {
    pub path: String,
    pub page: Page,
}

/// A walk in one language.
pub struct Walk<'a> {
    house: &'a House,
    language: &'static str,
    pub seen: Vec<Seen>,
    pub posted: usize,
    /// Forms that were sent: one of each kind is enough, whoever finds it.
    forms: BTreeSet<String>,
}

/// How a form is filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filling {
    Empty,
    Garbage,
    Unlisted,
}

impl<'a> Walk<'a> {
    pub const fn new(house: &'a House, language: &'static str) -> Self {
        Self { house, language, seen: Vec::new(), posted: 0, forms: BTreeSet::new() }
    }

    /// Everywhere that a person can go, and every form there.
    pub async fn through(&mut self, person: &Person) {
        let mut waiting: VecDeque<String> = person.starts.iter().cloned().collect();
        let mut known = BTreeSet::new();
        let mut to_send: Vec<(String, Form)> = Vec::new();
        while let Some(path) = waiting.pop_front() {
            if !known.insert(kind_of(&path)) || known.len() > PAGES_MAX {
                continue;
            }
            let answer = self.get(&path, person).await;
            let to = answer.header("location").to_owned();
            if !to.is_empty() {
                waiting.push_back(to);
                continue;
            }
            let Some(page) = self.take(&path, &answer) else { continue };
            waiting.extend(page.links.iter().filter(|link| leads_on(link)).cloned());
            for form in page.forms {
                let fields: Vec<&str> = form.fields.iter().map(|it| it.name.as_str()).collect();
                let act = form.fields.iter().find(|field| field.name == "act");
                let act = act.map(|field| field.value.clone()).unwrap_or_default();
                let shape = format!("{} {act} {fields:?}", kind_of(&form.action));
                if form.is_post && form.action != "/logout" && self.forms.insert(shape) {
                    to_send.push((path.clone(), form));
                }
            }
        }
        for filling in [Filling::Unlisted, Filling::Empty, Filling::Garbage] {
            for (path, form) in &to_send {
                self.send(path, form, filling, person).await;
            }
        }
    }

    /// How many pages under a path were seen, and how many answers to their forms.
    pub fn forms_of(&self, start: &str) -> (usize, usize) {
        let count =
            |start: &str| self.seen.iter().filter(|seen| seen.path.starts_with(start)).count();
        (count(start), count(&format!("POST {start}")))
    }

    async fn get(&self, path: &str, person: &Person) -> Answer {
        let session = self.session(person);
        let asked = request("GET", path, session.as_ref())
            .header(header::ACCEPT_LANGUAGE, self.language)
            .body(Body::empty());
        self.house.send(asked.expect("a request")).await
    }

    /// A session of now, with the time that every limit wants between two steps.
    fn session(&self, person: &Person) -> Option<Session> {
        self.house.clock.forward(SignedDuration::from_secs(3));
        let (holder, credential) = person.holder.as_ref()?;
        Some(self.house.begin(*holder, credential.clone()))
    }

    fn take(&mut self, path: &str, answer: &Answer) -> Option<Page> {
        let is_page = answer.header("content-type").starts_with("text/html");
        if !is_page || answer.header("content-disposition").starts_with("attachment") {
            return None;
        }
        let page = Page::read(&answer.text());
        self.seen.push(Seen { path: path.to_owned(), page: page.clone() });
        Some(page)
    }

    async fn send(&mut self, from: &str, form: &Form, filling: Filling, person: &Person) {
        let session = self.session(person);
        let session = session.as_ref();
        let mut pairs = Vec::new();
        for field in &form.fields {
            if let Some(value) = value(field, filling, session) {
                pairs.push((field.name.clone(), value));
            }
        }
        let action = if form.action.is_empty() { from } else { form.action.as_str() };
        let kind = if form.is_multipart {
            format!("multipart/form-data; boundary={BOUNDARY}")
        } else {
            "application/x-www-form-urlencoded".to_owned()
        };
        let body =
            if form.is_multipart { multipart(form, &pairs, filling) } else { encoded(&pairs) };
        let asked = request("POST", action, session)
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::CONTENT_TYPE, kind)
            .header(header::ORIGIN, SITE)
            .body(Body::from(body));
        let answer = self.house.send(asked.expect("a request")).await;
        self.posted += 1;
        let to = answer.header("location").to_owned();
        if to.starts_with('/') {
            let shown = self.get(&to, person).await;
            self.take(&to, &shown);
        } else {
            self.take(&format!("POST {action}"), &answer);
        }
    }
}

fn value(field: &Field, filling: Filling, session: Option<&Session>) -> Option<String> {
    if field.name == "form_secret" {
        return session.map(|session| session.form_secret.clone());
    }
    let is_ticked = matches!(field.kind.as_str(), "checkbox" | "radio");
    match field.kind.as_str() {
        "hidden" if field.name == "passkey" => Some(String::new()),
        "hidden" | "submit" => Some(field.value.clone()),
        "button" => (!field.name.is_empty()).then(|| field.value.clone()),
        "file" => None,
        "select" => match filling {
            Filling::Unlisted => Some(GARBAGE.to_owned()),
            Filling::Empty => field.options.first().cloned(),
            Filling::Garbage => field.options.last().cloned(),
        },
        _ if is_ticked => (filling == Filling::Garbage).then(|| field.value.clone()),
        _ if filling == Filling::Garbage => Some(GARBAGE.to_owned()),
        _ => Some(String::new()),
    }
}

fn encoded(pairs: &[(String, String)]) -> Vec<u8> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs).finish().into_bytes()
}

fn multipart(form: &Form, pairs: &[(String, String)], filling: Filling) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in pairs {
        body += &format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    let files = form.fields.iter().filter(|field| field.kind == "file");
    for field in files.filter(|_| filling == Filling::Garbage) {
        body += &format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{}\"; filename=\"{GARBAGE}\"\r\n\
             content-type: text/plain\r\n\r\n{GARBAGE}\r\n",
            field.name
        );
    }
    body += &format!("--{BOUNDARY}--\r\n");
    body.into_bytes()
}

/// Links to pages of this site.
fn leads_on(link: &str) -> bool {
    link.starts_with('/') && !link.starts_with("/static/") && !link.starts_with("//")
}

/// A path whose ids are left out where many of a kind look the same.
fn kind_of(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let sorts = query.contains("sort=") || query.contains("after=") || query.contains("before=");
    if sorts {
        path.to_owned()
    } else {
        format!("{path}?{}", query.split('#').next().unwrap_or(""))
    }
}

//! What the pages of traces show in the same way, whatever the money lay in: tables with as many
//! rows as somebody asked for, the rules side by side, the picture, what is taken along, and the
//! package it is put into.

use std::collections::BTreeSet;

use desk::ids::{AskNumber, RequestId};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use server::app::trace::{Place, digest};
use server::wrong::Wrong;

use crate::frame::{Frame, SignedIn};
use crate::problem::Problem;
use crate::site::Site;

/// Rows of a table before somebody asks for more.
const ROWS_FIRST: usize = 15;
/// Rows of a table on the page; the exhibit has them all.
const ROWS_MAX: usize = 500;
/// Layers of a picture that may be open at once.
const OPEN_LAYERS_MAX: usize = 200;

/// How the page is looked at: what the address says besides the question.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct View {
    /// Column and direction of the table of ends.
    pub sort: String,
    /// Layers of the picture that are open, `a-b` and commas.
    pub open: String,
    /// Tables of which more is shown, by their ids and commas.
    pub more: String,
    /// The ask that is worked on, `REQUEST/ASK`.
    pub into: String,
}

impl View {
    /// The layers that are open.
    pub fn open_layers(&self) -> BTreeSet<usize> {
        let spans = self.open.split(',').filter_map(|span| {
            let (first, last) = span.split_once('-')?;
            Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?))
        });
        spans.flat_map(|(first, last)| first..=last).take(OPEN_LAYERS_MAX).collect()
    }

    /// Column and direction of the ends.
    pub fn order(&self) -> (&str, &str) {
        self.sort.rsplit_once('-').unwrap_or(("hop", "up"))
    }

    fn shows_more(&self, table: &str) -> bool {
        self.more.split(',').any(|name| name == table)
    }

    /// The address of a page with this question, looked at in this way.
    fn link(&self, asked: &Asked) -> String {
        let mut link = format!("{}?{}", asked.page, asked.query());
        let others = [("sort", &self.sort), ("more", &self.more), ("into", &self.into)];
        for (name, value) in others.into_iter().filter(|(_, value)| !value.is_empty()) {
            let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            link += &format!("&{name}={value}");
        }
        link
    }
}

/// A question as the address of its page has it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The page.
    pub page: &'static str,
    /// What is asked, by the names of its fields; what was left empty is not there.
    pub fields: Vec<(&'static str, String)>,
}

impl Asked {
    /// Only what was typed.
    pub fn of(page: &'static str, fields: &[(&'static str, &str)]) -> Self {
        let typed = fields.iter().map(|(name, value)| (*name, value.trim().to_owned()));
        Self { page, fields: typed.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// The query of an address.
    pub fn query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }

    /// The same with another value of a field.
    fn with(&self, field: &'static str, value: &str) -> Self {
        let mut asked = self.clone();
        asked.fields.retain(|(name, _)| *name != field);
        asked.fields.push((field, value.to_owned()));
        asked
    }
}

/// The rows of a table that are on the page.
pub struct Rows<T> {
    /// They themselves.
    pub rows: Vec<T>,
    /// Where the other ones are shown, and how many there are then.
    pub more: Option<(String, usize)>,
    /// Where the first ones only are shown.
    pub fewer: Option<String>,
    /// Rows that only the exhibit has.
    pub left_out: usize,
}

/// The sums of one rule.
pub struct Column {
    /// Its name.
    pub policy: &'static str,
    /// Whether it is the one chosen.
    pub is_chosen: bool,
    /// The same question under it.
    pub link: String,
    /// Under the sheet's headings.
    pub sums: Vec<String>,
    /// Transactions or payments with taint.
    pub count: usize,
}

/// An ask that the trace can be put into.
pub struct Offer {
    /// `REQUEST/ASK`, as forms and addresses have it.
    pub place: String,
    /// Whose it is.
    pub agency: String,
    /// Its request.
    pub request: RequestId,
    /// Its number.
    pub ask: u16,
    /// When it came.
    pub received_at: Option<Timestamp>,
    /// Whether it is the one that is worked on.
    pub is_chosen: bool,
}

/// What both pages show in the same way.
pub struct Sheet {
    /// The question.
    pub asked: Asked,
    /// The question of exactly this trace, for what is taken along.
    pub exact: Asked,
    /// How it is looked at.
    pub view: View,
    /// The rules side by side.
    pub columns: Vec<Column>,
    /// Pieces of the picture.
    pub drawn: usize,
    /// What a reader must grant, word for word as in the exhibit.
    pub assumptions: Vec<String>,
    /// SHA-256 of the exhibit.
    pub sha256: String,
    /// The exhibit itself.
    pub exhibit: Value,
    /// Where it can be put.
    pub offers: Vec<Offer>,
    /// Whether this reader puts anything anywhere.
    pub may_keep: bool,
}

impl Sheet {
    /// Of a trace whose exhibit is this.
    pub fn new(asked: Asked, view: &View, exhibit: &[u8]) -> Self {
        let sha256 = digest(exhibit).to_string();
        let exhibit: Value = serde_json::from_slice(exhibit).unwrap_or_default();
        let assumptions = exhibit["assumptions"].as_array().into_iter().flatten();
        Self {
            exact: asked.clone(),
            asked,
            view: view.clone(),
            columns: Vec::new(),
            drawn: 0,
            assumptions: assumptions.filter_map(|one| Some(one.as_str()?.to_owned())).collect(),
            sha256,
            exhibit,
            offers: Vec::new(),
            may_keep: false,
        }
    }

    /// As many rows of a table as are to be shown.
    pub fn rows<T>(&self, table: &str, mut rows: Vec<T>) -> Rows<T> {
        let (all, is_more) = (rows.len(), self.view.shows_more(table));
        rows.truncate(if is_more { ROWS_MAX } else { ROWS_FIRST });
        let others = self.view.more.split(',').filter(|name| !name.is_empty() && *name != table);
        let others: Vec<&str> = others.collect();
        let link = |tables: &[&str]| {
            let view = View { more: tables.join(","), ..self.view.clone() };
            format!("{}#{table}", view.link(&self.asked))
        };
        Rows {
            more: (rows.len() < all && !is_more)
                .then(|| (link(&[&others[..], &[table]].concat()), all.min(ROWS_MAX))),
            fewer: (is_more && all > ROWS_FIRST).then(|| link(&others)),
            left_out: if is_more { all - rows.len() } else { 0 },
            rows,
        }
    }

    /// The sums of one rule.
    pub fn column(
        &self,
        policy: &'static str,
        chosen: &str,
        sums: Vec<String>,
        count: usize,
    ) -> Column {
        let link = self.view.link(&self.asked.with("policy", policy));
        Column { policy, is_chosen: policy == chosen, link, sums, count }
    }

    /// Where the page is, for the picture; its open layers are added there.
    pub fn here(&self) -> String {
        self.view.link(&self.asked)
    }

    /// Where a file of exactly this trace is.
    pub fn file(&self, name: &str) -> String {
        format!("{}/{name}?{}", self.asked.page, self.exact.query())
    }

    /// The address that sorts the ends by a column; once more turns the order around.
    pub fn sort_link(&self, column: &str) -> String {
        let up = format!("{column}-up");
        let sort = if self.view.sort == up { format!("{column}-down") } else { up };
        format!("{}#ends", View { sort, ..self.view.clone() }.link(&self.asked))
    }

    /// How the ends are sorted by a column, in the words of `aria-sort`.
    pub fn sorted(&self, column: &str) -> &'static str {
        match self.view.sort.strip_prefix(column) {
            Some("-up") => "ascending",
            Some("-down") => "descending",
            _ => "none",
        }
    }

    /// Looks up where this reader can put the trace.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn offer(&mut self, site: &Site, by: &SignedIn) -> Result<(), Problem> {
        let directory = site.node.directory();
        let name = |place: &Place| {
            let agency = directory.agency(place.agency);
            agency.map_or_else(String::new, |agency| agency.name.clone())
        };
        let places = site.node.places(by.actor(), place(&self.view.into)).await?;
        self.offers = places
            .iter()
            .map(|place| {
                let text = format!("{}/{}", place.request, place.ask);
                Offer {
                    is_chosen: text == self.view.into,
                    place: text,
                    agency: name(place),
                    request: place.request,
                    ask: place.ask.0,
                    received_at: place.received_at,
                }
            })
            .collect();
        let may = by.frame.may(desk::policy::Action::AddExhibit);
        self.may_keep = may || !self.offers.is_empty();
        Ok(())
    }
}

/// What the form below a trace posts, besides its question.
#[derive(Debug, Deserialize)]
pub struct Keep<T> {
    into: String,
    sha256: String,
    /// The question.
    #[serde(flatten)]
    pub typed: T,
}

impl<T> Keep<T> {
    /// Which ask of which request.
    ///
    /// # Errors
    /// When none is named.
    pub fn place(&self) -> Result<(RequestId, AskNumber), Problem> {
        place(&self.into)
            .ok_or_else(|| server::error::Error::wrong("into", Wrong::NoSuchPlace).into())
    }

    /// The digest of the exhibit that was shown.
    ///
    /// # Errors
    /// When it is none.
    pub fn shown(&self) -> Result<desk::ids::Digest, Problem> {
        desk::ids::Digest::from_hex(&self.sha256).ok_or_else(Problem::hidden)
    }
}

/// `REQUEST/ASK`.
fn place(text: &str) -> Option<(RequestId, AskNumber)> {
    let (request, ask) = text.split_once('/')?;
    Some((RequestId(request.parse().ok()?), AskNumber(ask.parse().ok()?)))
}

/// The rules to choose from, as a form shows them.
pub fn choices<P: Copy + PartialEq>(
    all: &[P],
    chosen: Option<P>,
    name: impl Fn(P) -> &'static str,
) -> Vec<(&'static str, bool)> {
    all.iter().map(|one| (name(*one), chosen == Some(*one))).collect()
}

/// A question's mistakes, where there is no form beside which to show all: the first.
pub fn first_mistake(frame: &Frame, mistakes: crate::form::Mistakes) -> server::error::Error {
    let first = mistakes.0.into_iter().next();
    let (place, why) = first.map_or_else(Default::default, |wrong| (wrong.field, wrong.text));
    // It is in the reader's words already.
    server::error::Error::input(place, why, frame.say("money-back-to-the-form"))
}

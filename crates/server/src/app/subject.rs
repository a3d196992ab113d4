//! The user's copy: what was disclosed about an account, to whom, and whom to ask.
//!
//! Knows no customer's address. The company's own systems reach the user: each account found in
//! the rows that left the house is one call of the catalog's effect `notify_user`, under an id of
//! its own, so that asking twice is telling once. Whether and when a user may be told is the
//! desk's to say (`desk::request::decide::notice`).

use std::collections::{BTreeMap, BTreeSet};

use desk::ids::{AskNumber, EffectId};
use desk::policy::Actor;
use desk::request::{Command, Event};
use records::catalog::Search;
use records::{Outcome, SelectorKind};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use store::{BlobDigest, Job};

use super::case::Case;
use super::{Act, Node};
use crate::config::MailLanguage;
use crate::error::Error;
use crate::payload::{EffectAnswer, Exhibit, ExhibitBody, UserNotice};
use crate::words::{self, Voice};

/// Accounts that one disclosure tells; more need a person.
const ACCOUNTS_COUNT_MAX: usize = 1_000;
/// Bytes of one exhibit that is looked through for accounts; larger ones need a person.
const EXHIBIT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// One attempt to have the company's systems tell the users of an ask.
///
/// # Errors
/// When the attempt failed and should be made again; the job's back-off says when.
pub async fn attempt(
    node: &Node,
    case: &Case,
    ask: AskNumber,
    effect: EffectId,
    job: &Job,
) -> Result<(), Error> {
    let accounts = match accounts(node, case, ask).await? {
        Ok(accounts) => accounts,
        Err(why) => return end(node, case, Command::FailEffect { effect }, answer(why), job).await,
    };
    let records = node.records_for(case.request.order.as_ref())?;
    // The act of telling does not wait for a language: without one, the copy is in all.
    let languages = records.languages(&accounts).await.unwrap_or_else(|error| {
        tracing::warn!("The languages of accounts could not be looked up: {error}");
        BTreeMap::new()
    });
    let mut told: BTreeMap<Option<&'static str>, UserNotice> = BTreeMap::new();
    for account in accounts {
        let own = languages.get(&account).and_then(|tag| words::known(tag));
        let language = own.or(node.config.user_notice.language.map(MailLanguage::code));
        let notice = told.entry(language).or_insert_with(|| {
            let copies = words::notices(language).into_iter();
            let copies: Vec<String> = copies.map(|voice| text(node, case, ask, voice)).collect();
            let language = language.map(str::to_owned);
            UserNotice { accounts: Vec::new(), text: copies.join("\n"), language }
        });
        notice.accounts.push(account);
    }
    let mut all: Vec<(&String, &String)> = Vec::new();
    for notice in told.values() {
        all.extend(notice.accounts.iter().map(|account| (account, &notice.text)));
    }
    for (account, text) in all {
        let wanted = records::Effect {
            id: notice_id(effect, account),
            kind: records::EffectKind::NotifyUser,
            account: account.clone(),
            asset: None,
            amount: None,
            until: None,
            releases: None,
            notice: Some(text.clone()),
        };
        let outcome = match records.request_effect(&wanted).await {
            Ok(outcome) => outcome,
            // The catalog has no such effect: whoever runs the desk learns it from the request.
            Err(error) => Outcome::Failed { retryable: false, why: error.to_string() },
        };
        let why = match outcome {
            Outcome::Confirmed { .. } => continue,
            Outcome::Failed { retryable: true, why } if job.attempt < job.attempts_max => {
                return Err(Error::Unavailable(why));
            }
            Outcome::Pending { .. } if job.attempt < job.attempts_max => {
                let why = "the company's system has not taken the notice yet".to_owned();
                return Err(Error::Unavailable(why));
            }
            Outcome::Failed { why, .. } | Outcome::Pending { detail: why } => why,
        };
        return end(node, case, Command::FailEffect { effect }, answer(why), job).await;
    }
    let count: usize = told.values().map(|notice| notice.accounts.len()).sum();
    let detail = format!("{count} account(s) told");
    let mut notices = told.into_values();
    let notice = notices.next();
    let told = EffectAnswer { detail, amount: None, notice, more_notices: notices.collect() };
    end(node, case, Command::ConfirmEffect { effect }, told, job).await
}

fn answer(detail: String) -> EffectAnswer {
    EffectAnswer { detail, ..EffectAnswer::default() }
}

async fn end(
    node: &Node,
    case: &Case,
    command: Command,
    said: EffectAnswer,
    job: &Job,
) -> Result<(), Error> {
    let act = Act::new(case.id, command).with(&said)?.completing(job.lease);
    node.act(&Actor::system(), act).await.map(|_| ())
}

/// The id under which one account is told: the same in every attempt (UUIDv8, RFC 9562).
fn notice_id(effect: EffectId, account: &str) -> records::EffectId {
    let mut digest = Sha256::new();
    digest.update(b"comity notice v1\0");
    digest.update(effect.0.as_bytes());
    digest.update(account.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    records::EffectId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// The accounts in the rows that were disclosed for an ask; or why they cannot be told here.
async fn accounts(
    node: &Node,
    case: &Case,
    ask: AskNumber,
) -> Result<Result<Vec<String>, String>, Error> {
    let catalog = node.records_for(case.request.order.as_ref())?.catalog();
    let numbers = case.request.ask(ask).map(|state| state.exhibits.as_slice()).unwrap_or_default();
    let exhibits = numbers.iter().filter_map(|known| case.exhibits.get(&known.number.0));
    let mut accounts = BTreeSet::new();
    for exhibit in exhibits {
        let ExhibitBody::Table { category, json_sha256, json_bytes, row_count, .. } = &exhibit.body
        else {
            continue;
        };
        let category = category.parse().ok();
        let search = category.and_then(|category| {
            let mut known = catalog.searches_for(category, &[SelectorKind::AccountId]);
            known.find(|search| made(search, exhibit))
        });
        let column = search.and_then(account_column);
        let Some(column) = column.filter(|_| *row_count > 0) else { continue };
        if *json_bytes > EXHIBIT_BYTES_MAX {
            let why = format!("exhibit {} is too large to look through", exhibit.number);
            return Ok(Err(format!("{why}; tell the users by hand")));
        }
        let digest = desk::ids::Digest::from_hex(json_sha256).ok_or(Error::Hidden)?;
        let json = node.store.reader().blob(BlobDigest(digest.0)).await?;
        let table: Table = serde_json::from_slice(&json)
            .map_err(|error| Error::Internal(anyhow::anyhow!("an exhibit is no table: {error}")))?;
        accounts.extend(table.rows.into_iter().filter_map(|mut row| {
            (column < row.len()).then(|| row.swap_remove(column)).and_then(Cell::text)
        }));
        if accounts.len() > ACCOUNTS_COUNT_MAX {
            let why = format!("more than {ACCOUNTS_COUNT_MAX} accounts were disclosed");
            return Ok(Err(format!("{why}; tell the users by hand")));
        }
    }
    if accounts.is_empty() {
        return Ok(Err("no account is named in what was disclosed; tell the user by hand".into()));
    }
    Ok(Ok(accounts.into_iter().collect()))
}

#[derive(Deserialize)]
struct Table {
    rows: Vec<Vec<Cell>>,
}

/// A cell of an exhibit (docs/formats/package.md): text, a truth value, or nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Text(String),
    Truth(#[allow(dead_code, reason = "no account is a truth value")] bool),
    Nothing(()),
}

impl Cell {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Truth(_) | Self::Nothing(()) => None,
        }
    }
}

/// Whether an exhibit is of a search, by what it says of itself.
fn made(search: &Search, exhibit: &Exhibit) -> bool {
    let ExhibitBody::Table { columns, .. } = &exhibit.body else { return false };
    let names = columns.iter().map(|(name, _)| name);
    exhibit.title == search.title && names.eq(search.columns.iter().map(|column| &column.name))
}

fn account_column(search: &Search) -> Option<usize> {
    let mut answers = search.answers_to.iter();
    let answer = answers.find(|answer| answer.kind == SelectorKind::AccountId)?;
    search.columns.iter().position(|column| column.name == answer.column)
}

/// The copy. The same for every account of one language: it names nobody's account, so that a slip
/// of one of the company's systems tells nobody of another.
fn text(node: &Node, case: &Case, ask: AskNumber, voice: &Voice) -> String {
    let say = |key: &str, blanks: &[(&str, &str)]| {
        voice.say(key, None, blanks).unwrap_or_else(|| format!("[{key}]"))
    };
    let directory = node.directory();
    let agency = case.request.agency.and_then(|id| directory.agency(id));
    let authority = agency.map_or_else(
        || say("notice-an-authority", &[]),
        |agency| format!("{} ({})", agency.name, agency.country),
    );
    let delivered = case.history.iter().rev().find_map(|(at, event)| match event {
        Event::Delivered { asks, .. } if asks.contains(&ask) => Some(*at),
        _ => None,
    });
    let state = case.request.ask(ask);
    let numbers = state.map(|state| state.exhibits.as_slice()).unwrap_or_default();
    let titles: BTreeSet<&str> = numbers
        .iter()
        .filter(|known| known.rows > 0)
        .filter_map(|known| case.exhibits.get(&known.number.0))
        .map(|exhibit| exhibit.title.as_str())
        .collect();
    let company = node.config.company.name.as_str();
    let mut lines = vec![
        say("notice-lead", &[("company", company)]),
        String::new(),
        say("notice-to", &[("authority", &authority)]),
    ];
    if let Some(at) = delivered {
        let part = |format: &str| at.strftime(format).to_string();
        let blanks = [
            ("year", part("%Y")),
            ("month", part("%m")),
            ("day", part("%d")),
            ("hour", part("%H")),
            ("minute", part("%M")),
        ];
        let blanks: Vec<(&str, &str)> =
            blanks.iter().map(|(name, value)| (*name, value.as_str())).collect();
        lines.push(say("notice-on", &blanks));
    }
    lines.extend(titles.into_iter().map(|title| say("notice-what", &[("title", title)])));
    if let Some(range) = state.and_then(|state| state.ask.scope()).and_then(|scope| scope.range) {
        let day = |at: jiff::Timestamp| at.strftime("%Y-%m-%d").to_string();
        let (from, until) = (day(range.from), day(range.to));
        lines.push(say("notice-range", &[("from", &from), ("until", &until)]));
    }
    if let Some(received) = &case.received {
        lines.push(say("notice-order", &[("reference", &received.reference)]));
        if !received.legal_basis.is_empty() {
            lines.push(say("notice-law", &[("law", &received.legal_basis)]));
        }
    }
    if let Some(contact) = &node.config.user_notice.contact {
        lines.push(say("notice-questions", &[("contact", contact)]));
    }
    lines.join("\n") + "\n"
}

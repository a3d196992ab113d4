//! The user's copy: what was disclosed about an account, to whom, and whom to ask.
//!
//! Knows no customer's address. The company's own systems reach the user: each account found in
//! the rows that left the house is one call of the catalog's effect `notify_user`, under an id of
//! its own, so that asking twice is telling once. Whether and when a user may be told is the
//! desk's to say (`desk::request::decide::notice`).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
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
use crate::jobs::{LEASE, Task};
use crate::payload::{EffectAnswer, Exhibit, ExhibitBody, UserNotice};
use crate::words::{self, Voice};

/// Accounts that one disclosure tells; more need a person.
const ACCOUNTS_COUNT_MAX: usize = 1_000;
/// Bytes of one exhibit that is looked through for accounts; larger ones need a person.
const EXHIBIT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// One attempt to have the company's systems tell the users of an ask. It goes on where the one
/// before ended: with whom `told` of them says, and never with those whom an earlier effect that
/// failed has told.
///
/// # Errors
/// When the attempt failed and should be made again; the job's back-off says when.
pub async fn attempt(
    node: &Node,
    case: &Case,
    (ask, effect): (AskNumber, EffectId),
    told: usize,
    job: &Job,
) -> Result<(), Error> {
    let accounts = match accounts(node, case, ask).await? {
        Ok(accounts) => accounts,
        Err(why) => return end(node, case, Command::FailEffect { effect }, answer(why), job).await,
    };
    let records = node.records_for(case.request.order.as_ref())?;
    let copies = Copies::of(node, case, ask, &accounts).await?;
    let (mut done, left) = split(case, effect, accounts, told);
    for (number, account) in (told + 1..).zip(left) {
        let wanted = records::Effect {
            id: notice_id(effect, &account),
            kind: records::EffectKind::NotifyUser,
            account: account.clone(),
            asset: None,
            amount: None,
            until: None,
            releases: None,
            notice: Some(copies.text(&account).to_owned()),
        };
        let outcome = match records.request_effect(&wanted).await {
            Ok(outcome) => outcome,
            // The catalog has no such effect: whoever runs the desk learns it from the request.
            Err(error) => Outcome::Failed { retryable: false, why: error.to_string() },
        };
        let why = match outcome {
            Outcome::Confirmed { .. } => {
                // On the disk before the next user is told: whoever takes over, after this process
                // has ended or been fenced off, asks again for one account at most, under its id.
                let body = Task::Effect { ask, effect, told: number };
                let body = serde_json::to_string(&body).context("a task")?;
                node.store.note_progress(job, &body, LEASE).await?;
                done.push(account);
                continue;
            }
            Outcome::Failed { retryable: true, why } if job.attempt < job.attempts_max => {
                return Err(Error::Unavailable(why));
            }
            Outcome::Pending { .. } if job.attempt < job.attempts_max => {
                let why = "the company's system has not taken the notice yet".to_owned();
                return Err(Error::Unavailable(why));
            }
            Outcome::Failed { why, .. } | Outcome::Pending { detail: why } => why,
        };
        let said = if done.is_empty() {
            answer(why)
        } else {
            let detail = format!("{} account(s) told, the others not: {why}", done.len());
            EffectAnswer::told(detail, copies.notices(done))
        };
        return end(node, case, Command::FailEffect { effect }, said, job).await;
    }
    let detail = format!("{} account(s) told", done.len());
    let told = EffectAnswer::told(detail, copies.notices(done));
    end(node, case, Command::ConfirmEffect { effect }, told, job).await
}

/// The users that are told already, and those that are not. Whom a failed effect has told stands
/// with its failure, which changes only when the effect ends; `told` counts from there.
fn split(
    case: &Case,
    effect: EffectId,
    accounts: Vec<String>,
    told: usize,
) -> (Vec<String>, Vec<String>) {
    let before = case.told.get(&effect);
    let is_told = |account: &String| before.is_some_and(|told| told.contains(account));
    let (mut done, mut left): (Vec<String>, Vec<String>) = accounts.into_iter().partition(is_told);
    done.extend(left.drain(..told.min(left.len())));
    (done, left)
}

/// What users were told by a job that is given up, so that a later one does not tell them again.
///
/// # Errors
/// When the store cannot be read.
pub async fn told_so_far(
    node: &Node,
    case: &Case,
    (ask, effect): (AskNumber, EffectId),
    told: usize,
) -> Result<Vec<UserNotice>, Error> {
    if told == 0 {
        return Ok(Vec::new());
    }
    let Ok(accounts) = accounts(node, case, ask).await? else { return Ok(Vec::new()) };
    let copies = Copies::of(node, case, ask, &accounts).await?;
    let (accounts, _) = split(case, effect, accounts, told);
    Ok(copies.notices(accounts))
}

/// What each account is told, in its language.
struct Copies {
    languages: BTreeMap<String, &'static str>,
    otherwise: Option<&'static str>,
    texts: BTreeMap<Option<&'static str>, String>,
}

impl Copies {
    async fn of(
        node: &Node,
        case: &Case,
        ask: AskNumber,
        accounts: &[String],
    ) -> Result<Self, Error> {
        let records = node.records_for(case.request.order.as_ref())?;
        // The act of telling does not wait for a language: without one, the copy is in all.
        let languages = records.languages(accounts).await.unwrap_or_else(|error| {
            tracing::warn!("The languages of accounts could not be looked up: {error}");
            BTreeMap::new()
        });
        let known = |(account, tag): (String, String)| Some((account, words::known(&tag)?));
        let languages: BTreeMap<_, _> = languages.into_iter().filter_map(known).collect();
        let otherwise = node.config.user_notice.language.map(MailLanguage::code);
        let spoken = languages.values().copied().map(Some).chain([otherwise]);
        let texts = spoken.map(|language| {
            let copies = words::notices(language).into_iter();
            let copies: Vec<String> = copies.map(|voice| text(node, case, ask, voice)).collect();
            (language, copies.join("\n"))
        });
        let texts = texts.collect();
        Ok(Self { languages, otherwise, texts })
    }

    fn language(&self, account: &str) -> Option<&'static str> {
        self.languages.get(account).copied().or(self.otherwise)
    }

    fn text(&self, account: &str) -> &str {
        self.texts.get(&self.language(account)).map_or("", String::as_str)
    }

    /// What was told to some accounts, by language.
    fn notices(&self, mut told: Vec<String>) -> Vec<UserNotice> {
        told.sort_unstable();
        let mut notices = BTreeMap::<Option<&'static str>, UserNotice>::new();
        for account in told {
            let language = self.language(&account);
            let notice = notices.entry(language).or_insert_with(|| UserNotice {
                accounts: Vec::new(),
                text: self.text(&account).to_owned(),
                language: language.map(str::to_owned),
            });
            notice.accounts.push(account);
        }
        notices.into_values().collect()
    }
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

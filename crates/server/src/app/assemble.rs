//! Putting the answers to some asks into one package, and making that package again.
//!
//! A package is a function of the case, the configuration and what was written down when it was
//! assembled. So it is not stored until it is sealed: it is made again, and its tag manifest must
//! have the digest that was approved. Anything that changed in between shows as a refusal.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use desk::ids::{ActorId, AskNumber, Digest, RequestId};
use desk::policy::Actor;
use desk::request::{Answer, Command, Event, Outcome};
use evidence::bag::Bag;
use evidence::digest::{Digests, Sha256, Sha512};
use evidence::package::{
    ApprovalFiles, AskAnswer, Authentication, CustodianStatement, CustodyStep, Entity, Exhibit,
    ExhibitFacts, Name, OrderFile, PackageInput, Purpose, ReportWanted, RequestFacts, TimeRange,
    TraceExhibit, Withheld,
};
use evidence::table::{Column, ColumnKind};

use super::case::Case;
use super::files::SmallFiles;
use super::{Act, Done, Node};
use crate::error::Error;
use crate::payload;
use crate::wrong::Wrong;

/// One ask's answer, as the analyst words it.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What the answer amounts to.
    pub answer: Answer,
    /// One sentence for the authority.
    pub text: String,
}

impl Node {
    /// Assembles a package; another person must approve exactly this one.
    ///
    /// # Errors
    /// As any act; [`Error::Input`] when an exhibit or statement is missing.
    pub async fn assemble(
        &self,
        actor: &Actor,
        request: RequestId,
        statements: &[Statement],
        report: bool,
    ) -> Result<(Done, Sha256), Error> {
        self.may(actor, desk::policy::Action::Assemble, request).await?;
        if statements.is_empty() {
            return Err(Error::wrong("answers", Wrong::NothingAnswered));
        }
        let case = self.case(request).await?;
        // What the scanner has not looked at does not travel on.
        for file in case.received.iter().flat_map(|received| &received.files) {
            if self.scanner.is_some() && file.scanned.is_none() {
                self.instrument_file(file).await?;
            }
        }
        let notes = self.notes(&case, actor, statements, report);
        let answers: Vec<Answer> = statements.iter().map(|s| s.answer.clone()).collect();
        let bag = self.bag(&case, &notes, &answers).await?;
        let tagmanifest = bag.tagmanifest_sha256();
        let command = Command::Assemble { answers, tagmanifest_sha256: Digest(tagmanifest.0) };
        let done = self.act(actor, Act::new(request, command).with(&notes)?).await?;
        self.bags.keep(bag);
        Ok((done, tagmanifest))
    }

    /// What must be written down so that the package can be made again.
    fn notes(
        &self,
        case: &Case,
        actor: &Actor,
        statements: &[Statement],
        report: bool,
    ) -> payload::Assembled {
        let directory = self.directory();
        let asks: Vec<AskNumber> = statements.iter().map(|s| s.answer.ask).collect();
        let exhibits: Vec<u16> = case
            .request
            .asks
            .iter()
            .filter(|ask| asks.contains(&ask.number))
            .flat_map(|ask| ask.exhibits.iter().map(|exhibit| exhibit.number.0))
            .filter(|number| case.exhibits.contains_key(number))
            .collect();
        let operators = exhibits
            .iter()
            .filter_map(|number| Some((*number, directory.name(*case.operators.get(number)?))))
            .collect();
        let agency = case.request.agency.and_then(|id| directory.agency(id));
        let sealed_before = u16::try_from(case.sealed.len()).unwrap_or(u16::MAX);
        payload::Assembled {
            package_number: sealed_before.saturating_add(1),
            made_at: self.now(),
            statements: statements
                .iter()
                .map(|statement| (statement.answer.ask.0, statement.text.clone()))
                .collect(),
            exhibits,
            report,
            custody: custody(case, &|actor| directory.name(actor)),
            agency_name: agency.map_or_else(String::new, |agency| agency.name.clone()),
            operators,
            assembled_by: directory.name(actor.id),
            approvals_count: case.approvals.len(),
            files_count: case.received.as_ref().map(|received| received.files.len()),
        }
    }

    /// Makes the package that the notes describe. Same notes, same bytes.
    ///
    /// # Errors
    /// When a file is missing or was erased, or a name cannot stand in a package.
    pub async fn bag(
        &self,
        case: &Case,
        notes: &payload::Assembled,
        answers: &[Answer],
    ) -> Result<Bag<'static>, Error> {
        let received =
            case.received.as_ref().ok_or_else(|| Error::wrong("request", Wrong::PayloadErased))?;
        let small = self.small_files(case, notes, received).await?;
        let mut order = Vec::with_capacity(received.files.len());
        for file in received.files.iter().take(notes.files_count.unwrap_or(usize::MAX)) {
            order.push(OrderFile {
                name: name(&file.name)?,
                original_name: file.original_name.clone(),
                media_type: file.media_type.clone(),
                content: self.content(&small, &file.sha256, None).await?,
            });
        }
        let fiction = self.fiction(case);
        let (mut exhibits, mut traces) = (Vec::new(), Vec::new());
        for number in &notes.exhibits {
            let exhibit = case
                .exhibits
                .get(number)
                .ok_or_else(|| Error::wrong(format!("exhibit {number}"), Wrong::ExhibitErased))?;
            match &exhibit.body {
                payload::ExhibitBody::Table { .. } => {
                    exhibits.push(self.table(&small, exhibit, notes, fiction.as_ref()).await?);
                }
                payload::ExhibitBody::Trace { .. } | payload::ExhibitBody::AccountTrace { .. } => {
                    traces.push(self.trace_exhibit(&small, exhibit, notes).await?);
                }
            }
        }
        let input = PackageInput {
            name: name(&package_name(case.id, notes.package_number))?,
            request: self.request_facts(case, notes, received)?,
            answers: ask_answers(case, notes, answers),
            order,
            authentication: authentication(case, notes)?,
            exhibits,
            traces,
            entities: entities(case, notes),
            custody: notes
                .custody
                .iter()
                .map(|(at, act, by)| CustodyStep { at: *at, act: act.clone(), by: by.clone() })
                .collect(),
            custodian: self.custodian(),
            made_at: notes.made_at,
            tool_version: format!("comity {}", env!("CARGO_PKG_VERSION")),
            report: if notes.report { ReportWanted::Pdf } else { ReportWanted::None },
        };
        // Rendering takes milliseconds of pure computation; it must not hold up other answers, and
        // each one under way holds megabytes.
        let _turn = self.package_turns.acquire().await.context("the node is closing")?;
        tokio::task::spawn_blocking(move || Bag::build(input))
            .await
            .context("assembling was interrupted")?
            .map_err(|error| Error::Internal(error.into()))
    }

    async fn table(
        &self,
        small: &SmallFiles,
        exhibit: &payload::Exhibit,
        notes: &payload::Assembled,
        fiction: Option<&String>,
    ) -> Result<Exhibit<'static>, Error> {
        let payload::ExhibitBody::Table {
            category,
            source,
            query,
            snapshot_at,
            row_count,
            time_range,
            withheld,
            columns,
            csv_sha256,
            csv_sha512,
            csv_bytes,
            json_sha256,
            json_sha512,
            json_bytes,
        } = &exhibit.body
        else {
            return Err(Error::Hidden);
        };
        let facts = ExhibitFacts {
            number: exhibit.number,
            title: exhibit.title.clone(),
            category: category.clone(),
            source_system: source.clone(),
            query_text: query.clone(),
            query_sha256: Sha256::of(query.as_bytes()),
            snapshot_at: *snapshot_at,
            row_count: *row_count,
            time_range: time_range.map(|(from, to)| TimeRange { from, to }),
            withheld: withheld
                .iter()
                .map(|(row_count, reason)| Withheld {
                    row_count: *row_count,
                    reason: reason.clone(),
                })
                .collect(),
            operator: operator(notes, exhibit.number),
            approver: None,
            fiction: fiction.cloned(),
        };
        let csv = digests(*csv_bytes, csv_sha256, csv_sha512)?;
        let json = digests(*json_bytes, json_sha256, json_sha512)?;
        Ok(Exhibit {
            facts,
            columns: columns.iter().map(column).collect::<Result<_, _>>()?,
            csv: self.content(small, csv_sha256, Some(csv)).await?,
            json: self.content(small, json_sha256, Some(json)).await?,
        })
    }

    async fn trace_exhibit(
        &self,
        small: &SmallFiles,
        exhibit: &payload::Exhibit,
        notes: &payload::Assembled,
    ) -> Result<TraceExhibit<'static>, Error> {
        let (payload::ExhibitBody::Trace {
            engine, inputs, json_sha256, svg_sha256, fiction, ..
        }
        | payload::ExhibitBody::AccountTrace {
            engine,
            inputs,
            json_sha256,
            svg_sha256,
            fiction,
            ..
        }) = &exhibit.body
        else {
            return Err(Error::Hidden);
        };
        Ok(TraceExhibit {
            number: exhibit.number,
            title: exhibit.title.clone(),
            engine: engine.clone(),
            inputs: inputs.clone(),
            operator: operator(notes, exhibit.number),
            approver: None,
            fiction: fiction.then(|| {
                let note = "the attribution of addresses to accounts is made up";
                self.config.company.fiction.clone().unwrap_or_else(|| note.to_owned())
            }),
            json: self.content(small, json_sha256, None).await?,
            svg: self.content(small, svg_sha256, None).await?,
        })
    }

    fn request_facts(
        &self,
        case: &Case,
        notes: &payload::Assembled,
        received: &payload::Received,
    ) -> Result<RequestFacts, Error> {
        let order = case.request.order.as_ref().context("a request without an order")?;
        let scopes = || order.asks.iter().filter_map(|ask| ask.scope());
        let range = scopes().find_map(|scope| scope.range);
        let categories: BTreeSet<_> =
            scopes().flat_map(|scope| scope.categories.iter().copied()).collect();
        Ok(RequestFacts {
            request_id: case.id.0,
            package_number: notes.package_number,
            company_name: self.config.company.name.clone(),
            agency_name: notes.agency_name.clone(),
            agency_reference: received.reference.clone(),
            instrument: order.instrument.as_str().replace('_', " "),
            instrument_number: None,
            legal_basis: stated(&received.legal_basis),
            issued_at: order
                .issued_on
                .to_zoned(jiff::tz::TimeZone::UTC)
                .ok()
                .map(|zoned| zoned.timestamp()),
            received_at: case.request.received_at.context("a request that was never received")?,
            time_range: range.map(|range| TimeRange { from: range.from, to: range.to }),
            categories: categories.iter().map(|c| c.as_str().to_owned()).collect(),
            purpose: if order.is_test { Purpose::Practice } else { Purpose::Case },
        })
    }

    fn custodian(&self) -> CustodianStatement {
        let custodian = &self.config.company.custodian;
        CustodianStatement {
            name: custodian.name.clone(),
            post: custodian.post.clone(),
            qualification: custodian.qualification.clone(),
            process: custodian.process.clone(),
            accuracy: custodian.accuracy.clone(),
            practice: custodian.practice.clone(),
            declaration: custodian.declaration.clone(),
            place: custodian.place.clone(),
        }
    }
}

/// `<request>-<n>`: the name of a package.
#[must_use]
pub fn package_name(request: RequestId, number: u16) -> String {
    format!("{request}-{number}")
}

/// The answers that a package of these asks gives, read back from the record.
#[must_use]
pub fn answers_of(case: &Case, asks: &[AskNumber]) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for (_, event) in &case.history {
        if let Event::OutcomeRecorded { ask, outcome, missing, .. } = event {
            answers.retain(|answer| answer.ask != *ask);
            if asks.contains(ask) {
                let (ask, outcome, missing) = (*ask, *outcome, missing.clone());
                answers.push(Answer { ask, outcome, missing });
            }
        }
    }
    answers.sort_by_key(|answer| answer.ask);
    answers
}

fn ask_answers(case: &Case, notes: &payload::Assembled, answers: &[Answer]) -> Vec<AskAnswer> {
    let mut list: Vec<AskAnswer> = answers
        .iter()
        .filter_map(|answer| {
            let state = case.request.ask(answer.ask)?;
            let statement = notes
                .statements
                .iter()
                .find(|(ask, _)| *ask == answer.ask.0)
                .map_or_else(String::new, |(_, text)| text.clone());
            let outcome = match answer.outcome {
                Outcome::Full => evidence::package::Outcome::Full { statement },
                Outcome::Partial => evidence::package::Outcome::Partial { statement },
                Outcome::NoData => evidence::package::Outcome::Negative { statement },
            };
            let exhibits = state
                .exhibits
                .iter()
                .map(|exhibit| exhibit.number.0)
                .filter(|number| notes.exhibits.contains(number))
                .collect();
            let kind = state.kind().as_str().to_owned();
            Some(AskAnswer { number: answer.ask.0, kind, outcome, exhibits })
        })
        .collect();
    list.sort_by_key(|answer| answer.number);
    list
}

/// What proves the sender, with the approvals that were there when the package was assembled.
fn authentication(case: &Case, notes: &payload::Assembled) -> Result<Authentication, Error> {
    let order = case.request.order.as_ref().context("a request without an order")?;
    Ok(match order.authentication {
        desk::order::Authentication::None => Authentication::None,
        desk::order::Authentication::ByChannel => Authentication::ByChannel,
        desk::order::Authentication::Signed => {
            let approvals = case.approvals.iter().take(notes.approvals_count);
            let files = approvals.map(|approval| ApprovalFiles {
                request: approval.request.clone().into_bytes(),
                assertion: approval.assertion.clone().into_bytes(),
                enrolment: approval.enrolment.clone().into_bytes(),
            });
            Authentication::Signed(files.collect())
        }
    })
}

/// Accounts and addresses that the trace exhibits name.
fn entities(case: &Case, notes: &payload::Assembled) -> Vec<Entity> {
    let mut entities = Vec::new();
    let mut accounts = BTreeSet::new();
    for number in &notes.exhibits {
        let reached: Vec<(&String, &String)> = match case.exhibits.get(number).map(|one| &one.body)
        {
            Some(payload::ExhibitBody::Trace { reached, .. }) => {
                reached.iter().map(|reached| (&reached.account, &reached.address)).collect()
            }
            Some(payload::ExhibitBody::AccountTrace { reached, .. }) => {
                reached.iter().map(|reached| (&reached.account, &reached.address)).collect()
            }
            Some(payload::ExhibitBody::Table { .. }) | None => continue,
        };
        for (account, address) in reached {
            if accounts.insert(account.clone()) {
                entities.push(Entity::Account {
                    identifier: account.clone(),
                    login: None,
                    is_active: None,
                    exhibit: *number,
                });
            }
            entities.push(Entity::Address {
                value: address.clone(),
                description: "deposit address".to_owned(),
                account: Some(account.clone()),
                exhibit: *number,
            });
        }
    }
    entities
}

/// The custody list: what was done with the request, by whom.
fn custody(
    case: &Case,
    name: &dyn Fn(ActorId) -> String,
) -> Vec<(jiff::Timestamp, String, String)> {
    let mut answers = BTreeMap::new();
    let steps = case.history.iter().filter_map(|(at, event)| {
        let (act, by) = match event {
            Event::EffectConfirmed { ask, effect, .. } => {
                answers.insert(*ask, case.confirmed.get(effect));
                return None;
            }
            Event::Received { by, .. } => ("order received".to_owned(), *by),
            Event::IdentityVerified { method, by } => (format!("sender proven by {method}"), *by),
            Event::LegalAccepted { ask, by, .. } => (format!("ask {ask} accepted in law"), *by),
            Event::SearchStarted { ask, by } => (format!("search for ask {ask} begun"), *by),
            Event::ExhibitAdded { exhibit, rows, by, .. } => {
                (format!("exhibit {exhibit} taken, {rows} rows"), *by)
            }
            Event::Preserved { ask, rows, by, .. } => {
                (format!("ask {ask}: {rows} rows copied for preservation"), *by)
            }
            Event::Frozen { ask, asset, amount, .. } => {
                // The confirmation stands in the log just before the freeze that it brought about.
                let confirmed = answers.get(ask).copied().flatten().and_then(|said| said.amount);
                let held = confirmed
                    .map(|held| format!("; the records confirmed {held} held"))
                    .unwrap_or_default();
                let ordered = format!("freeze in force, at most {amount} units of {asset} ordered");
                (format!("ask {ask}: {ordered}{held}"), ActorId::System)
            }
            _ => return None,
        };
        Some((*at, act, name(by)))
    });
    steps.collect()
}

/// A text as the authority gave it, or that it gave none.
fn stated(text: &str) -> String {
    if text.is_empty() {
        "not stated apart from the instrument".to_owned()
    } else {
        text.to_owned()
    }
}

fn operator(notes: &payload::Assembled, number: u16) -> String {
    let found = notes.operators.iter().find(|(exhibit, _)| *exhibit == number);
    found.map_or_else(String::new, |(_, name)| name.clone())
}

fn name(text: &str) -> Result<Name, Error> {
    Name::new(text).map_err(|error| Error::Internal(error.into()))
}

fn column((name, kind): &(String, String)) -> Result<Column, Error> {
    let kind = match kind.as_str() {
        "text" => ColumnKind::Text,
        "integer" => ColumnKind::Integer,
        "amount" => ColumnKind::Amount,
        "time" => ColumnKind::Time,
        "boolean" => ColumnKind::Boolean,
        other => return Err(Error::Internal(anyhow::anyhow!("column kind {other:?}"))),
    };
    Ok(Column { name: name.clone(), kind })
}

fn digests(bytes: u64, sha256: &str, sha512: &str) -> Result<Digests, Error> {
    let mut digests = Digests { bytes, sha256: Sha256([0; 32]), sha512: Sha512([0; 64]) };
    hex::decode_to_slice(sha256, &mut digests.sha256.0).context("a SHA-256 is not hex")?;
    hex::decode_to_slice(sha512, &mut digests.sha512.0).context("a SHA-512 is not hex")?;
    Ok(digests)
}

//! Following the money of a request, and what it reaches in this company.
//!
//! Knows no policy of its own: the walk is `trace`'s, the attribution the catalog's.

use chain::account::Hash256;
use chain::{Txid, Utxo};
use desk::policy::{Action, Actor, Facts, permit_read};
use records::{Selector, SelectorKind};
use trace::{Parameters, Policy, Source, Tag};

mod accounts;
mod keep;

pub use accounts::AccountQuestion;
pub use keep::{Place, digest};

use super::Node;
use super::blocks::Chain;
use crate::error::Error;
use crate::payload::{Exhibit, ExhibitBody, ReachedAccount};
use crate::wrong::Wrong;

/// Hops that are followed to find addresses of this company.
const LOOK_HOPS_MAX: u32 = 64;

/// A trace made for a request.
pub struct Traced {
    /// Exhibit JSON, replayable.
    pub json: Vec<u8>,
    /// The picture.
    pub svg: Vec<u8>,
    /// Title for people.
    pub title: String,
    /// Digests of the blocks, as `name sha256`.
    pub inputs: Vec<String>,
    /// Deposit addresses of this company that the money reached.
    pub reached: TracedReach,
    /// Whether attributions in it are made up.
    pub fiction: bool,
}

/// What a trace reached in this company.
#[derive(Clone, Debug)]
pub enum TracedReach {
    /// By outputs.
    Outputs(Vec<Reached>),
    /// By payments on a chain of accounts.
    Accounts(Vec<ReachedAccount>),
}

/// A deposit address that the money reached.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The output, `txid:vout`.
    pub output: String,
    /// The address.
    pub address: String,
    /// The account it belongs to.
    pub account: Selector,
    /// Transactions from the source.
    pub hop: u32,
    /// Value of the output in satoshis.
    pub value: u64,
    /// How much of it is tainted.
    pub taint: u64,
}

/// What the title of a trace begins with; the transaction follows.
pub const TITLE: &str = "Forward trace from ";

/// The label of the company's own deposit addresses.
#[must_use]
pub fn own_label(company: &str) -> String {
    format!("deposit address of {company}")
}

impl Node {
    /// Follows one transaction's money through every chain of this node that has it, and says which
    /// of it reached this company; on chains of accounts once for each asset that it pays in.
    ///
    /// Each runs twice: once without tags to learn the addresses, which the catalog is then asked
    /// about, and once with the company's own deposit addresses as boundaries.
    ///
    /// # Errors
    /// When a chain or a source cannot be read.
    pub async fn traces(&self, txid: &Selector) -> Result<Vec<Traced>, Error> {
        let mut traces: Vec<Traced> = self.trace(txid).await?.into_iter().collect();
        if let Some(hash) = Hash256::from_hex(txid.value()) {
            traces.extend(self.account_traces(hash).await?);
        }
        Ok(traces)
    }

    async fn trace(&self, txid: &Selector) -> Result<Option<Traced>, Error> {
        let Some(blocks) = &self.chain else { return Ok(None) };
        let view = &blocks.now().map_err(Error::Internal)?;
        let id: Txid = txid
            .value()
            .parse()
            .map_err(|error: chain::ParseIdError| Error::Internal(error.into()))?;
        if view.transaction(&id).is_none() {
            return Ok(None);
        }
        let mut parameters = Parameters::new(Source { txid: id, vout: None }, Policy::Haircut);
        parameters.limits.hops_max = LOOK_HOPS_MAX;
        let title = format!("{TITLE}{}", txid.value());
        Ok(Some(self.written(view, parameters, title).await?))
    }

    /// Runs a trace with the company's own deposit addresses as boundaries and writes it down.
    async fn written(
        &self,
        view: &Chain<'_>,
        parameters: Parameters,
        title: String,
    ) -> Result<Traced, Error> {
        let (parameters, owners) = self.with_own_tags(view, parameters).await?;
        let traced = trace::run(view, &parameters).map_err(fault)?;
        let reached = traced
            .reached()
            .into_iter()
            .filter_map(|reached| {
                let owner = owners.iter().find(|owner| owner.address.value() == reached.address)?;
                Some(Reached {
                    output: reached.output.to_string(),
                    address: reached.address.clone(),
                    account: owner.account.clone(),
                    hop: reached.hop,
                    value: reached.value.0,
                    taint: reached.taint.0,
                })
            })
            .collect();
        Ok(Traced {
            json: trace::exhibit(&traced),
            svg: trace::svg::svg(&traced).into_bytes(),
            title,
            inputs: view.inputs(),
            reached: TracedReach::Outputs(reached),
            fiction: self.config.company.fiction.is_some(),
        })
    }
}

/// A trace through whatever blocks the node has.
pub type FollowedTrace<'a> = trace::Trace<'a, Chain<'a>>;

/// What somebody wants followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Where the money came from.
    pub source: Source,
    /// Under which rule.
    pub policy: Policy,
    /// How far.
    pub limits: trace::Limits,
}

impl Question {
    fn parameters(&self) -> Parameters {
        let mut parameters = Parameters::new(self.source, self.policy);
        parameters.limits = self.limits;
        parameters
    }
}

impl Node {
    /// Notes in the read audit that somebody follows money, or [`Error::Hidden`].
    async fn may_follow(&self, actor: &Actor) -> Result<(), Error> {
        permit_read(actor, Action::FollowMoney, &Facts::default()).ok_or(Error::Hidden)?;
        let audit = store::ReadAudit {
            actor: crate::view::actor_uuid(actor.id),
            stream: None,
            action: Action::FollowMoney.as_str().to_owned(),
        };
        Ok(self.store.audit_read(audit).await?)
    }

    /// Follows money through the node's blocks for a person, with the company's own deposit
    /// addresses as boundaries, and hands the trace to `tell`. The read is noted in the read
    /// audit, because those addresses come from the company's records.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right; [`Error::Input`] when the node has no blocks, the
    /// transaction is not in them, or the trace cannot be run; or the store cannot be read.
    pub async fn follow<T>(
        &self,
        actor: &Actor,
        question: &Question,
        tell: impl FnOnce(&FollowedTrace<'_>) -> T,
    ) -> Result<T, Error> {
        self.may_follow(actor).await?;
        let Some(blocks) = &self.chain else {
            return Err(Error::wrong("from", Wrong::NoBlocks));
        };
        let view = &blocks.now().map_err(Error::Internal)?;
        let parameters = question.parameters();
        trace::flow::request(view, &parameters).map_err(refused)?;
        let (parameters, _) = self.with_own_tags(view, parameters).await?;
        let traced = trace::run(view, &parameters).map_err(refused)?;
        Ok(tell(&traced))
    }

    /// The same parameters with the company's own deposit addresses as boundaries: a first run
    /// learns the addresses, and the catalog is asked about them.
    async fn with_own_tags(
        &self,
        view: &Chain<'_>,
        mut parameters: Parameters,
    ) -> Result<(Parameters, Vec<records::Owner>), Error> {
        let first = trace::flow::follow(view, &parameters).map_err(fault)?;
        let outputs = first.hops.iter().flat_map(|hop| &hop.outputs);
        let addresses: Vec<Selector> = outputs
            .filter_map(|output| output.address.as_deref())
            .filter_map(|address| Selector::read(SelectorKind::Address, address).ok())
            .collect();
        let owners = self.owners_of(&addresses).await?;
        for owner in &owners {
            parameters.tags.insert(owner.address.value().to_owned(), self.own_tag());
        }
        Ok((parameters, owners))
    }

    /// Which of these addresses are deposit addresses of this company.
    async fn owners_of(&self, addresses: &[Selector]) -> Result<Vec<records::Owner>, Error> {
        match self.records.owners(addresses).await {
            Ok(owners) => Ok(owners),
            // A company without deposit addresses of its own has no such boundary.
            Err(records::SearchError::NotInCatalog { .. }) => Ok(Vec::new()),
            Err(error) => Err(Error::Internal(error.into())),
        }
    }

    fn own_tag(&self) -> Tag {
        let company = &self.config.company;
        Tag {
            label: own_label(&company.name),
            source: format!("{}, own records", company.name),
            fiction: company.fiction.is_some(),
        }
    }
}

fn fault(error: trace::TraceError) -> Error {
    Error::Internal(error.into())
}

/// What a person asked and no trace can answer.
fn refused(error: trace::TraceError) -> Error {
    Error::wrong("from", Wrong::from(error))
}

impl Traced {
    /// The payload of the exhibit, once its files have names.
    #[must_use]
    pub fn exhibit(&self, number: u16, json_sha256: String, svg_sha256: String) -> Exhibit {
        let engine = format!("comity trace {}", trace::ENGINE_VERSION);
        let (inputs, fiction) = (self.inputs.clone(), self.fiction);
        let body = match &self.reached {
            TracedReach::Outputs(reached) => {
                let reached = reached.iter().map(Reached::payload).collect();
                ExhibitBody::Trace { engine, inputs, json_sha256, svg_sha256, reached, fiction }
            }
            TracedReach::Accounts(reached) => {
                let reached = reached.clone();
                ExhibitBody::AccountTrace {
                    engine,
                    inputs,
                    json_sha256,
                    svg_sha256,
                    reached,
                    fiction,
                }
            }
        };
        Exhibit { number, title: self.title.clone(), body }
    }

    /// The accounts of this company that the money reached, by the company's own ids.
    #[must_use]
    pub fn accounts(&self) -> Vec<Selector> {
        match &self.reached {
            TracedReach::Outputs(reached) => {
                reached.iter().map(|reached| reached.account.clone()).collect()
            }
            TracedReach::Accounts(reached) => reached
                .iter()
                .filter_map(|one| Selector::read(SelectorKind::AccountId, &one.account).ok())
                .collect(),
        }
    }
}

impl Reached {
    fn payload(&self) -> crate::payload::Reached {
        crate::payload::Reached {
            output: self.output.clone(),
            address: self.address.clone(),
            account: self.account.value().to_owned(),
            hop: self.hop,
            value_satoshi: self.value,
            taint_satoshi: self.taint,
        }
    }
}

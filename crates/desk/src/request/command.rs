//! What can be asked of the desk. Knows not who asks: the permit says that.

use crate::ids::{AgencyId, AskNumber, Digest, EffectId, ExhibitNumber, KeyId, RequestId, StaffId};
use crate::order::{DataCategory, Order};
use crate::policy::Action;
use crate::request::event::{HoldReason, IdentityMethod, MissingReason, Outcome, RefusalCode};
use crate::suspicion::Assessment;

/// One act upon a request. What is personal in it never comes here; the shell keeps it in the
/// payload of the event that the act yields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the event that the command yields")]
pub enum Command {
    /// File an instrument. `key` is the key that sent it, none for post or mail.
    Receive {
        request: RequestId,
        agency: Option<AgencyId>,
        key: Option<KeyId>,
        order: Box<Order>,
        instrument_sha256: Digest,
    },
    /// Note what a look for signs of fraud found.
    Assess { assessment: Box<Assessment> },
    /// Take up the question who sent it.
    StartIdentityCheck,
    /// Say how the sender was proven.
    VerifyIdentity { method: IdentityMethod },
    /// Accept an ask in law, naming each reason against it that is knowingly set aside.
    AcceptLegal { ask: AskNumber, despite: Vec<RefusalCode> },
    /// Ask the authority to clarify or correct.
    RequestInformation { ask: AskNumber, codes: Vec<RefusalCode> },
    /// Clarify; with the whole corrected order when its facts changed.
    ProvideInformation { ask: AskNumber, order: Option<Box<Order>> },
    /// Stop an ask for an authority or a court.
    Hold { ask: AskNumber, reason: HoldReason },
    /// Let it go on.
    EndHold { ask: AskNumber },
    /// Note that the enforcing authority raises no ground for refusal.
    ClearByAuthority { ask: AskNumber },
    /// Begin to search.
    StartSearch { ask: AskNumber },
    /// Add the rows of one search.
    AddExhibit {
        ask: AskNumber,
        exhibit: ExhibitNumber,
        category: DataCategory,
        exhibit_sha256: Digest,
        rows: u64,
        withheld: u64,
    },
    /// Put the answers into one package.
    Assemble { answers: Vec<Answer>, tagmanifest_sha256: Digest },
    /// Send a package back to the analyst.
    ReturnPackage { asks: Vec<AskNumber> },
    /// Approve exactly this package.
    Approve { asks: Vec<AskNumber>, tagmanifest_sha256: Digest },
    /// Note that the package was signed and logged.
    Seal {
        asks: Vec<AskNumber>,
        tagmanifest_sha256: Digest,
        p7s_sha256: Digest,
        tsr_sha256: Option<Digest>,
        chain_sha256: Digest,
    },
    /// Hand the package over.
    Deliver { asks: Vec<AskNumber>, package_sha256: Digest, encrypted_sha256: Digest },
    /// Say that it arrived.
    Acknowledge { asks: Vec<AskNumber>, package_sha256: Digest },
    /// Put an ask away.
    Close { ask: AskNumber },
    /// Refuse an ask.
    Refuse { ask: AskNumber, code: RefusalCode },
    /// Take an ask back.
    Withdraw { ask: AskNumber },
    /// Say that what was received under a withdrawn ask is deleted.
    ConfirmDeletion { ask: AskNumber },
    /// Note that matching rows were copied into an encrypted exhibit.
    Preserve { ask: AskNumber, exhibit: ExhibitNumber, exhibit_sha256: Digest, rows: u64 },
    /// Keep the copy longer.
    Extend { ask: AskNumber },
    /// Link the order for the preserved rows.
    Link { ask: AskNumber, order_sha256: Digest },
    /// End a preservation, a freeze or an ask to keep silent before its time.
    Release { ask: AskNumber },
    /// Order the company's systems to freeze.
    Freeze { ask: AskNumber },
    /// Link the order that confirms a freeze; its facts stand in the request's order.
    ConfirmFreeze { ask: AskNumber, order_sha256: Digest, until: Option<jiff::Timestamp> },
    /// Order the company's systems to release a freeze, as an accepted Unfreeze ask wants.
    Unfreeze { ask: AskNumber },
    /// Note that an effect took place.
    ConfirmEffect { effect: EffectId },
    /// Note that an effect failed.
    FailEffect { effect: EffectId },
    /// Try a failed effect again, under the same name.
    RetryEffect { effect: EffectId },
    /// Review an emergency answer as a third person.
    ReviewEmergency { ask: AskNumber, justified: bool },
    /// Link the order that an emergency went before.
    ReceiveExPostOrder { ask: AskNumber, order_sha256: Digest },
    /// Mark a key as suspected of fraud.
    MarkKey { key: KeyId },
    /// Take the mark away.
    ClearKey { key: KeyId },
    /// Put a message on the record.
    PostMessage { ask: Option<AskNumber> },
    /// Say who works on it; nobody when absent.
    Assign { to: Option<StaffId> },
    /// Keep the personal data for another time than the rule pack says, in days; for the rule
    /// pack's own again when there is none.
    SetRetention { days: Option<u16> },
    /// Note that the personal data was erased, because the rule pack's time for it is over.
    Erase,
    /// Record what time alone has done: lapses, expiries, breaches.
    Tick,
}

/// What is said about one ask in a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The ask.
    pub ask: AskNumber,
    /// What the answer amounts to.
    pub outcome: Outcome,
    /// What is missing and why; empty unless partial.
    pub missing: Vec<MissingReason>,
}

impl Command {
    /// The action that needs to be permitted.
    pub const fn action(&self) -> Action {
        match self {
            Self::Receive { .. } => Action::Receive,
            Self::Assess { .. } => Action::Assess,
            Self::StartIdentityCheck => Action::StartIdentityCheck,
            Self::VerifyIdentity { .. } => Action::VerifyIdentity,
            Self::AcceptLegal { .. } => Action::AcceptLegal,
            Self::RequestInformation { .. } => Action::RequestInformation,
            Self::ProvideInformation { .. } => Action::ProvideInformation,
            Self::Hold { .. } => Action::Hold,
            Self::EndHold { .. } => Action::EndHold,
            Self::ClearByAuthority { .. } => Action::ClearByAuthority,
            Self::StartSearch { .. } => Action::StartSearch,
            Self::AddExhibit { .. } => Action::AddExhibit,
            Self::Assemble { .. } => Action::Assemble,
            Self::ReturnPackage { .. } => Action::ReturnPackage,
            Self::Approve { .. } => Action::Approve,
            Self::Seal { .. } => Action::Seal,
            Self::Deliver { .. } => Action::Deliver,
            Self::Acknowledge { .. } => Action::Acknowledge,
            Self::Close { .. } => Action::Close,
            Self::Refuse { .. } => Action::Refuse,
            Self::Withdraw { .. } => Action::Withdraw,
            Self::ConfirmDeletion { .. } => Action::ConfirmDeletion,
            Self::Preserve { .. } => Action::Preserve,
            Self::Extend { .. } => Action::Extend,
            Self::Link { .. } => Action::Link,
            Self::Release { .. } => Action::Release,
            Self::Freeze { .. } => Action::Freeze,
            Self::ConfirmFreeze { .. } => Action::ConfirmFreeze,
            Self::Unfreeze { .. } => Action::Unfreeze,
            Self::ConfirmEffect { .. } => Action::ConfirmEffect,
            Self::FailEffect { .. } => Action::FailEffect,
            Self::RetryEffect { .. } => Action::RetryEffect,
            Self::ReviewEmergency { .. } => Action::ReviewEmergency,
            Self::ReceiveExPostOrder { .. } => Action::ReceiveExPostOrder,
            Self::MarkKey { .. } => Action::MarkKey,
            Self::ClearKey { .. } => Action::ClearKey,
            Self::PostMessage { .. } => Action::PostMessage,
            Self::Assign { .. } => Action::Assign,
            Self::Erase | Self::SetRetention { .. } => Action::ErasePayload,
            Self::Tick => Action::Tick,
        }
    }
}

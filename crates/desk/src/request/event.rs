//! What happened to a request. Knows no personal data: what is personal in an event travels in
//! its payload, which this crate never sees.

use jiff::Timestamp;

use crate::clock::{ClockName, ClockStart, StopReason};
use crate::ids::{
    ActorId, AgencyId, Amount, AskNumber, Asset, Digest, EffectId, ExhibitNumber, KeyId, RequestId,
    StaffId,
};
use crate::order::{DataCategory, Order};
use crate::pack::PackRef;
use crate::suspicion::Assessment;
use crate::words::words;

/// One thing that happened. `by` is who did it; where it is missing, the company's jobs did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are documented in docs/formats/record.md")]
pub enum Event {
    /// An instrument arrived.
    Received {
        request: RequestId,
        agency: Option<AgencyId>,
        key: Option<KeyId>,
        order: Box<Order>,
        instrument_sha256: Digest,
        pack: PackRef,
        by: ActorId,
    },
    /// The request was looked at for signs of fraud, as it came in or was corrected.
    Assessed { assessment: Box<Assessment>, by: ActorId },
    /// Somebody took up the question who sent it.
    IdentityCheckStarted { by: ActorId },
    /// The sender was proven.
    IdentityVerified { method: IdentityMethod, by: ActorId },
    /// Legal review accepted an ask, knowingly despite the named reasons.
    LegalAccepted { ask: AskNumber, despite: Vec<RefusalCode>, by: ActorId },
    /// The authority must clarify or correct.
    InformationRequested { ask: AskNumber, codes: Vec<RefusalCode>, by: ActorId },
    /// The authority did; with changed facts when it corrected the order.
    InformationProvided { ask: AskNumber, order: Option<Box<Order>>, by: ActorId },
    /// An authority or a court stands in the way.
    Held { ask: AskNumber, reason: HoldReason, by: ActorId },
    /// It no longer does.
    HoldEnded { ask: AskNumber, by: ActorId },
    /// The enforcing authority said early that it raises no ground for refusal.
    AuthorityCleared { ask: AskNumber, by: ActorId },
    /// The search began.
    SearchStarted { ask: AskNumber, by: ActorId },
    /// One search gave its rows.
    ExhibitAdded {
        ask: AskNumber,
        exhibit: ExhibitNumber,
        category: DataCategory,
        exhibit_sha256: Digest,
        rows: u64,
        withheld: u64,
        by: ActorId,
    },
    /// What the answer to an ask amounts to.
    OutcomeRecorded { ask: AskNumber, outcome: Outcome, missing: Vec<MissingReason>, by: ActorId },
    /// The asks were put into one package.
    Assembled { asks: Vec<AskNumber>, tagmanifest_sha256: Digest, by: ActorId },
    /// The approver sent the package back.
    PackageReturned { asks: Vec<AskNumber>, by: ActorId },
    /// Another person approved exactly this package.
    Approved { asks: Vec<AskNumber>, tagmanifest_sha256: Digest, by: ActorId },
    /// The package was signed and logged.
    Sealed {
        asks: Vec<AskNumber>,
        tagmanifest_sha256: Digest,
        p7s_sha256: Digest,
        tsr_sha256: Option<Digest>,
        chain_sha256: Digest,
    },
    /// The package left the house, encrypted.
    Delivered {
        asks: Vec<AskNumber>,
        package_sha256: Digest,
        encrypted_sha256: Digest,
        by: ActorId,
    },
    /// The authority says it has the package.
    Acknowledged { asks: Vec<AskNumber>, package_sha256: Digest, by: ActorId },
    /// Nothing is left to do on an ask.
    Closed { ask: AskNumber, by: ActorId },
    /// An ask was refused.
    Refused { ask: AskNumber, code: RefusalCode, by: ActorId },
    /// The authority took an ask back.
    Withdrawn { ask: AskNumber, after_delivery: bool, by: ActorId },
    /// The authority is asked to delete what it received under a withdrawn ask.
    DeletionRequested { ask: AskNumber, package_sha256: Digest },
    /// It says it did.
    DeletionConfirmed { ask: AskNumber, by: ActorId },
    /// An ask outlived its instrument.
    Expired { ask: AskNumber },
    /// Matching rows were copied into an encrypted exhibit.
    Preserved {
        ask: AskNumber,
        exhibit: ExhibitNumber,
        exhibit_sha256: Digest,
        rows: u64,
        until: Timestamp,
        by: ActorId,
    },
    /// The copy is kept longer.
    Extended { ask: AskNumber, until: Timestamp, by: ActorId },
    /// An order for the preserved rows arrived: the copy may be read.
    Linked { ask: AskNumber, order_sha256: Digest, by: ActorId },
    /// The copy is no longer wanted.
    Released { ask: AskNumber, by: ActorId },
    /// The copy was deleted: this event is the receipt.
    CopyDeleted { ask: AskNumber, exhibit_sha256: Digest },
    /// The time of a preservation, freeze or ban ran out.
    Lapsed { ask: AskNumber, until: Timestamp },
    /// The company's own systems must do something.
    EffectRequested {
        ask: AskNumber,
        effect: EffectId,
        action: EffectKind,
        attempt: u16,
        until: Option<Timestamp>,
        by: ActorId,
    },
    /// They did; late when it was no longer wanted.
    EffectConfirmed { ask: AskNumber, effect: EffectId, late: bool, by: ActorId },
    /// They did not.
    EffectFailed { ask: AskNumber, effect: EffectId, by: ActorId },
    /// Outgoing dealings are blocked.
    Frozen { ask: AskNumber, asset: Asset, amount: Amount, until: Timestamp },
    /// An order confirmed the freeze.
    FreezeConfirmed { ask: AskNumber, order_sha256: Digest, until: Option<Timestamp>, by: ActorId },
    /// Outgoing dealings are free again.
    Unfrozen { ask: AskNumber },
    /// The user whose data were disclosed is told later: silence is ordered or asked for, or
    /// nobody has looked back at the emergency.
    NoticePostponed { ask: AskNumber },
    /// The user must not be told.
    InForce { ask: AskNumber, until: Option<Timestamp> },
    /// The user may be told.
    Lifted { ask: AskNumber, by: ActorId },
    /// A third person looked at an emergency answer.
    EmergencyReviewed { ask: AskNumber, justified: bool, by: ActorId },
    /// The order that an emergency went before arrived.
    ExPostOrderReceived { ask: AskNumber, order_sha256: Digest, by: ActorId },
    /// A key is suspected of fraud.
    KeyMarked { key: KeyId, by: ActorId },
    /// It no longer is.
    KeyCleared { key: KeyId, by: ActorId },
    /// A message was put on the record.
    MessagePosted { ask: Option<AskNumber>, by: ActorId },
    /// Somebody of the staff works on it, or nobody any more.
    Assigned { to: Option<StaffId>, by: ActorId },
    /// The company keeps the personal data for another time than the rule pack says, in days after
    /// the end; for the rule pack's own again when there is none.
    RetentionSet { days: Option<u16>, by: ActorId },
    /// The personal data of the request was erased; hashes and proofs stay.
    Erased { by: ActorId },
    /// A clock began.
    ClockStarted { ask: AskNumber, clock: ClockStart },
    /// A clock stands still.
    ClockPaused { ask: AskNumber, clock: ClockName },
    /// A clock runs again, to a later end.
    ClockResumed { ask: AskNumber, clock: ClockName, due: Timestamp },
    /// A clock ended in time.
    ClockStopped { ask: AskNumber, clock: ClockName, reason: StopReason },
    /// The end of a clock passed with the duty not done.
    ClockBreached { ask: AskNumber, clock: ClockName, due: Timestamp },
}

words! {
    /// Why an ask cannot be carried out: codes the officer can act on.
    RefusalCode {
        /// Something the form asks for is missing.
        Incomplete = "incomplete",
        /// The form contradicts itself.
        ManifestError = "manifest_error",
        /// Too little is said to find the data.
        InsufficientInformation = "insufficient_information",
        /// Issuer, validator or rank may not order this.
        IssuerNotCompetent = "issuer_not_competent",
        /// The offence does not open this category of data.
        OffenceNotCovered = "offence_not_covered",
        /// The service is not one the law covers.
        ServiceNotCovered = "service_not_covered",
        /// The data were not stored at receipt.
        NotStoredAtReceipt = "not_stored_at_receipt",
        /// It cannot be done, through no fault of ours.
        DeFactoImpossible = "de_facto_impossible",
        /// Immunity, privilege, freedom of the press.
        ImmunityOrPrivilege = "immunity_or_privilege",
        /// The law of a third country forbids it.
        ThirdCountryConflict = "third_country_conflict",
        /// The identifier is none of ours.
        WrongIdentifier = "wrong_identifier",
        /// More is asked than may be.
        OverBroad = "over_broad",
        /// It came the wrong way or in the wrong form.
        WrongChannel = "wrong_channel",
        /// No law is named that allows it.
        NoLegalBasis = "no_legal_basis",
        /// The sender is probably not who it says.
        SuspectedFraud = "suspected_fraud",
        /// Something else, said in the payload.
        Other = "other",
    }
}

words! {
    /// How a sender was proven.
    IdentityMethod {
        /// The agency's client certificate.
        ClientCertificate = "client_certificate",
        /// The officer's passkey signed the request.
        Passkey = "passkey",
        /// A recorded call to a number from our own directory.
        CallBack = "call_back",
        /// A qualified signature or seal on the instrument was checked.
        QualifiedSignature = "qualified_signature",
    }
}

words! {
    /// What stands in the way of an ask.
    HoldReason {
        /// The enforcing authority raised a ground for refusal.
        AuthorityGround = "authority_ground",
        /// The order is with the enforcing authority for enforcement.
        Enforcement = "enforcement",
        /// A court reviews a conflict with the law of a third country.
        ThirdCountryReview = "third_country_review",
        /// A court decides a motion or objection.
        CourtMotion = "court_motion",
    }
}

impl HoldReason {
    /// True when a court holds the ask, false when an authority does.
    pub const fn is_court(self) -> bool {
        matches!(self, Self::ThirdCountryReview | Self::CourtMotion)
    }
}

words! {
    /// What the answer to an ask amounts to.
    Outcome {
        /// Everything asked for.
        Full = "full",
        /// A part; the reasons say what is missing.
        Partial = "partial",
        /// A signed negative answer.
        NoData = "no_data",
    }
}

words! {
    /// Why something is missing from an answer.
    MissingReason {
        /// Never stored, or no longer stored at receipt.
        NotStored = "not_stored",
        /// Outside the category or the time range of the order.
        OutOfScope = "out_of_scope",
        /// Privileged.
        Privileged = "privileged",
        /// The law of a third country forbids it.
        ThirdCountryConflict = "third_country_conflict",
        /// A source of ours could not be read.
        SourceUnavailable = "source_unavailable",
        /// A limit on rows was reached.
        RowLimit = "row_limit",
    }
}

words! {
    /// What the company's own systems must do.
    EffectKind {
        /// Block outgoing dealings.
        Freeze = "freeze",
        /// Free them again.
        Unfreeze = "unfreeze",
        /// Delete a preserved copy.
        DeleteCopy = "delete_copy",
        /// Tell the user what was disclosed, to whom, and whom to ask.
        NotifyUser = "notify_user",
    }
}

impl Event {
    /// The ask the event is about, when it is about exactly one.
    pub const fn ask(&self) -> Option<AskNumber> {
        match self {
            Self::LegalAccepted { ask, .. }
            | Self::InformationRequested { ask, .. }
            | Self::InformationProvided { ask, .. }
            | Self::Held { ask, .. }
            | Self::HoldEnded { ask, .. }
            | Self::AuthorityCleared { ask, .. }
            | Self::SearchStarted { ask, .. }
            | Self::ExhibitAdded { ask, .. }
            | Self::OutcomeRecorded { ask, .. }
            | Self::Closed { ask, .. }
            | Self::Refused { ask, .. }
            | Self::Withdrawn { ask, .. }
            | Self::DeletionRequested { ask, .. }
            | Self::DeletionConfirmed { ask, .. }
            | Self::Expired { ask }
            | Self::Preserved { ask, .. }
            | Self::Extended { ask, .. }
            | Self::Linked { ask, .. }
            | Self::Released { ask, .. }
            | Self::CopyDeleted { ask, .. }
            | Self::Lapsed { ask, .. }
            | Self::EffectRequested { ask, .. }
            | Self::EffectConfirmed { ask, .. }
            | Self::EffectFailed { ask, .. }
            | Self::Frozen { ask, .. }
            | Self::FreezeConfirmed { ask, .. }
            | Self::Unfrozen { ask }
            | Self::NoticePostponed { ask }
            | Self::InForce { ask, .. }
            | Self::Lifted { ask, .. }
            | Self::EmergencyReviewed { ask, .. }
            | Self::ExPostOrderReceived { ask, .. }
            | Self::ClockStarted { ask, .. }
            | Self::ClockPaused { ask, .. }
            | Self::ClockResumed { ask, .. }
            | Self::ClockStopped { ask, .. }
            | Self::ClockBreached { ask, .. } => Some(*ask),
            Self::MessagePosted { ask, .. } => *ask,
            Self::Received { .. }
            | Self::Assessed { .. }
            | Self::IdentityCheckStarted { .. }
            | Self::IdentityVerified { .. }
            | Self::Assembled { .. }
            | Self::PackageReturned { .. }
            | Self::Approved { .. }
            | Self::Sealed { .. }
            | Self::Delivered { .. }
            | Self::Acknowledged { .. }
            | Self::KeyMarked { .. }
            | Self::KeyCleared { .. }
            | Self::Assigned { .. }
            | Self::RetentionSet { .. }
            | Self::Erased { .. } => None,
        }
    }
}

//! What is known of a request: the fold of its events. Knows no rules; those are in `decide`.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::clock::Clock;
use crate::ids::{
    ActorId, AgencyId, AskNumber, Digest, EffectId, ExhibitNumber, KeyId, RequestId, StaffId,
};
use crate::order::{Ask, AskKind, DataCategory, Order};
use crate::pack::PackRef;
use crate::request::event::{EffectKind, HoldReason, IdentityMethod, Outcome, RefusalCode};
use crate::suspicion::Assessment;

/// A request, folded from its events; `default` is the request that was never filed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// Its name; none before it is filed.
    pub id: Option<RequestId>,
    /// The agency that sent it.
    pub agency: Option<AgencyId>,
    /// The key that sent it.
    pub key: Option<KeyId>,
    /// Who filed it.
    pub filed_by: Option<ActorId>,
    /// The facts of the instrument, as last corrected.
    pub order: Option<Order>,
    /// The digest of the instrument.
    pub instrument_sha256: Digest,
    /// The rule pack it is judged by.
    pub pack: Option<PackRef>,
    /// When it was received.
    pub received_at: Option<Timestamp>,
    /// How and by whom the sender was proven.
    pub identity: Option<Identity>,
    /// The asks; the first has number 1.
    pub asks: Vec<AskState>,
    /// Keys marked as suspected of fraud in this request.
    pub marked_keys: BTreeSet<KeyId>,
    /// Who of the staff works on it. It gives no right to anything.
    pub assignee: Option<StaffId>,
    /// How many events it has.
    pub events_count: u32,
    /// When something last happened to it.
    pub touched_at: Option<Timestamp>,
    /// How many days after the end the company keeps the personal data, where that is not what the
    /// rule pack says.
    pub retention_days: Option<u16>,
    /// When its personal data was erased.
    pub erased_at: Option<Timestamp>,
    /// The looks for signs of fraud, oldest first.
    pub assessed: Vec<Assessed>,
    /// True while signs of fraud hold the request: from the look that found them until somebody
    /// has called back. Nothing leaves before; a later look that finds nothing changes nothing.
    pub is_held_for_signs: bool,
}

/// A look for signs of fraud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    /// What it found.
    pub assessment: Assessment,
    /// When.
    pub at: Timestamp,
}

/// How a sender was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// How.
    pub method: IdentityMethod,
    /// By whom.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
}

/// One ask and everything that became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskState {
    /// Its number.
    pub number: AskNumber,
    /// What is asked.
    pub ask: Ask,
    /// The state as recorded; use [`AskState::stage_at`] to read it.
    pub stage: Stage,
    /// The end of the instrument's validity, if it has one.
    pub valid_until: Option<Timestamp>,
    /// Its clocks, in order of their start.
    pub clocks: Vec<Clock>,
    /// Its exhibits.
    pub exhibits: Vec<Exhibit>,
    /// Its effects, in order of request.
    pub effects: Vec<Effect>,
    /// The people who prepared the answer: none of them may approve it.
    pub prepared_by: BTreeSet<ActorId>,
    /// Who accepted it in law.
    pub legal_by: Option<ActorId>,
    /// Who approved the package.
    pub approved_by: Option<ActorId>,
    /// What the answer amounts to.
    pub outcome: Option<Outcome>,
    /// The package, once one was assembled.
    pub package: Option<Package>,
    /// How often a preservation was extended.
    pub extensions: u16,
    /// Until when the records are kept, the freeze holds or the user is not told.
    pub until: Option<Timestamp>,
    /// The third person who reviewed an emergency answer.
    pub reviewed_by: Option<ActorId>,
    /// When the order that an emergency went before was linked, late or in time.
    pub validated_at: Option<Timestamp>,
    /// When anything left the house under this ask.
    pub delivered_at: Option<Timestamp>,
    /// True while the authority has been asked to delete and has not confirmed it.
    pub deletion_open: bool,
    /// True while the user is owed a notice that must wait.
    pub notice_waits: bool,
}

/// The state of an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Filed.
    Received,
    /// Somebody is proving the sender.
    IdentityCheck,
    /// The sender is proven, the law is not judged.
    LegalReview,
    /// Accepted in law.
    Accepted,
    /// Being searched.
    Searching,
    /// In a package that waits for approval.
    Assembled,
    /// In an approved package.
    Approved,
    /// In a sealed package.
    Sealed,
    /// Handed over.
    Delivered,
    /// Known to have arrived.
    Acknowledged,
    /// Put away.
    Closed,
    /// The authority must clarify; then it goes on where it was.
    NeedsInformation {
        /// Where it was.
        back: Box<Stage>,
    },
    /// An authority or a court stands in the way.
    OnHold {
        /// Where it was.
        back: Box<Stage>,
        /// Who holds it and why.
        reason: HoldReason,
    },
    /// Refused.
    Refused {
        /// Why.
        code: RefusalCode,
    },
    /// Taken back by the authority.
    Withdrawn,
    /// Outlived by its instrument's validity.
    Expired,
    /// A copy of the records is kept.
    Preserved,
    /// It is kept for the longer time.
    Extended,
    /// An order for the copy is linked; it may be read.
    Linked,
    /// No longer wanted.
    Released,
    /// The systems were told to freeze.
    Freezing,
    /// Frozen.
    Frozen,
    /// Frozen and confirmed by an order.
    FreezeConfirmed,
    /// The systems were told to release.
    Unfreezing,
    /// Released.
    Unfrozen,
    /// The user must not be told.
    InForce,
    /// The user may be told.
    Lifted,
    /// Its time ran out.
    Lapsed,
}

/// One search and its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhibit {
    /// Its number.
    pub number: ExhibitNumber,
    /// The category of its rows; none for a preserved copy of several.
    pub category: Option<DataCategory>,
    /// Its digest.
    pub sha256: Digest,
    /// How many rows it has.
    pub rows: u64,
    /// How many rows were withheld.
    pub withheld: u64,
}

/// A package, as far as it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package {
    /// The digest of its tag manifest.
    pub tagmanifest_sha256: Digest,
    /// The digest of the package as handed over, before encryption.
    pub package_sha256: Option<Digest>,
}

/// Something the company's own systems must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// Its name, the same in every attempt.
    pub id: EffectId,
    /// What.
    pub kind: EffectKind,
    /// How often it was tried.
    pub attempt: u16,
    /// What became of it.
    pub status: EffectStatus,
}

/// What became of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectStatus {
    /// No answer yet.
    Requested,
    /// Done.
    Confirmed,
    /// Not done: a state with an alarm.
    Failed,
}

impl Request {
    /// The ask of a number.
    pub fn ask(&self, number: AskNumber) -> Option<&AskState> {
        self.asks.get(usize::from(number.0).checked_sub(1)?)
    }

    /// The ask and the effect of an effect's name.
    pub fn effect(&self, id: EffectId) -> Option<(&AskState, &Effect)> {
        self.asks.iter().find_map(|ask| {
            ask.effects.iter().find(|effect| effect.id == id).map(|effect| (ask, effect))
        })
    }

    /// The next moment at which time alone changes something: a warning, an end, a lapse.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.asks.iter().filter_map(|ask| ask.next_change(now)).min()
    }
}

impl AskState {
    pub(crate) fn new(number: AskNumber, ask: Ask, valid_until: Option<Timestamp>) -> Self {
        Self {
            number,
            ask,
            stage: Stage::Received,
            valid_until,
            clocks: Vec::new(),
            exhibits: Vec::new(),
            effects: Vec::new(),
            prepared_by: BTreeSet::new(),
            legal_by: None,
            approved_by: None,
            outcome: None,
            package: None,
            extensions: 0,
            until: None,
            reviewed_by: None,
            validated_at: None,
            delivered_at: None,
            deletion_open: false,
            notice_waits: false,
        }
    }

    /// The kind of the ask.
    pub const fn kind(&self) -> AskKind {
        self.ask.kind()
    }

    /// True when an emergency is claimed.
    pub const fn is_emergency(&self) -> bool {
        self.ask.emergency.is_some()
    }

    /// The state as it is now: a lapse or expiry counts from its moment, recorded or not.
    pub fn stage_at(&self, now: Timestamp) -> Stage {
        if self.lapses_at().is_some_and(|until| until <= now) {
            return Stage::Lapsed;
        }
        if self.expires_at().is_some_and(|until| until <= now) {
            return Stage::Expired;
        }
        self.stage.clone()
    }

    /// When the preservation, freeze or ban runs out by itself, while it can.
    pub const fn lapses_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Preserved
            | Stage::Extended
            | Stage::Freezing
            | Stage::Frozen
            | Stage::FreezeConfirmed
            | Stage::InForce => self.until,
            _ => None,
        }
    }

    /// When the instrument's validity ends, while that still matters.
    pub const fn expires_at(&self) -> Option<Timestamp> {
        if self.stage.is_before_sealed() { self.valid_until } else { None }
    }

    /// True when the preserved copy may be read: never before an order is linked.
    pub fn is_copy_readable(&self) -> bool {
        self.stage == Stage::Linked
    }

    /// The first moment at which the answer may be handed over, while a clock forbids it.
    pub fn not_before(&self, now: Timestamp) -> Option<Timestamp> {
        let blocking = self.clocks.iter().filter(|clock| clock.blocks_delivery(now));
        blocking.map(|clock| clock.start.due).max()
    }

    fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let ends = [self.lapses_at(), self.expires_at()].into_iter().flatten();
        let clocks = self.clocks.iter().filter_map(|clock| clock.next_change(now));
        ends.filter(|at| *at > now).chain(clocks).min()
    }
}

impl Stage {
    /// The name of the state, as tables and refusals write it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::IdentityCheck => "identity_check",
            Self::LegalReview => "legal_review",
            Self::Accepted => "accepted",
            Self::Searching => "searching",
            Self::Assembled => "assembled",
            Self::Approved => "approved",
            Self::Sealed => "sealed",
            Self::Delivered => "delivered",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
            Self::NeedsInformation { .. } => "needs_information",
            Self::OnHold { reason, .. } if reason.is_court() => "court_hold",
            Self::OnHold { .. } => "authority_hold",
            Self::Refused { .. } => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Preserved => "preserved",
            Self::Extended => "extended",
            Self::Linked => "linked",
            Self::Released => "released",
            Self::Freezing => "freezing",
            Self::Frozen => "frozen",
            Self::FreezeConfirmed => "freeze_confirmed",
            Self::Unfreezing => "unfreezing",
            Self::Unfrozen => "unfrozen",
            Self::InForce => "in_force",
            Self::Lifted => "lifted",
            Self::Lapsed => "lapsed",
        }
    }

    /// True while nothing has been sealed and nothing has taken effect.
    pub const fn is_before_sealed(&self) -> bool {
        matches!(
            self,
            Self::Received
                | Self::IdentityCheck
                | Self::LegalReview
                | Self::Accepted
                | Self::Searching
                | Self::Assembled
                | Self::Approved
                | Self::NeedsInformation { .. }
                | Self::OnHold { .. }
        )
    }

    /// True when nothing more happens to the ask by itself.
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Closed
                | Self::Refused { .. }
                | Self::Withdrawn
                | Self::Expired
                | Self::Released
                | Self::Unfrozen
                | Self::Lifted
                | Self::Lapsed
        )
    }
}

//! Rule packs: the law of one regime as data. Knows no law itself: every line comes from a TOML
//! file that names its article or says that nobody has checked it.

mod file;
mod text;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Counting, FirstDay, LastDay, Length};
use crate::clock::{ClockKind, ClockName, Party};
use crate::order::{
    AskKind, Channel, DataCategory, EmergencyKind, Format, InstrumentKind, IssuerType,
    ListedOffence, Rank, Service,
};
use crate::request::RefusalCode;
use crate::words::words;

pub use text::{Article, LANGUAGES_MAX, Text};

/// The most rules of one sort a pack may have.
pub const RULES_MAX: usize = 256;

/// The largest pack, in bytes.
pub const PACK_BYTES_MAX: usize = 256 * 1024;

/// Which pack, and which version of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackRef {
    /// The regime.
    pub id: String,
    /// The version; a request keeps the one it was judged by.
    pub version: String,
}

/// The law of one regime, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePack {
    /// Which pack this is.
    pub reference: PackRef,
    /// The regime in words.
    pub title: Text,
    /// The zone in which days are counted when the order names none.
    pub zone: String,
    /// How days are counted unless a clock says otherwise.
    pub counting: Counting,
    /// Where that counting comes from.
    pub counting_source: Source,
    /// Holidays.
    pub calendar: Calendar,
    /// What to tell whoever asks.
    pub notes: Vec<Note>,
    /// Which instrument can ask for what.
    pub instruments: Vec<InstrumentRule>,
    /// Who may issue what.
    pub issuers: Vec<IssuerRule>,
    /// Which offences open which categories.
    pub offences: Vec<OffenceRule>,
    /// What counts as an emergency.
    pub emergency: EmergencyRule,
    /// When an enforcing authority must be notified.
    pub notification: Option<NotificationRule>,
    /// Which services are covered.
    pub service: ServiceRule,
    /// The ways in which an instrument may come.
    pub channels: Vec<ChannelRule>,
    /// The formats in which it may come.
    pub formats: Vec<FormatRule>,
    /// What is over-broad.
    pub scope: ScopeRule,
    /// Every clock.
    pub clocks: Vec<ClockRule>,
    /// How long a preservation lasts.
    pub preservation: Option<PreservationRule>,
    /// How long a freeze lasts before an order confirms it.
    pub freeze: Option<FreezeRule>,
    /// What is asked of a ban to tell the user.
    pub non_disclosure: NonDisclosureRule,
    /// Whether the user is told.
    pub user_notice: UserNoticeRule,
    /// How long personal data is kept.
    pub retention: RetentionRule,
    /// The refusal vocabulary in the words of the regime.
    pub refusals: Vec<RefusalRule>,
}

/// Where a rule comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The article, or whose rule it is.
    pub article: Article,
    /// True when nobody has compared the rule with the text of the law.
    pub unchecked: bool,
}

/// Something every answer must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The words.
    pub text: Text,
    /// For these kinds of ask; empty means all.
    pub asks: BTreeSet<AskKind>,
    /// Where it comes from.
    pub source: Source,
}

/// An instrument can ask for these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstrumentRule {
    /// The instrument.
    pub kind: InstrumentKind,
    /// What it can ask for.
    pub asks: BTreeSet<AskKind>,
    /// True when it may only be used where an emergency is claimed.
    pub emergency_only: bool,
    /// True when we may, and need not, answer.
    pub voluntary: bool,
    /// Where it comes from.
    pub source: Source,
}

/// Who may issue an instrument for these categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerRule {
    /// The instruments.
    pub instruments: BTreeSet<InstrumentKind>,
    /// The kinds of ask; empty means all that the instrument has.
    pub asks: BTreeSet<AskKind>,
    /// The categories of data; empty means any, and asks that have none.
    pub categories: BTreeSet<DataCategory>,
    /// Who may issue alone.
    pub direct: BTreeSet<IssuerType>,
    /// Who may issue when one of `validators` validates.
    pub validated: BTreeSet<IssuerType>,
    /// Who may validate.
    pub validators: BTreeSet<IssuerType>,
    /// In these emergencies the `validated` may issue without prior validation.
    pub unvalidated_emergencies: BTreeSet<EmergencyKind>,
    /// The lowest rank of a police officer who issues.
    pub rank_min: Option<Rank>,
    /// Where it comes from.
    pub source: Source,
}

/// The offences that open these categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffenceRule {
    /// The instruments.
    pub instruments: BTreeSet<InstrumentKind>,
    /// The categories of data.
    pub categories: BTreeSet<DataCategory>,
    /// The least highest sentence, in months.
    pub sentence_max_months_min: Option<u16>,
    /// Listed offences that open them whatever the sentence.
    pub listed: BTreeSet<ListedOffence>,
    /// Of those, the ones that must be committed by means of an information system.
    pub by_information_system: BTreeSet<ListedOffence>,
    /// Or the execution of a sentence of at least these months.
    pub executed_sentence_months_min: Option<u16>,
    /// Where it comes from.
    pub source: Source,
}

/// What counts as an emergency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyRule {
    /// The kinds that do.
    pub kinds: BTreeSet<EmergencyKind>,
    /// Where it comes from.
    pub source: Source,
}

/// When an enforcing authority must be notified, unless offence and person are in the issuing
/// State.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRule {
    /// For these categories.
    pub categories: BTreeSet<DataCategory>,
    /// Where it comes from.
    pub source: Source,
}

/// Which services the regime covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRule {
    /// Covered.
    pub covered: BTreeSet<Service>,
    /// Perhaps not covered: accepted with a note that counsel must decide.
    pub doubtful: BTreeSet<Service>,
    /// Where it comes from.
    pub source: Source,
}

/// The ways in which instruments may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRule {
    /// The instruments.
    pub instruments: BTreeSet<InstrumentKind>,
    /// The channels that are accepted.
    pub channels: BTreeSet<Channel>,
    /// What the officer should know.
    pub note: Option<Text>,
    /// Where it comes from.
    pub source: Source,
}

/// The formats in which instruments may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatRule {
    /// The instruments.
    pub instruments: BTreeSet<InstrumentKind>,
    /// The formats that are accepted.
    pub formats: BTreeSet<Format>,
    /// Where it comes from.
    pub source: Source,
}

/// What is over-broad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeRule {
    /// The most selectors in one ask.
    pub selectors_max: u64,
    /// The longest time range, in days.
    pub range_days_max: u32,
    /// Categories for which a time range must be given.
    pub range_needed: BTreeSet<DataCategory>,
    /// Where it comes from.
    pub source: Source,
}

/// One clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockRule {
    /// Its name.
    pub name: ClockName,
    /// What its end means.
    pub kind: ClockKind,
    /// Whose time it is.
    pub whose: Party,
    /// The kinds of ask it runs for.
    pub asks: BTreeSet<AskKind>,
    /// The instruments it runs for; empty means all.
    pub instruments: BTreeSet<InstrumentKind>,
    /// Only with (or without) notification of an enforcing authority.
    pub notified: Option<bool>,
    /// Only in (or outside) an emergency.
    pub emergency: Option<bool>,
    /// Only when issued without the validation it would need outside an emergency.
    pub unvalidated: Option<bool>,
    /// What starts it.
    pub starts: Trigger,
    /// Its length; absent where the order states the time.
    pub length: Option<Length>,
    /// Time added after the end, where the law gives a moment and no period to act in.
    pub grace: Option<Length>,
    /// Its own counting, where it differs from the pack's.
    pub first_day: Option<FirstDay>,
    /// The same for its end.
    pub last_day: Option<LastDay>,
    /// What ends it in time.
    pub stops: BTreeSet<StopEvent>,
    /// It stands still while the authority clarifies or an authority or court holds the ask.
    pub pauses: BTreeSet<PauseEvent>,
    /// Where it comes from.
    pub source: Source,
}

/// How long a preservation lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreservationRule {
    /// From receipt.
    pub length: Length,
    /// How much longer after an extension.
    pub extension: Length,
    /// How many extensions.
    pub extensions_max: u16,
    /// Where it comes from.
    pub source: Source,
}

/// How long a freeze lasts before an order confirms it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreezeRule {
    /// The longest provisional freeze.
    pub provisional: Length,
    /// Instruments that are themselves an order: the period they state holds.
    pub orders: BTreeSet<InstrumentKind>,
    /// Where it comes from.
    pub source: Source,
}

/// What is asked of a ban to tell the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonDisclosureRule {
    /// True when the ban must state when it ends.
    pub needs_end: bool,
    /// The longest ban.
    pub length_max: Option<Length>,
    /// Where it comes from.
    pub source: Source,
}

/// Whether the user is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserNoticeRule {
    /// The rule.
    pub rule: UserNotice,
    /// In words.
    pub text: Text,
    /// Where it comes from.
    pub source: Source,
}

/// How long the personal data of a request is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRule {
    /// Days of 24 hours after the last thing that happened to a request all of whose asks have
    /// ended.
    pub days_after_end: u16,
    /// Where it comes from.
    pub source: Source,
}

/// One refusal code in the words of the regime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRule {
    /// Our code.
    pub code: RefusalCode,
    /// The tick of the regime's own form (Annex III section D(a), 1 to 10), if it has one.
    pub tick: Option<u8>,
    /// The wording of the regime.
    pub text: Text,
    /// Where it comes from.
    pub source: Source,
}

words! {
    /// What starts a clock.
    Trigger {
        /// The instrument was received.
        Receipt = "receipt",
        /// The end of the day on which it was issued.
        Issue = "issue",
        /// The authority was asked to clarify.
        Clarification = "clarification",
        /// The records were copied.
        Preservation = "preservation",
        /// The freeze took effect.
        Freeze = "freeze",
        /// Something was handed over.
        Delivery = "delivery",
        /// The enforcing authority took the order over.
        Enforcement = "enforcement",
        /// Starts outside the desk: shown in answers, never started by it.
        Elsewhere = "elsewhere",
    }
}

words! {
    /// What ends a clock in time.
    StopEvent {
        /// Something was handed over.
        Delivery = "delivery",
        /// The authority clarified.
        Clarified = "clarified",
        /// The enforcing authority cleared the order early.
        Cleared = "cleared",
        /// The records were copied.
        Preservation = "preservation",
        /// An order was linked.
        Link = "link",
        /// The freeze took effect.
        Freeze = "freeze",
        /// The freeze was confirmed or released.
        FreezeEnd = "freeze_end",
        /// The order after the emergency arrived.
        ExPostOrder = "ex_post_order",
        /// A third person reviewed it.
        Review = "review",
        /// The hold ended.
        HoldEnd = "hold_end",
    }
}

words! {
    /// What makes a clock stand still.
    PauseEvent {
        /// While the authority clarifies.
        Clarification = "clarification",
        /// While an authority holds the ask.
        AuthorityHold = "authority_hold",
        /// While a court holds the ask.
        CourtHold = "court_hold",
    }
}

words! {
    /// Whether the user is told.
    UserNotice {
        /// The provider must not tell; the authority does.
        Refrain = "refrain",
        /// The provider tells unless an order forbids it.
        UnlessForbidden = "unless_forbidden",
        /// The provider owes nothing; its own terms decide.
        NoDuty = "no_duty",
    }
}

/// Why a pack was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct PackError {
    /// The file as named by the caller.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl RulePack {
    /// Reads a pack. `name` is what errors call the file.
    ///
    /// # Errors
    /// Unknown or missing keys, unknown words, rules without an article, names used twice: each
    /// with its line.
    pub fn parse(text: &str, name: &str) -> Result<Self, PackError> {
        file::parse(text, name)
    }

    /// What a clock on the record cites, in the languages of the pack. The record has the English
    /// words alone; `None` when the pack no longer says the same.
    pub fn article(&self, recorded: &str) -> Option<&Text> {
        let clocks = self.clocks.iter().map(|rule| &rule.source);
        let preservation = self.preservation.iter().map(|rule| &rule.source);
        clocks.chain(preservation).find_map(|source| match &source.article {
            Article::Cited(text) if text.english() == recorded => Some(text),
            _ => None,
        })
    }

    /// The wording of a refusal code in this regime, if it has one.
    pub fn refusal(&self, code: RefusalCode) -> Option<&RefusalRule> {
        self.refusals.iter().find(|rule| rule.code == code)
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.article.fmt(out)?;
        if self.unchecked { out.write_str(" (unchecked)") } else { Ok(()) }
    }
}

impl std::fmt::Display for PackRef {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.id, self.version)
    }
}

const EMBEDDED: [(&str, &str); 4] = [
    ("eu-e-evidence-2023-1543", include_str!("../../packs/eu-e-evidence-2023-1543.toml")),
    ("sg-cpc-2010", include_str!("../../packs/sg-cpc-2010.toml")),
    ("us-sca", include_str!("../../packs/us-sca.toml")),
    ("generic", include_str!("../../packs/generic.toml")),
];

/// The packs that come with the program.
///
/// # Panics
/// Never in a released build: a test parses every embedded pack.
pub fn embedded_all() -> &'static [RulePack] {
    static PACKS: OnceLock<Vec<RulePack>> = OnceLock::new();
    PACKS.get_or_init(|| {
        let parse = |(id, text): &(&str, &str)| match RulePack::parse(text, &format!("{id}.toml")) {
            Ok(pack) => pack,
            // The text is compiled in, and the tests parse all of it.
            Err(error) => panic!("embedded pack: {error}"),
        };
        EMBEDDED.iter().map(parse).collect()
    })
}

/// The pack of an id that comes with the program.
pub fn embedded(id: &str) -> Option<&'static RulePack> {
    embedded_all().iter().find(|pack| pack.reference.id == id)
}

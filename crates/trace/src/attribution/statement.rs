//! What a tag says. Knows no address and no file.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::error::{Fault, echo};

/// A calendar day; packs and lists are dated by days, without a time zone.
pub type Day = jiff::civil::Date;

/// A text that many statements share.
pub type Text = Arc<str>;

/// How the creator of a tag came to know; GraphSense's levels, 100 is the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Nothing is known of source and reliability.
    #[default]
    Unknown,
    /// A method whose reliability is hard to tell.
    Heuristic,
    /// Crawled from the web or other dumps.
    WebCrawl,
    /// A third party moved money between two known services.
    UntrustedTransaction,
    /// A report that can be trusted somewhat, such as a paper.
    Forensic,
    /// A file of the service itself.
    ServiceData,
    /// A trusted third party.
    TrustedProvider,
    /// A public authority.
    AuthorityData,
    /// An investigation of law enforcement.
    ForensicInvestigation,
    /// The interface of a known, trusted service.
    ServiceApi,
    /// The creator moved money between two known services.
    ManualTransaction,
    /// Read off the chain itself, such as a contract's own events.
    LedgerImmanent,
    /// The creator holds the key.
    Ownership,
    /// The creator answers for the whole cluster.
    Override,
}

/// What kind of link there is between the address and the name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The one named is said to own it.
    #[default]
    Owner,
    /// The address was mentioned somewhere; nothing is said about whose it is.
    Mention,
    /// The address took part in an event.
    Event,
}

/// That an authority has put an address or its owner on a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sanction {
    /// Whose list, in the words of the source.
    pub by: Text,
    /// First day, where the source tells.
    pub from: Option<Day>,
    /// First day on which it no longer holds, where it has ended.
    pub to: Option<Day>,
}

/// A sanction on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LegalStatus {
    /// No source names a sanction.
    NoneNamed,
    /// On the list on that day.
    Sanctioned,
    /// On the list; since when the source does not tell.
    SanctionedSinceUnknownDay,
    /// It began later.
    NotYet,
    /// It had ended.
    Ended,
}

/// What one source says about an address. All of an address's statements stand side by side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statement {
    /// Whose address it is said to be, in the source's words.
    pub label: Text,
    /// The id of the one named in an actor pack.
    pub actor: Option<Text>,
    /// What that one is or does, such as `exchange` or `ransomware`; sorted.
    pub concepts: Vec<Text>,
    /// How the creator knows.
    pub confidence: Confidence,
    /// Where the creator has it from.
    pub source: Text,
    /// The asset as the source wrote it, such as `USDT`.
    pub asset: Text,
    /// The day on which the source said so, or last said so.
    pub recorded: Option<Day>,
    /// First day of which it is true.
    pub valid_from: Option<Day>,
    /// First day of which it is no longer true.
    pub valid_to: Option<Day>,
    /// A sanction.
    pub sanction: Option<Sanction>,
    /// Whether the creator says it of the whole cluster of the address, or of the address alone.
    pub whole_cluster: Option<bool>,
    /// What kind of link it is.
    pub subject: Subject,
    /// Made up for an example.
    pub fiction: bool,
    /// What else the source says, as it stands there.
    pub note: Option<Text>,
}

impl Confidence {
    /// Every level, lowest first, with its name in tag packs and its number there.
    pub const ALL: [(Confidence, &str, u8); 14] = [
        (Confidence::Unknown, "unknown", 5),
        (Confidence::Heuristic, "heuristic", 10),
        (Confidence::WebCrawl, "web_crawl", 20),
        (Confidence::UntrustedTransaction, "untrusted_transaction", 40),
        (Confidence::Forensic, "forensic", 50),
        (Confidence::ServiceData, "service_data", 50),
        (Confidence::TrustedProvider, "trusted_provider", 50),
        (Confidence::AuthorityData, "authority_data", 60),
        (Confidence::ForensicInvestigation, "forensic_investigation", 70),
        (Confidence::ServiceApi, "service_api", 70),
        (Confidence::ManualTransaction, "manual_transaction", 90),
        (Confidence::LedgerImmanent, "ledger_immanent", 100),
        (Confidence::Ownership, "ownership", 100),
        (Confidence::Override, "override", 100),
    ];

    /// Its name in tag packs.
    pub fn name(self) -> &'static str {
        Confidence::ALL[self as usize].1
    }

    /// Its number in GraphSense's scale, 5 to 100.
    pub fn level(self) -> u8 {
        Confidence::ALL[self as usize].2
    }

    pub(super) fn known() -> String {
        Confidence::ALL.map(|(_, name, _)| name).join(", ")
    }
}

impl FromStr for Confidence {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Confidence, Fault> {
        let found = Confidence::ALL.into_iter().find(|(_, name, _)| *name == text.trim());
        found.map(|(level, _, _)| level).ok_or_else(|| Fault::Confidence(echo(text)))
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Subject {
    /// Its name in tag packs.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Owner => "actor",
            Subject::Mention => "mention",
            Subject::Event => "event",
        }
    }
}

impl LegalStatus {
    /// The name used in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            LegalStatus::NoneNamed => "none_named",
            LegalStatus::Sanctioned => "sanctioned",
            LegalStatus::SanctionedSinceUnknownDay => "sanctioned_since_unknown_day",
            LegalStatus::NotYet => "sanctioned_later",
            LegalStatus::Ended => "sanction_ended",
        }
    }
}

impl Statement {
    /// The one it names: the actor's id, or the label where there is none.
    pub fn name(&self) -> &Text {
        self.actor.as_ref().unwrap_or(&self.label)
    }

    /// Whether a sanction holds on a day; without a day, whether one holds that has not ended.
    pub fn legal_status(&self, day: Option<Day>) -> LegalStatus {
        let Some(sanction) = &self.sanction else { return LegalStatus::NoneNamed };
        match (day, sanction.from, sanction.to) {
            (None, _, Some(_)) => LegalStatus::Ended,
            (Some(day), _, Some(to)) if day >= to => LegalStatus::Ended,
            (Some(day), Some(from), _) if day < from => LegalStatus::NotYet,
            (_, None, _) => LegalStatus::SanctionedSinceUnknownDay,
            (_, Some(_), _) => LegalStatus::Sanctioned,
        }
    }
}

/// Reads a day, with or without a time behind it, which is dropped.
pub(super) fn day(text: &str) -> Result<Day, Fault> {
    let text = text.trim();
    let bad = || Fault::Day(echo(text));
    let head = text.get(..10).ok_or_else(bad)?;
    if !matches!(text.as_bytes().get(10), None | Some(b' ' | b'T')) {
        return Err(bad());
    }
    head.parse().map_err(|_| bad())
}

/// A concept in its one spelling.
pub(super) fn concept(text: &str) -> String {
    text.trim().to_ascii_lowercase().replace([' ', '-'], "_")
}

//! What is wrong with an ask and what to change, sentence by sentence; and what else an answer
//! says. Knows no rule: `reasons` finds out which sentence holds.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::calendar::{CalendarError, Length};
use crate::ids::AskNumber;
use crate::order::{
    AskKind, Channel, DataCategory, EmergencyKind, Format, InstrumentKind, IssuerType,
    ListedOffence, Rank, Service,
};
use crate::said::{AnyOf, List};

crate::sayings! {
    /// What an ask wants, within another sentence.
    Aim in "aim" {
        Data { category: DataCategory } = "data": "`{category}` data",
        Ask { kind: AskKind } = "ask": "to `{kind}`",
    }
}

crate::sayings! {
    /// What would open a category of data.
    Way in "way" {
        Sentence { months: u16 } = "sentence":
            "an offence with a maximum of at least {months} months",
        Listed { listed: List<ListedOffence>, by: List<ListedOffence> } = "listed":
            "a listed offence ({listed}; by an information system for: {by})",
        Executed { months: u16 } = "executed":
            "an executed sentence of at least {months} months",
        ExecutedForThese { months: u16 } = "executed-for-these":
            "the execution of a sentence of at least {months} months for one of these",
    }
}

crate::sayings! {
    /// What is wrong with an ask and what to change.
    Fix in "fix" {
        FreezeUnknown { ask: AskNumber } = "freeze-unknown":
            "ask {ask} of this request is no freeze; name the freeze",
        AddressesAlone { count: u64 } = "addresses-alone":
            "{count} IPv4 address(es) without port and moment: behind carrier-grade NAT one \
             address is many people's at the same moment (RFC 6302); name address, port and moment \
             (ip_port), or have counsel set this aside for an address of one subscriber",
        OnlyInEmergency { instrument: InstrumentKind } = "only-in-emergency":
            "the instrument `{instrument}` counts only where an emergency is claimed; send an \
             order, or say what the emergency is",
        CannotAsk { instrument: InstrumentKind, kind: AskKind, others: List<InstrumentKind> } =
            "cannot-ask":
            "the instrument `{instrument}` cannot ask to `{kind}`; send one of: {others}",
        NothingCanAsk { instrument: InstrumentKind, kind: AskKind, pack: String } =
            "nothing-can-ask":
            "the instrument `{instrument}` cannot ask to `{kind}`; no instrument of {pack} can; \
             use another regime",
        DoesNotReach { instrument: InstrumentKind, aim: Aim, others: List<InstrumentKind> } =
            "does-not-reach":
            "the instrument `{instrument}` does not reach {aim}; these do: {others}",
        NothingReaches { instrument: InstrumentKind, aim: Aim } = "nothing-reaches":
            "the instrument `{instrument}` does not reach {aim}; no instrument of this regime does",
        RankMissing { aim: Aim, least: Rank } = "rank-missing":
            "state the officer's rank; {aim}: this needs {least} or above",
        RankTooLow { aim: Aim, least: Rank } = "rank-too-low":
            "{aim}: this needs an officer of rank {least} or above; have one sign",
        IssuerMayNot { aim: Aim, issuer: IssuerType, direct: List<IssuerType> } = "issuer-may-not":
            "{aim}: the issuer `{issuer}` may not order this; have it issued by: {direct}",
        ValidatorMayNot { aim: Aim, validator: IssuerType, validators: List<IssuerType> } =
            "validator-may-not":
            "{aim}: `{validator}` may not validate this; have it validated by: {validators}",
        ValidationMissing { aim: Aim, issuer: IssuerType, validators: List<IssuerType> } =
            "validation-missing":
            "{aim}: the issuer `{issuer}` needs a validation; have it validated by: {validators}",
        ValidationMissingHere { aim: Aim, issuer: IssuerType, validators: List<IssuerType> } =
            "validation-missing-here":
            "{aim}: the issuer `{issuer}` needs a validation; have it validated by: {validators}; \
             this emergency does not excuse it",
        OffenceNeeds { categories: List<DataCategory>, ways: AnyOf<Way> } = "offence-needs":
            "`{categories}` data: this needs {ways}; or leave these out",
        NoEmergencyHere { kind: EmergencyKind, kinds: List<EmergencyKind> } = "no-emergency-here":
            "`{kind}` is no emergency here, only: {kinds}; send it without the claim of one",
        ServiceNotCovered { service: Service } = "service-not-covered":
            "the service `{service}` is not covered; use another regime",
        ChannelNotAccepted { channel: Channel, accepted: List<Channel> } = "channel-not-accepted":
            "`{channel}` is not accepted; send it by: {accepted}",
        FormatNotAccepted { format: Format, accepted: List<Format> } = "format-not-accepted":
            "the format `{format}` is not accepted; send: {accepted}",
        PostIsNotSigned = "post-is-not-signed":
            "post and mail carry no passkey signature; file it as not authenticated",
        DatedInFuture { date: Date } = "dated-in-future":
            "it is dated {date}, which is in the future; correct the date",
        WasValidUntil { until: Timestamp } = "was-valid-until":
            "it was valid until {until}; have it issued again",
        CategoriesMissing = "categories-missing": "name the categories of data",
        SelectorMissing = "selector-missing": "name at least one selector",
        SelectorsTooMany { count: u64, most: u64 } = "selectors-too-many":
            "{count} selectors; at most {most} in one ask, split it",
        RangeMissing { categories: List<DataCategory> } = "range-missing":
            "name a time range for: {categories}",
        RangeBackwards = "range-backwards": "the time range ends before it begins",
        RangeInFuture = "range-in-future":
            "the time range lies in the future; only stored data can be asked for",
        RangeTooLong { most: u32 } = "range-too-long":
            "the time range is over {most} days; narrow it",
        FreezeNotNarrow = "freeze-not-narrow":
            "a freeze names one asset and an amount above zero; name both",
        NoFreezeHere { pack: String } = "no-freeze-here":
            "{pack} gives no freeze; use another regime",
        FreezeOver = "freeze-over": "the period of the freeze is over already",
        BanNeedsEnd = "ban-needs-end": "the ban must state when it ends; state a date",
        BanOver = "ban-over": "the ban is over already",
        BanTooLong { length: Length } = "ban-too-long":
            "the ban is longer than {length}; state an earlier end",
        ZoneUnknown { zone: String } = "zone-unknown":
            "`{zone}` is no IANA time zone; name one such as Europe/Brussels",
        BeyondDates { length: Length, start: Timestamp } = "beyond-dates":
            "{length} after {start} is beyond the year 9999; give an earlier start",
    }
}

crate::sayings! {
    /// What the desk says beside an answer, whatever the rule pack says.
    Note in "note" {
        ServiceDoubtful { service: Service } = "service-doubtful":
            "It is doubtful whether the regime covers the service `{service}`; counsel decides.",
        Voluntary = "voluntary":
            "This instrument asks and does not oblige: an answer is voluntary.",
        CallBackFirst = "call-back-first":
            "It came by post or mail: a recorded call-back to a number from the company's \
             own directory comes before legal review.",
        NoTimeSet = "no-time-set":
            "The regime sets no time and the order states none: no clock runs for the \
             answer; state a time.",
        HowDaysAreCounted = "how-days-are-counted": "How days are counted.",
    }
}

impl From<CalendarError> for Fix {
    fn from(error: CalendarError) -> Self {
        match error {
            CalendarError::UnknownZone { zone } => Self::ZoneUnknown { zone },
            CalendarError::OutOfRange { start, length } => Self::BeyondDates { length, start },
        }
    }
}

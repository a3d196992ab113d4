//! Rule packs as TOML. Knows the shape of the file, not what its rules mean.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;

use super::{
    Article, ChannelRule, ClockRule, EmergencyRule, FormatRule, FreezeRule, InstrumentRule,
    IssuerRule, NonDisclosureRule, Note, NotificationRule, OffenceRule, PACK_BYTES_MAX, PackError,
    PackRef, PauseEvent, PreservationRule, RULES_MAX, RefusalRule, RetentionRule, RulePack,
    ScopeRule, ServiceRule, Source, StopEvent, Text, Trigger, UserNotice, UserNoticeRule,
};
use crate::calendar::{Calendar, Counting, FirstDay, HOLIDAYS_MAX, LastDay, Length};
use crate::clock::{ClockKind, ClockName, Party};
use crate::order::{
    AskKind, Channel, DataCategory, EmergencyKind, Format, InstrumentKind, IssuerType,
    ListedOffence, Rank, Service,
};
use crate::request::RefusalCode;

pub(super) fn parse(text: &str, name: &str) -> Result<RulePack, PackError> {
    let reader = Reader { text, name };
    if text.len() > PACK_BYTES_MAX {
        let message = format!("the pack is larger than {PACK_BYTES_MAX} bytes; split the regime");
        return Err(reader.error(0, message));
    }
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        reader.error(at, error.message().replace('\n', " "))
    })?;
    reader.pack(file)
}

macro_rules! rules {
    ($($name:ident { $($field:ident: $kind:ty,)* })*) => {$(
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            $(#[serde(default)] $field: $kind,)*
            #[serde(default)]
            article: Option<Text>,
            #[serde(default)]
            unchecked: bool,
        }

        impl Sourced for $name {
            fn source(&self) -> (Option<&Text>, bool) {
                (self.article.as_ref(), self.unchecked)
            }
        }
    )*};
}

trait Sourced {
    fn source(&self) -> (Option<&Text>, bool);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    version: String,
    title: Text,
    zone: Spanned<String>,
    counting: Spanned<RawCounting>,
    #[serde(default)]
    calendar: Option<Spanned<RawCalendar>>,
    #[serde(default)]
    note: Vec<Spanned<RawNote>>,
    instrument: Vec<Spanned<RawInstrument>>,
    issuer: Vec<Spanned<RawIssuer>>,
    #[serde(default)]
    offence: Vec<Spanned<RawOffence>>,
    emergency: Spanned<RawEmergency>,
    #[serde(default)]
    notification: Option<Spanned<RawNotification>>,
    service: Spanned<RawService>,
    #[serde(default)]
    channel: Vec<Spanned<RawChannel>>,
    #[serde(default)]
    format: Vec<Spanned<RawFormat>>,
    scope: Spanned<RawScope>,
    clock: Vec<Spanned<RawClock>>,
    #[serde(default)]
    preservation: Option<Spanned<RawPreservation>>,
    #[serde(default)]
    freeze: Option<Spanned<RawFreeze>>,
    non_disclosure: Spanned<RawNonDisclosure>,
    user_notice: Spanned<RawUserNotice>,
    retention: Spanned<RawRetention>,
    #[serde(default)]
    refusal: Vec<Spanned<RawRefusal>>,
}

rules! {
    RawCounting { first_day: Option<FirstDay>, last_day: Option<LastDay>, }
    RawCalendar { from: Option<Date>, until: Option<Date>, holidays: Vec<Date>, }
    RawNote { text: Text, asks: BTreeSet<AskKind>, }
    RawInstrument {
        kind: Option<InstrumentKind>,
        asks: BTreeSet<AskKind>,
        emergency_only: bool,
        voluntary: bool,
    }
    RawIssuer {
        instruments: BTreeSet<InstrumentKind>,
        asks: BTreeSet<AskKind>,
        categories: BTreeSet<DataCategory>,
        direct: BTreeSet<IssuerType>,
        validated: BTreeSet<IssuerType>,
        validators: BTreeSet<IssuerType>,
        unvalidated_emergencies: BTreeSet<EmergencyKind>,
        rank_min: Option<Rank>,
    }
    RawOffence {
        instruments: BTreeSet<InstrumentKind>,
        categories: BTreeSet<DataCategory>,
        sentence_max_months_min: Option<u16>,
        listed: BTreeSet<ListedOffence>,
        by_information_system: BTreeSet<ListedOffence>,
        executed_sentence_months_min: Option<u16>,
    }
    RawEmergency { kinds: BTreeSet<EmergencyKind>, }
    RawNotification { categories: BTreeSet<DataCategory>, }
    RawService { covered: BTreeSet<Service>, doubtful: BTreeSet<Service>, }
    RawChannel {
        instruments: BTreeSet<InstrumentKind>,
        channels: BTreeSet<Channel>,
        note: Option<Text>,
    }
    RawFormat { instruments: BTreeSet<InstrumentKind>, formats: BTreeSet<Format>, }
    RawScope {
        selectors_max: Option<u32>,
        range_days_max: Option<u32>,
        range_needed: BTreeSet<DataCategory>,
    }
    RawClock {
        name: Option<ClockName>,
        kind: Option<ClockKind>,
        whose: Option<Party>,
        asks: BTreeSet<AskKind>,
        instruments: BTreeSet<InstrumentKind>,
        notified: Option<bool>,
        emergency: Option<bool>,
        unvalidated: Option<bool>,
        starts: Option<Trigger>,
        length: Option<Length>,
        grace: Option<Length>,
        first_day: Option<FirstDay>,
        last_day: Option<LastDay>,
        stops: BTreeSet<StopEvent>,
        pauses: BTreeSet<PauseEvent>,
    }
    RawPreservation { length: Option<Length>, extension: Option<Length>, extensions_max: u16, }
    RawFreeze { provisional: Option<Length>, orders: BTreeSet<InstrumentKind>, }
    RawNonDisclosure { needs_end: bool, length_max: Option<Length>, }
    RawUserNotice { rule: Option<UserNotice>, text: Text, }
    RawRetention { days_after_end: Option<u16>, }
    RawRefusal { code: Option<RefusalCode>, tick: Option<u8>, text: Text, }
}

struct Reader<'a> {
    text: &'a str,
    name: &'a str,
}

impl Reader<'_> {
    fn error(&self, at: usize, message: String) -> PackError {
        let before = self.text.as_bytes().iter().take(at);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        PackError { file: self.name.to_owned(), line, message }
    }

    fn source<T: Sourced>(&self, rule: &Spanned<T>) -> Result<Source, PackError> {
        let (article, unchecked) = rule.get_ref().source();
        match article {
            Some(article) if !article.english().trim().is_empty() => {
                Ok(Source { article: Article::Cited(article.clone()), unchecked })
            }
            _ if unchecked => Ok(Source { article: Article::Unnamed, unchecked }),
            _ => Err(self.error(
                rule.span().start,
                "this rule names no `article`; name it, or write `unchecked = true`".to_owned(),
            )),
        }
    }

    fn need<T, R>(&self, rule: &Spanned<R>, key: &str, value: Option<T>) -> Result<T, PackError> {
        value.ok_or_else(|| {
            self.error(rule.span().start, format!("the key `{key}` is missing here; add it"))
        })
    }

    fn each<R: Sourced, T>(
        &self,
        rules: Vec<Spanned<R>>,
        make: impl Fn(&Spanned<R>, Source) -> Result<T, PackError>,
    ) -> Result<Vec<T>, PackError> {
        if rules.len() > RULES_MAX {
            let message = format!("more than {RULES_MAX} rules of one sort; split the regime");
            return Err(self.error(rules[RULES_MAX].span().start, message));
        }
        rules.iter().map(|rule| make(rule, self.source(rule)?)).collect()
    }

    fn pack(&self, file: File) -> Result<RulePack, PackError> {
        if TimeZone::get(file.zone.get_ref()).is_err() {
            let message = format!("`{}` is no IANA time zone", file.zone.get_ref());
            return Err(self.error(file.zone.span().start, message));
        }
        let counting = Counting {
            first_day: file.counting.get_ref().first_day.unwrap_or(FirstDay::NextDay),
            last_day: file.counting.get_ref().last_day.unwrap_or(LastDay::Stays),
        };
        Ok(RulePack {
            reference: PackRef { id: file.id, version: file.version },
            title: file.title,
            zone: file.zone.into_inner(),
            counting,
            counting_source: self.source(&file.counting)?,
            calendar: self.calendar(file.calendar)?,
            notes: self.each(file.note, |rule, source| {
                let raw = rule.get_ref();
                Ok(Note { text: raw.text.clone(), asks: raw.asks.clone(), source })
            })?,
            instruments: self
                .each(file.instrument, |rule, source| self.instrument(rule, source))?,
            issuers: self.each(file.issuer, |rule, source| self.issuer(rule, source))?,
            offences: self
                .each(file.offence, |rule, source| Ok(offence(rule.get_ref(), source)))?,
            emergency: EmergencyRule {
                kinds: file.emergency.get_ref().kinds.clone(),
                source: self.source(&file.emergency)?,
            },
            notification: file.notification.map(|rule| self.notification(&rule)).transpose()?,
            service: ServiceRule {
                covered: file.service.get_ref().covered.clone(),
                doubtful: file.service.get_ref().doubtful.clone(),
                source: self.source(&file.service)?,
            },
            channels: self
                .each(file.channel, |rule, source| Ok(channel(rule.get_ref(), source)))?,
            formats: self
                .each(file.format, |rule, source| Ok(format_rule(rule.get_ref(), source)))?,
            scope: self.scope(&file.scope)?,
            clocks: self.clocks(file.clock)?,
            preservation: file.preservation.map(|rule| self.preservation(&rule)).transpose()?,
            freeze: file.freeze.map(|rule| self.freeze(&rule)).transpose()?,
            non_disclosure: NonDisclosureRule {
                needs_end: file.non_disclosure.get_ref().needs_end,
                length_max: file.non_disclosure.get_ref().length_max,
                source: self.source(&file.non_disclosure)?,
            },
            user_notice: UserNoticeRule {
                rule: self.need(&file.user_notice, "rule", file.user_notice.get_ref().rule)?,
                text: file.user_notice.get_ref().text.clone(),
                source: self.source(&file.user_notice)?,
            },
            retention: self.retention(&file.retention)?,
            refusals: self.each(file.refusal, |rule, source| self.refusal(rule, source))?,
        })
    }

    fn instrument(
        &self,
        rule: &Spanned<RawInstrument>,
        source: Source,
    ) -> Result<InstrumentRule, PackError> {
        let raw = rule.get_ref();
        Ok(InstrumentRule {
            kind: self.need(rule, "kind", raw.kind)?,
            asks: raw.asks.clone(),
            emergency_only: raw.emergency_only,
            voluntary: raw.voluntary,
            source,
        })
    }

    fn refusal(
        &self,
        rule: &Spanned<RawRefusal>,
        source: Source,
    ) -> Result<RefusalRule, PackError> {
        let raw = rule.get_ref();
        Ok(RefusalRule {
            code: self.need(rule, "code", raw.code)?,
            tick: raw.tick,
            text: raw.text.clone(),
            source,
        })
    }

    fn calendar(&self, rule: Option<Spanned<RawCalendar>>) -> Result<Calendar, PackError> {
        let Some(rule) = rule else { return Ok(Calendar::default()) };
        self.source(&rule)?;
        let raw = rule.get_ref();
        let (from, until) =
            (self.need(&rule, "from", raw.from)?, self.need(&rule, "until", raw.until)?);
        let mut holidays = raw.holidays.clone();
        holidays.sort_unstable();
        holidays.dedup();
        if from > until || holidays.len() > HOLIDAYS_MAX {
            let message = format!("`from` is after `until`, or over {HOLIDAYS_MAX} holidays");
            return Err(self.error(rule.span().start, message));
        }
        if let Some(day) = holidays.iter().find(|day| **day < from || until < **day) {
            let message = format!("{day} is outside the days this calendar covers");
            return Err(self.error(rule.span().start, message));
        }
        Ok(Calendar { holidays, covers: Some((from, until)) })
    }

    fn issuer(&self, rule: &Spanned<RawIssuer>, source: Source) -> Result<IssuerRule, PackError> {
        let raw = rule.get_ref();
        if raw.validated.is_empty() != raw.validators.is_empty() {
            let message = "`validated` and `validators` go together: name both or neither";
            return Err(self.error(rule.span().start, message.to_owned()));
        }
        if raw.direct.is_empty() && raw.validated.is_empty() {
            let message = "nobody may issue by this rule; name `direct` or `validated`";
            return Err(self.error(rule.span().start, message.to_owned()));
        }
        Ok(IssuerRule {
            instruments: raw.instruments.clone(),
            asks: raw.asks.clone(),
            categories: raw.categories.clone(),
            direct: raw.direct.clone(),
            validated: raw.validated.clone(),
            validators: raw.validators.clone(),
            unvalidated_emergencies: raw.unvalidated_emergencies.clone(),
            rank_min: raw.rank_min,
            source,
        })
    }

    fn notification(&self, rule: &Spanned<RawNotification>) -> Result<NotificationRule, PackError> {
        let categories = rule.get_ref().categories.clone();
        Ok(NotificationRule { categories, source: self.source(rule)? })
    }

    fn scope(&self, rule: &Spanned<RawScope>) -> Result<ScopeRule, PackError> {
        let raw = rule.get_ref();
        Ok(ScopeRule {
            selectors_max: self.need(rule, "selectors_max", raw.selectors_max)?.into(),
            range_days_max: self.need(rule, "range_days_max", raw.range_days_max)?,
            range_needed: raw.range_needed.clone(),
            source: self.source(rule)?,
        })
    }

    fn clocks(&self, rules: Vec<Spanned<RawClock>>) -> Result<Vec<ClockRule>, PackError> {
        let mut names = BTreeSet::new();
        for rule in &rules {
            if let Some(name) = &rule.get_ref().name
                && !names.insert(name.clone())
            {
                let message = format!("the clock `{name}` is defined twice; rename one");
                return Err(self.error(rule.span().start, message));
            }
        }
        self.each(rules, |rule, source| self.clock(rule, source))
    }

    fn clock(&self, rule: &Spanned<RawClock>, source: Source) -> Result<ClockRule, PackError> {
        let raw = rule.get_ref();
        let starts = self.need(rule, "starts", raw.starts)?;
        let name = self.need(rule, "name", raw.name.clone())?;
        if raw.asks.is_empty() {
            let message = format!("the clock `{name}` runs for no ask; name them in `asks`");
            return Err(self.error(rule.span().start, message));
        }
        if raw.length.is_none() && starts != Trigger::Receipt && starts != Trigger::Elsewhere {
            let message = format!(
                "the clock `{name}` has no `length`; only one that starts at receipt may take \
                 its end from the order"
            );
            return Err(self.error(rule.span().start, message));
        }
        Ok(ClockRule {
            name,
            kind: self.need(rule, "kind", raw.kind)?,
            whose: self.need(rule, "whose", raw.whose)?,
            asks: raw.asks.clone(),
            instruments: raw.instruments.clone(),
            notified: raw.notified,
            emergency: raw.emergency,
            unvalidated: raw.unvalidated,
            starts,
            length: raw.length,
            grace: raw.grace,
            first_day: raw.first_day,
            last_day: raw.last_day,
            stops: raw.stops.clone(),
            pauses: raw.pauses.clone(),
            source,
        })
    }

    fn preservation(&self, rule: &Spanned<RawPreservation>) -> Result<PreservationRule, PackError> {
        let raw = rule.get_ref();
        Ok(PreservationRule {
            length: self.need(rule, "length", raw.length)?,
            extension: self.need(rule, "extension", raw.extension)?,
            extensions_max: raw.extensions_max,
            source: self.source(rule)?,
        })
    }

    fn retention(&self, rule: &Spanned<RawRetention>) -> Result<RetentionRule, PackError> {
        let days = self.need(rule, "days_after_end", rule.get_ref().days_after_end)?;
        Ok(RetentionRule { days_after_end: days, source: self.source(rule)? })
    }

    fn freeze(&self, rule: &Spanned<RawFreeze>) -> Result<FreezeRule, PackError> {
        let raw = rule.get_ref();
        Ok(FreezeRule {
            provisional: self.need(rule, "provisional", raw.provisional)?,
            orders: raw.orders.clone(),
            source: self.source(rule)?,
        })
    }
}

fn channel(raw: &RawChannel, source: Source) -> ChannelRule {
    ChannelRule {
        instruments: raw.instruments.clone(),
        channels: raw.channels.clone(),
        note: raw.note.clone(),
        source,
    }
}

fn format_rule(raw: &RawFormat, source: Source) -> FormatRule {
    FormatRule { instruments: raw.instruments.clone(), formats: raw.formats.clone(), source }
}

fn offence(raw: &RawOffence, source: Source) -> OffenceRule {
    OffenceRule {
        instruments: raw.instruments.clone(),
        categories: raw.categories.clone(),
        sentence_max_months_min: raw.sentence_max_months_min,
        listed: raw.listed.clone(),
        by_information_system: raw.by_information_system.clone(),
        executed_sentence_months_min: raw.executed_sentence_months_min,
        source,
    }
}

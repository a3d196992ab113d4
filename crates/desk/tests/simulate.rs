//! 100,000 random histories over four regimes: the desk is free to do what it likes with random
//! orders, people and moments, and an auditor that knows none of its code looks at the record.
//! A failing history prints its seed; `SIMULATE_SEED=<n>` plays that one alone.

use std::collections::{BTreeMap, BTreeSet};

use desk::clock::ClockStatus;
use desk::ids::{ActorId, AskNumber, EffectId, ExhibitNumber, StaffId};
use desk::order::{
    Ask, Authentication, Channel, DataCategory, Demand, EmergencyKind, InstrumentKind, IssuerType,
    Rank, Service,
};
use desk::pack::{RulePack, embedded_all};
use desk::policy::Actor;
use desk::request::{
    Answer, Command, EffectStatus, Event, HoldReason, IdentityMethod, MissingReason, Outcome,
    RefusalCode, Request,
};
use desk::{check, record};
use jiff::{Timestamp, ToSpan};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

mod auditor;
mod support;
use auditor::audit;
use support::*;

const HISTORIES: u64 = 100_000;
const WORKERS: u64 = 4;
const STEPS_MAX: usize = 40;

#[test]
fn no_history_breaks_the_promises() {
    if let Ok(seed) = std::env::var("SIMULATE_SEED") {
        simulate(std::iter::once(seed.parse().expect("a number")));
        return;
    }
    let mut seen = BTreeMap::<String, u64>::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|first| {
                scope.spawn(move || simulate((first..HISTORIES).step_by(WORKERS as usize)))
            })
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(counts) => {
                    for (kind, count) in counts {
                        *seen.entry(kind).or_default() += count;
                    }
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    println!("{seen:#?}");
    // A simulation that never gets anywhere proves nothing.
    for kind in record::KINDS_V1 {
        assert!(seen.contains_key(*kind), "no history has `{kind}`");
    }
}

/// Plays and audits the histories of some seeds, and counts the kinds of event.
fn simulate(seeds: impl Iterator<Item = u64>) -> BTreeMap<String, u64> {
    let mut seen = BTreeMap::new();
    for seed in seeds {
        let mut history = play(seed);
        // What is kept is bytes: in one history of eight, those are audited.
        if seed % 8 == 0 {
            for (_, event) in &mut history {
                *event = record::decode(&record::encode(event)).expect("our own bytes");
                *seen.entry(kind_of(event)).or_default() += 1;
            }
        }
        if let Err(fault) = audit(&history) {
            let line = |(at, event): &(Timestamp, Event)| format!("{at} {}", record::encode(event));
            let lines: Vec<String> = history.iter().map(line).collect();
            panic!("seed {seed}: {fault}\n{}", lines.join("\n"));
        }
    }
    seen
}

fn kind_of(event: &Event) -> String {
    let json = record::encode(event);
    json.split('"').nth(3).unwrap_or_default().to_owned()
}

/// Days after which every embedded pack lets personal data go.
const DAYS_KEPT: i64 = 1_825;

/// One history: an order, then steps by random people at random moments, then the end of time.
fn play(seed: u64) -> Vec<(Timestamp, Event)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let pack = &embedded_all()[rng.random_range(0..4)];
    let mut stage = Stage::new(pack);
    let mut history = Vec::new();
    let order = random_order(&mut rng, pack);
    let people = people();
    let filer = if order.channel == Channel::Manual { ina() } else { officer() };
    step(&mut stage, &mut history, &filer, &receive(order));
    if stage.request.id.is_none() {
        return history;
    }
    step(&mut stage, &mut history, &system(), &random_look(&mut rng));
    for _ in 0..rng.random_range(5..STEPS_MAX) {
        if rng.random_bool(0.3) {
            let hours = *pick(&mut rng, &[0, 1, 3, 9, 30, 100, 300, 1_000]);
            stage.now = stage.now.checked_add(i64::from(hours).hours()).expect("in range");
        }
        let command = random_command(&mut rng, &stage.request);
        // Somebody who may, often enough to get somewhere.
        for _ in 0..3 {
            let before = history.len();
            let actor = pick(&mut rng, &people).clone();
            step(&mut stage, &mut history, &actor, &command);
            if history.len() > before {
                break;
            }
        }
    }
    // Time runs on past every end, and the desk's own job records what it did.
    for _ in 0..3 {
        stage.now = stage.now.checked_add((24 * 500).hours()).expect("in range");
        resume_all(&mut stage, &mut history);
        step(&mut stage, &mut history, &system(), &Command::Tick);
    }
    // The company's systems answer in the end, now and then with a failure.
    for effect in open_effects(&stage.request) {
        let command = match rng.random_bool(0.1) {
            true => Command::FailEffect { effect },
            false => Command::ConfirmEffect { effect },
        };
        if rng.random_bool(0.8) {
            step(&mut stage, &mut history, &system(), &command);
        }
    }
    // Whatever has ended is erased when the pack's time is over, and not a moment before.
    for days in [DAYS_KEPT - 1, 1] {
        stage.now = stage.now.checked_add((24 * days).hours()).expect("in range");
        step(&mut stage, &mut history, &system(), &Command::Erase);
    }
    history
}

fn open_effects(request: &Request) -> Vec<EffectId> {
    let effects = request.asks.iter().flat_map(|ask| &ask.effects);
    let open = effects.filter(|effect| effect.status == EffectStatus::Requested);
    open.map(|effect| effect.id).collect()
}

/// A clock that stands still has no end: whoever holds it up ends that first.
fn resume_all(stage: &mut Stage, history: &mut Vec<(Timestamp, Event)>) {
    for ask in stage.request.asks.clone() {
        let ask_number = ask.number;
        if ask.clocks.iter().any(|clock| matches!(clock.status, ClockStatus::Paused { .. })) {
            let end = Command::EndHold { ask: ask_number };
            let inform = Command::ProvideInformation { ask: ask_number, order: None };
            step(stage, history, &carl(), &end);
            // Intake files the answer that came by post when the key may not speak.
            step(stage, history, &ina(), &inform);
        }
    }
}

fn step(
    stage: &mut Stage,
    history: &mut Vec<(Timestamp, Event)>,
    actor: &Actor,
    command: &Command,
) {
    let now = stage.now;
    if let Ok(events) = stage.play(actor, command) {
        history.extend(events.into_iter().map(|event| (now, event)));
    }
}

/// Ordinary people, people with every role at once, jobs and keys.
fn people() -> Vec<Actor> {
    vec![
        vera(),
        carl(),
        anna(),
        bo(),
        one(),
        two(),
        ina(),
        officer(),
        system(),
        system(),
        system(),
        officer(),
        all_roles(11),
        all_roles(12),
        all_roles(12),
        all_roles(13),
    ]
}

fn pick<'a, T>(rng: &mut impl Rng, from: &'a [T]) -> &'a T {
    &from[rng.random_range(0..from.len())]
}

fn random_order(rng: &mut impl Rng, pack: &RulePack) -> desk::order::Order {
    // Half the orders are of an instrument that the regime knows, with asks it can carry.
    let rule = pick(rng, &pack.instruments).clone();
    let kind = if rng.random_bool(0.9) { rule.kind } else { *pick(rng, InstrumentKind::ALL) };
    let mut wanted: Vec<_> = rule.asks.iter().copied().collect();
    if rng.random_bool(0.1) {
        wanted.extend(desk::order::AskKind::ALL);
    }
    let count = rng.random_range(1..4);
    let asks = (0..count)
        .map(|_| {
            let kind = *pick(rng, &wanted);
            random_ask(rng, kind)
        })
        .collect();
    let mut order = order(kind, "DE", asks);
    order.issuer = *pick(
        rng,
        &[IssuerType::Judge, IssuerType::Court, IssuerType::Prosecutor, IssuerType::Police],
    );
    order.issuer_rank = rng.random_bool(0.7).then(|| *pick(rng, Rank::ALL));
    order.validator = rng.random_bool(0.4).then(|| *pick(rng, IssuerType::ALL));
    order.service = *pick(rng, Service::ALL);
    order.notification.is_notified = rng.random_bool(0.3);
    if rng.random_bool(0.2) {
        (order.channel, order.authentication) = (Channel::Manual, Authentication::None);
    }
    if rng.random_bool(0.2) {
        (order.channel, order.authentication) = (Channel::Portal, Authentication::Signed);
    }
    if rng.random_bool(0.3) {
        order.answer_by = Some(at("2026-12-20T12:00:00Z"));
    }
    if rng.random_bool(0.1) {
        order.valid_until = Some(at("2026-12-10T12:00:00Z"));
    }
    order
}

fn random_ask(rng: &mut impl Rng, kind: desk::order::AskKind) -> Ask {
    use desk::order::AskKind as K;
    let until = *pick(rng, &[None, Some("2026-11-30T00:00:00Z"), Some("2027-03-01T00:00:00Z")]);
    let category = *pick(rng, DataCategory::ALL);
    let mut ask = match kind {
        K::Disclose => disclose(&[category]),
        K::Preserve => preserve(),
        K::Freeze => freeze(until),
        K::Unfreeze => unfreeze(rng.random_range(1..4)),
        K::NonDisclosure => silence(until),
    };
    if rng.random_bool(0.35) {
        ask.emergency = Some(*pick(rng, EmergencyKind::ALL));
    }
    ask
}

/// Mostly something that makes sense in the state of some ask, sometimes anything at all.
fn random_command(rng: &mut impl Rng, request: &Request) -> Command {
    let number = AskNumber(rng.random_range(1..=request.asks.len().max(1) as u16));
    let Some(state) = request.ask(number) else { return Command::Tick };
    if rng.random_bool(0.7)
        && let Some(command) = sensible(rng, request, number)
    {
        return command;
    }
    let some_effect = state.effects.last().map_or_else(Default::default, |effect| effect.id);
    let codes = vec![*pick(rng, RefusalCode::ALL)];
    let corrected = rng.random_bool(0.5).then(|| {
        let mut order = request.order.clone().expect("filed");
        if let Demand::Disclose { scope } = &mut order.asks[usize::from(number.0) - 1].demand {
            scope.categories = BTreeSet::from([*pick(rng, DataCategory::ALL)]);
        }
        Box::new(order)
    });
    match rng.random_range(0..27) {
        0 => Command::StartIdentityCheck,
        1 => Command::VerifyIdentity { method: *pick(rng, IdentityMethod::ALL) },
        2 => Command::AcceptLegal { ask: number, despite: codes },
        3 => Command::RequestInformation { ask: number, codes },
        4 | 5 => Command::ProvideInformation { ask: number, order: corrected },
        6 => Command::Hold { ask: number, reason: *pick(rng, HoldReason::ALL) },
        7 | 8 => Command::EndHold { ask: number },
        9 => Command::ClearByAuthority { ask: number },
        10 => Command::ReturnPackage { asks: vec![number] },
        11 => deliver(number.0),
        12 => approve(number.0),
        13 => Command::Close { ask: number },
        14 if rng.random_bool(0.2) => Command::Refuse { ask: number, code: codes[0] },
        15 if rng.random_bool(0.3) => Command::Withdraw { ask: number },
        16 => Command::ConfirmDeletion { ask: number },
        17 => Command::Extend { ask: number },
        18 => Command::Link { ask: number, order_sha256: digest(8) },
        19 if rng.random_bool(0.3) => Command::Release { ask: number },
        20 => Command::ConfirmFreeze {
            ask: number,
            order_sha256: digest(8),
            until: rng.random_bool(0.5).then(|| at("2027-06-01T00:00:00Z")),
        },
        21 => Command::ConfirmEffect { effect: some_effect },
        22 => Command::FailEffect { effect: some_effect },
        23 => Command::ReviewEmergency { ask: number, justified: rng.random_bool(0.5) },
        24 => Command::ReceiveExPostOrder { ask: number, order_sha256: digest(8) },
        25 if rng.random_bool(0.1) => match request.marked_keys.is_empty() {
            true => Command::MarkKey { key: KEY },
            false => Command::ClearKey { key: KEY },
        },
        25 if rng.random_bool(0.1) => Command::Erase,
        25 if rng.random_bool(0.5) => Command::Assign {
            to: rng
                .random_bool(0.7)
                .then(|| StaffId(uuid::Uuid::from_u128(rng.random_range(1..4)))),
        },
        25 if rng.random_bool(0.1) => {
            Command::SetRetention { days: rng.random_bool(0.5).then(|| rng.random_range(1..900)) }
        }
        25 => Command::PostMessage { ask: Some(number) },
        26 => random_look(rng),
        _ => Command::Tick,
    }
}

/// A look for signs of fraud, which now and then finds enough to hold the request.
fn random_look(rng: &mut impl Rng) -> Command {
    let holds = rng.random_bool(0.15);
    let assessment = desk::suspicion::Assessment {
        rules: "test".to_owned(),
        earlier: 0,
        score: if holds { 60 } else { 0 },
        holds,
        signs: Vec::new(),
        sketch: desk::suspicion::Sketch::default(),
        style: desk::suspicion::Style::default(),
        connection: None,
        words_only: false,
    };
    Command::Assess { assessment: Box::new(assessment) }
}

fn sensible(rng: &mut impl Rng, request: &Request, number: AskNumber) -> Option<Command> {
    use desk::order::AskKind as K;
    let ask = request.ask(number)?;
    let next = request.asks.iter().map(|ask| ask.exhibits.len()).sum::<usize>() as u16 + 1;
    let package = ask.package.map_or_else(Default::default, |it| it.tagmanifest_sha256);
    let methods =
        [IdentityMethod::CallBack, IdentityMethod::ClientCertificate, IdentityMethod::Passkey];
    let retry = ask
        .effects
        .iter()
        .rev()
        .find(|effect| effect.status != desk::request::EffectStatus::Confirmed);
    if request.is_held_for_signs && rng.random_bool(0.3) {
        return Some(Command::VerifyIdentity { method: IdentityMethod::CallBack });
    }
    if let Some(effect) = retry {
        return Some(match effect.status {
            desk::request::EffectStatus::Failed => Command::RetryEffect { effect: effect.id },
            _ if rng.random_bool(0.3) => Command::FailEffect { effect: effect.id },
            _ => Command::ConfirmEffect { effect: effect.id },
        });
    }
    Some(match (ask.kind(), ask.stage.name()) {
        (K::Preserve, "received" | "identity_check" | "legal_review") if rng.random_bool(0.6) => {
            Command::Preserve {
                ask: number,
                exhibit: ExhibitNumber(next),
                exhibit_sha256: digest(9),
                rows: 4,
            }
        }
        (_, "received" | "identity_check") => {
            Command::VerifyIdentity { method: *pick(rng, &methods) }
        }
        (K::Freeze, "legal_review" | "accepted") if rng.random_bool(0.6) => {
            Command::Freeze { ask: number }
        }
        (K::Disclose, "legal_review") if ask.is_emergency() => Command::StartSearch { ask: number },
        (_, "legal_review") => {
            let answer = check::check(
                request.order.as_ref()?,
                embedded_all()
                    .iter()
                    .find(|pack| Some(&pack.reference) == request.pack.as_ref())?,
                request.received_at?,
            );
            let reasons = &answer.asks.get(usize::from(number.0) - 1)?.reasons;
            let despite: BTreeSet<_> = reasons.iter().map(|reason| reason.code).collect();
            Command::AcceptLegal { ask: number, despite: despite.into_iter().collect() }
        }
        (K::Unfreeze, "accepted") => Command::Unfreeze { ask: number },
        (_, "accepted") => Command::StartSearch { ask: number },
        (_, "searching") => searching(rng, request, number, next)?,
        (_, "assembled") => {
            Command::Approve { asks: members(request, number), tagmanifest_sha256: package }
        }
        (_, "approved") => Command::Seal {
            asks: members(request, number),
            tagmanifest_sha256: package,
            p7s_sha256: digest(1),
            tsr_sha256: None,
            chain_sha256: digest(2),
        },
        (_, "sealed") => Command::Deliver {
            asks: members(request, number),
            package_sha256: digest(3),
            encrypted_sha256: digest(4),
        },
        (_, "delivered") => Command::Acknowledge {
            asks: vec![number],
            package_sha256: ask.package?.package_sha256?,
        },
        _ => return None,
    })
}

fn searching(
    rng: &mut impl Rng,
    request: &Request,
    number: AskNumber,
    next: u16,
) -> Option<Command> {
    let ask = request.ask(number)?;
    let category = *ask.ask.scope()?.categories.first()?;
    if ask.exhibits.is_empty() {
        return Some(Command::AddExhibit {
            ask: number,
            exhibit: ExhibitNumber(next),
            category,
            exhibit_sha256: digest(7),
            rows: rng.random_range(0..3),
            withheld: 0,
        });
    }
    // Everything that is being searched goes into one package.
    let ready = request
        .asks
        .iter()
        .filter(|ask| ask.stage.name() == "searching" && !ask.exhibits.is_empty());
    let answers = ready.map(|ask| {
        let rows: u64 = ask.exhibits.iter().map(|exhibit| exhibit.rows).sum();
        let (outcome, missing) = match rows {
            0 => (Outcome::NoData, vec![]),
            1 => (Outcome::Partial, vec![MissingReason::NotStored]),
            _ => (Outcome::Full, vec![]),
        };
        Answer { ask: ask.number, outcome, missing }
    });
    Some(Command::Assemble { answers: answers.collect(), tagmanifest_sha256: digest(rng.random()) })
}

fn members(request: &Request, number: AskNumber) -> Vec<AskNumber> {
    let package = request.ask(number).and_then(|ask| ask.package);
    let same = request.asks.iter().filter(|ask| {
        ask.package.map(|it| it.tagmanifest_sha256) == package.map(|it| it.tagmanifest_sha256)
    });
    same.map(|ask| ask.number).collect()
}

/// The auditor must be able to find fault: sound histories with one thing taken out or changed.
mod faults {
    use super::*;
    use expect_test::{Expect, expect};

    fn sound() -> Vec<(Timestamp, Event)> {
        let category = DataCategory::Traffic;
        let stage = Stage::sealed(eu(), epoc(vec![disclose(&[category])]), category)
            .until("2026-12-04T00:00:00Z")
            .then(&system(), deliver(1))
            .then(&officer(), acknowledge(1))
            .then(&anna(), Command::Close { ask: ask(1) });
        stage.events.into_iter().map(|event| (at("2026-12-04T00:00:00Z"), event)).collect()
    }

    fn frozen() -> Vec<(Timestamp, Event)> {
        let order =
            order(InstrumentKind::FreezeOrder, "DE", vec![freeze(Some("2026-12-01T00:00:00Z"))]);
        let mut stage =
            Stage::verified(generic(), order).then(&anna(), Command::Freeze { ask: ask(1) });
        let effect = stage.request.asks[0].effects[0].id;
        stage = stage.then(&system(), Command::ConfirmEffect { effect });
        let mut history: Vec<_> =
            stage.events.iter().cloned().map(|event| (stage.now, event)).collect();
        stage.events.clear();
        stage = stage.until("2026-12-02T00:00:00Z").then(&system(), Command::Tick);
        history.extend(stage.events.iter().cloned().map(|event| (stage.now, event)));
        history
    }

    fn fault(
        mut history: Vec<(Timestamp, Event)>,
        spoil: impl Fn(&mut Vec<(Timestamp, Event)>),
        expected: Expect,
    ) {
        assert_eq!(audit(&history), Ok(()), "the history was not sound to begin with");
        spoil(&mut history);
        expected.assert_eq(&audit(&history).expect_err("the auditor saw nothing"));
    }

    #[test]
    fn the_auditor_misses_no_early_erasure() {
        fault(
            sound(),
            |history| {
                history.push((at("2031-12-02T23:00:00Z"), Event::Erased { by: ActorId::System }))
            },
            expect!["erased 43799 hours after the last event"],
        );
    }

    #[test]
    fn the_auditor_misses_no_erasure_of_what_is_still_needed() {
        let erased = (at("2036-12-02T23:00:00Z"), Event::Erased { by: ActorId::System });
        let without = |kind: &str, history: &mut Vec<(Timestamp, Event)>| {
            history.retain(|(_, event)| kind_of(event) != kind);
            history.push(erased.clone());
        };
        fault(
            released(),
            |history| without("effect_confirmed", history),
            expect!["erased while an effect was open"],
        );
        fault(
            released(),
            |history| {
                for (_, event) in history.iter_mut() {
                    if let Event::EffectConfirmed { ask, effect, by, .. } = event.clone() {
                        *event = Event::EffectFailed { ask, effect, by };
                    }
                }
                history.push(erased.clone());
            },
            expect!["erased though an account is still blocked"],
        );
        fault(
            sound(),
            |history| {
                let at = history[history.len() - 1].0;
                history.push((at, Event::NoticePostponed { ask: ask(1) }));
                history.push(erased.clone());
            },
            expect!["erased though a user was still to be told"],
        );
    }

    /// A freeze that has lapsed and was released.
    fn released() -> Vec<(Timestamp, Event)> {
        let mut history = frozen();
        let (now, effect) = history
            .iter()
            .rev()
            .find_map(|(now, event)| match event {
                Event::EffectRequested { effect, .. } => Some((*now, *effect)),
                _ => None,
            })
            .expect("the lapse asks for the release");
        let by = ActorId::System;
        let confirmed = Event::EffectConfirmed { ask: ask(1), effect, late: false, by };
        history.push((now, confirmed));
        history
    }

    #[test]
    fn the_auditor_misses_no_single_person() {
        fault(
            sound(),
            |history| {
                for (_, event) in history {
                    if let Event::Approved { by, .. } = event {
                        *by = anna().id;
                    }
                }
            },
            expect!["ask 1 was disclosed (alone: true, proven: true, early: false)"],
        );
    }

    #[test]
    fn the_auditor_misses_nothing_that_leaves_though_signs_of_fraud_hold_it() {
        let mut look = random_look(&mut ChaCha8Rng::seed_from_u64(1));
        if let Command::Assess { assessment } = &mut look {
            assessment.holds = true;
        }
        fault(
            sound(),
            |history| {
                let Command::Assess { assessment } = look.clone() else { return };
                let by = ActorId::System;
                history.insert(1, (history[0].0, Event::Assessed { assessment, by }));
            },
            expect!["signs of fraud held it, and nobody had called back"],
        );
    }

    #[test]
    fn the_auditor_misses_no_job_that_approves() {
        fault(
            sound(),
            |history| {
                for (_, event) in history {
                    if let Event::Approved { by, .. } = event {
                        *by = ActorId::System;
                    }
                }
            },
            expect!["ask 1 was disclosed (alone: true, proven: true, early: false)"],
        );
    }

    #[test]
    fn the_auditor_misses_no_unproven_sender() {
        fault(
            sound(),
            |history| history.retain(|(_, event)| !matches!(event, Event::IdentityVerified { .. })),
            expect!["ask 1 was disclosed (alone: false, proven: false, early: false)"],
        );
    }

    #[test]
    fn the_auditor_misses_no_early_delivery() {
        fault(
            sound(),
            |history| {
                for (at, _) in history {
                    *at = super::at("2026-12-03T22:59:59Z");
                }
            },
            expect!["the clock release-window of ask 1 ended before its time"],
        );
    }

    #[test]
    fn the_auditor_misses_no_forgotten_clock() {
        fault(
            sound(),
            |history| {
                history.retain(|(_, event)| {
            !matches!(event, Event::ClockStopped { clock, .. } if clock.as_str() == "produce-notified")
        })
            },
            expect!["the clock produce-notified of ask 1 never ended"],
        );
    }

    #[test]
    fn the_auditor_misses_no_freeze_that_never_ends() {
        fault(
            frozen(),
            |history| {
                history.retain(|(_, event)| {
                    !matches!(
                        event,
                        Event::EffectRequested { action: desk::request::EffectKind::Unfreeze, .. }
                    )
                })
            },
            expect!["the freeze of ask 1 outlived its lapse"],
        );
    }

    #[test]
    fn the_auditor_misses_no_user_who_is_told_against_an_order() {
        let order = order(
            InstrumentKind::NonDisclosureOrder,
            "US",
            vec![silence(Some("2027-03-01T00:00:00Z"))],
        );
        let stage = Stage::verified(us(), order).then(&carl(), accept(1));
        let history = stage.events.into_iter().map(|event| (stage.now, event)).collect();
        let notice = Event::EffectRequested {
            ask: ask(1),
            effect: Default::default(),
            action: desk::request::EffectKind::NotifyUser,
            attempt: 1,
            until: None,
            by: ActorId::System,
        };
        fault(
            history,
            |history| history.push((super::at("2026-12-01T00:00:00Z"), notice.clone())),
            expect!["the user of ask 1 was told against an order"],
        );
    }

    #[test]
    fn the_auditor_misses_no_freeze_after_its_lapse() {
        fault(
            frozen(),
            |history| {
                for (at, event) in history {
                    if let Event::Frozen { .. } = event {
                        *at = super::at("2026-12-01T00:00:00Z");
                    }
                }
            },
            expect!["a freeze took hold after its lapse"],
        );
    }
}

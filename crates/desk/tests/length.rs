//! However long the history of a request has become, it can be ended, erased and read; and nobody
//! can make it longer than that.

use desk::ids::EffectId;
use desk::order::{DataCategory, InstrumentKind};
use desk::request::{
    Command, EVENTS_MAX, EffectStatus, Event, Outcome, RefusalCode, Request, TALK_EVENTS_MAX,
    WORK_EVENTS_MAX,
};
use expect_test::expect;
use jiff::ToSpan as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

mod support;
use support::*;

/// Crowded requests that are played to their end.
const SEEDS: u64 = 8;
/// How often everybody does all that is allowed.
const ROUNDS: usize = 6;

/// The same request with so many events before.
fn long(mut stage: Stage, events: u32) -> Stage {
    stage.request.events_count = events;
    stage
}

fn message() -> Command {
    Command::PostMessage { ask: None }
}

#[test]
fn every_event_counts() {
    let stage = Stage::sealed(generic(), asked(1), DataCategory::Subscriber);
    assert_eq!(stage.request.events_count as usize, stage.events.len());
}

#[test]
fn messages_end_first_and_say_what_to_do() {
    let stage = || Stage::verified(generic(), asked(1));
    let said = long(stage(), TALK_EVENTS_MAX - 1).then(&officer(), message());
    expect![[r#"
        refused: post_message: the request has 5000 events, and from 5000 on this is not done any more; end its asks, and have a new request filed for what is left
        => legal_review
    "#]]
    .assert_eq(&said.when(&officer(), message()));
    let another = |command| long(stage(), TALK_EVENTS_MAX).play(&carl(), &command).is_err();
    assert!(another(Command::RequestInformation { ask: ask(1), codes: vec![RefusalCode::Other] }));
    assert!(another(Command::Assign { to: Some(desk::ids::StaffId(uuid::Uuid::from_u128(7))) }));
}

#[test]
fn work_goes_on_after_talk_and_what_ends_it_goes_on_after_work() {
    let approved = Stage::verified(generic(), asked(1))
        .then(&carl(), accept(1))
        .then(&anna(), search(1))
        .then(&anna(), exhibit(1, 1, DataCategory::Subscriber, 3))
        .then(&anna(), assemble(1, Outcome::Full));
    let approved = long(approved, TALK_EVENTS_MAX).then(&bo(), approve(1));
    let sealed = long(approved, WORK_EVENTS_MAX);
    let delivered = sealed.then(&system(), seal(1)).then(&system(), deliver(1));
    let effect = delivered.request.asks[0].effects[0].id;
    let mut closed = delivered
        .then(&system(), Command::FailEffect { effect })
        .then(&officer(), acknowledge(1))
        .then(&anna(), Command::Close { ask: ask(1) })
        .hours(24 * 366 * 10);
    closed.play(&system(), &Command::Erase).expect("erased");
    assert!(closed.request.events_count <= EVENTS_MAX);
    expect![[r#"
        refused: start_search: the request has 7000 events, and from 7000 on this is not done any more; end its asks, and have a new request filed for what is left
        => accepted
    "#]]
    .assert_eq(
        &long(Stage::verified(generic(), asked(1)).then(&carl(), accept(1)), WORK_EVENTS_MAX)
            .when(&anna(), search(1)),
    );
}

fn asked(count: usize) -> desk::order::Order {
    let asks = vec![disclose(&[DataCategory::Subscriber]); count];
    order(InstrumentKind::ProductionOrder, "DE", asks)
}

/// As many asks as an order may have, in whatever states, at the end of what work may make of
/// them: everybody does all that is still allowed, until nothing is.
#[test]
fn what_is_left_to_do_fits_into_the_room_that_is_left() {
    let mut most = 0;
    for seed in 0..SEEDS {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut stage = crowded(&mut rng);
        stage.request.events_count = WORK_EVENTS_MAX;
        for round in 0..ROUNDS {
            for command in ends(&stage.request) {
                for actor in [system(), all_roles(31), all_roles(32), officer()] {
                    let _ = stage.play(&actor, &command);
                }
            }
            let count = stage.request.events_count;
            assert!(count <= EVENTS_MAX, "seed {seed}: {count} events");
            if round % 2 == 1 {
                stage.now = stage.now.checked_add((24 * 400).hours()).expect("in range");
            }
        }
        most = most.max(stage.request.events_count - WORK_EVENTS_MAX);
        assert!(stage.play(&officer(), &message()).is_err());
    }
    println!("at most {most} further events");
    assert!(most > 64, "nothing was left to do: that proves nothing");
}

fn crowded(rng: &mut ChaCha8Rng) -> Stage {
    let until = Some("2026-12-20T00:00:00Z");
    let kinds = [
        disclose(&[DataCategory::Subscriber]),
        urgent(&[DataCategory::Subscriber]),
        preserve(),
        freeze(until),
        silence(until),
    ];
    let asks = (0..desk::order::ASKS_MAX).map(|_| kinds[rng.random_range(0..5)].clone()).collect();
    let mut stage = Stage::verified(generic(), order(InstrumentKind::FreezeOrder, "DE", asks));
    for number in 1..=64 {
        let all = [
            keep(number),
            accept(number),
            Command::Freeze { ask: ask(number) },
            search(number),
            exhibit(number, number + 100, DataCategory::Subscriber, 1),
            assemble(number, Outcome::Full),
            approve(number),
        ];
        let steps = rng.random_range(0..=all.len());
        for command in &all[..steps] {
            for actor in [system(), all_roles(33), all_roles(34)] {
                if stage.play(&actor, command).is_ok() {
                    break;
                }
            }
        }
    }
    stage
}

/// Every act that is done however long the history is.
fn ends(request: &Request) -> Vec<Command> {
    let effects = request.asks.iter().flat_map(|ask| &ask.effects);
    let open: Vec<EffectId> = effects
        .filter(|effect| effect.status != EffectStatus::Confirmed)
        .map(|effect| effect.id)
        .collect();
    let mut all = vec![Command::Tick, Command::Erase];
    all.extend(
        open.into_iter()
            .flat_map(|effect| [Command::FailEffect { effect }, Command::ConfirmEffect { effect }]),
    );
    for number in 1..=request.asks.len() as u16 {
        let ask = ask(number);
        all.extend([
            seal(number),
            deliver(number),
            acknowledge(number),
            Command::ReviewEmergency { ask, justified: true },
            Command::Close { ask },
            Command::Unfreeze { ask },
            Command::Release { ask },
            Command::Withdraw { ask },
            Command::ConfirmDeletion { ask },
            Command::Refuse { ask, code: RefusalCode::Other },
        ]);
    }
    all
}

/// The personal data of a request waits for what still needs it.
#[test]
fn nothing_is_erased_while_somebody_is_blocked_or_to_be_told() {
    let later = |stage: Stage| stage.hours(24 * 366 * 10);
    let delivered = || {
        Stage::sealed(generic(), asked(1), DataCategory::Subscriber)
            .then(&system(), deliver(1))
            .then(&anna(), Command::Close { ask: ask(1) })
    };
    let effect = delivered().request.asks[0].effects[0].id;
    expect![[r#"
        refused: erase the personal data: the company's systems have not answered an effect yet; have that done first
        => closed
    "#]]
    .assert_eq(&later(delivered()).when(&system(), Command::Erase));
    // A notice that failed was seen by staff, who had the pack's whole time.
    for command in [Command::FailEffect { effect }, Command::ConfirmEffect { effect }] {
        let mut done = later(delivered().then(&system(), command));
        let erased = done.play(&system(), &Command::Erase).expect("erased");
        assert!(matches!(erased[..], [Event::Erased { .. }]));
    }
    let frozen = || {
        let order =
            order(InstrumentKind::FreezeOrder, "DE", vec![freeze(Some("2026-12-01T00:00:00Z"))]);
        let stage =
            Stage::verified(generic(), order).then(&anna(), Command::Freeze { ask: ask(1) });
        let effect = stage.request.asks[0].effects[0].id;
        let stage = stage.then(&system(), Command::ConfirmEffect { effect });
        stage.until("2026-12-02T00:00:00Z").then(&system(), Command::Tick)
    };
    let effect = frozen().request.asks[0].effects[1].id;
    let failed = || frozen().then(&system(), Command::FailEffect { effect });
    expect![[r#"
        refused: erase the personal data: a release of a freeze has failed; have that done first
        => lapsed
    "#]]
    .assert_eq(&later(failed()).when(&system(), Command::Erase));
    let mut released = later(failed().then(&system(), Command::ConfirmEffect { effect }));
    released.play(&system(), &Command::Erase).expect("erased");
}

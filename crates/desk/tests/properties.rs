//! Whatever the record says, in whatever order: folding it and deciding upon it never panics, and
//! two runs agree.

use desk::ids::{AskNumber, EffectId};
use desk::order::{DataCategory, InstrumentKind};
use desk::pack::embedded_all;
use desk::policy::{Facts, Standing, permit};
use desk::record;
use desk::request::{Command, Event, Outcome, RefusalCode, Request, decide, evolve};
use jiff::ToSpan;
use proptest::prelude::*;

mod support;
use support::*;

/// Events of every kind, about any ask, in any order: most such records could never come about.
fn any_record() -> impl Strategy<Value = Vec<Event>> {
    let lines: Vec<&str> = include_str!("golden/record_v1.jsonl").lines().collect();
    let event = (prop::sample::select(lines), 0u16..7).prop_map(|(line, ask)| {
        let text = line.replace("\"ask\":1,", &format!("\"ask\":{ask},"));
        record::decode(&text).expect("a golden line with another ask")
    });
    prop::collection::vec(event, 0..60)
}

fn fold(events: &[Event]) -> Request {
    let mut request = Request::default();
    let mut now = at(RECEIVED);
    // Nearly every record begins as it should, so that the rest falls on something.
    let first = record::decode(include_str!("golden/record_v1.jsonl").lines().next().expect("one"));
    request = evolve(request, &first.expect("a golden line"), now);
    for event in events {
        now = now.checked_add(1.hour()).expect("in range");
        request = evolve(request, event, now);
    }
    request
}

fn commands(ask: AskNumber, request: &Request) -> Vec<Command> {
    let n = ask.0;
    let package = request.ask(ask).and_then(|ask| ask.package);
    let digest = package.map_or_else(|| digest(3), |package| package.tagmanifest_sha256);
    let effects = request.asks.iter().flat_map(|ask| &ask.effects).map(|effect| effect.id);
    let mut all = vec![
        receive(epoc(vec![disclose(&[DataCategory::Traffic])])),
        verify(),
        accept(n),
        search(n),
        exhibit(n, 9, DataCategory::Subscriber, u64::MAX),
        assemble(n, Outcome::Full),
        Command::Approve { asks: vec![ask], tagmanifest_sha256: digest },
        deliver(n),
        acknowledge(n),
        keep(n),
        Command::RequestInformation { ask, codes: vec![RefusalCode::Other] },
        Command::ProvideInformation { ask, order: None },
        Command::ProvideInformation {
            ask,
            order: Some(Box::new(order(InstrumentKind::Epoc, "DE", vec![]))),
        },
        Command::Hold { ask, reason: desk::request::HoldReason::Enforcement },
        Command::EndHold { ask },
        Command::ClearByAuthority { ask },
        Command::Refuse { ask, code: RefusalCode::SuspectedFraud },
        Command::Withdraw { ask },
        Command::Extend { ask },
        Command::Link { ask, order_sha256: digest },
        Command::Release { ask },
        Command::Freeze { ask },
        Command::ConfirmFreeze { ask, order_sha256: digest, until: None },
        Command::Unfreeze { ask },
        Command::ReviewEmergency { ask, justified: true },
        Command::Close { ask },
        Command::ConfirmEffect { effect: EffectId::default() },
        Command::ReturnPackage { asks: vec![] },
        Command::Deliver { asks: vec![ask, ask], package_sha256: digest, encrypted_sha256: digest },
        Command::Tick,
    ];
    for effect in effects {
        all.push(Command::ConfirmEffect { effect });
        all.push(Command::FailEffect { effect });
        all.push(Command::RetryEffect { effect });
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_record_and_no_command_makes_it_panic(
        events in any_record(), ask in 0u16..8, hours in 0i64..20_000,
    ) {
        let request = fold(&events);
        let now = at(RECEIVED).checked_add(hours.hours()).expect("in range");
        let mut marked = request.clone();
        marked.marked_keys.clear();
        for pack in embedded_all() {
            let mut request = marked.clone();
            request.pack = Some(pack.reference.clone());
            for command in commands(AskNumber(ask), &request) {
                for actor in [all_roles(1), officer(), system()] {
                    let facts = match &command {
                        Command::Receive { request, agency, .. } => {
                            Facts::new_request(*request, *agency, Standing::default())
                        }
                        _ => Facts::of(&request, Standing::default()),
                    };
                    let Some(permit) = permit(&actor, command.action(), &facts) else { continue };
                    let once = decide(&request, &command, &permit, pack, now);
                    prop_assert_eq!(&once, &decide(&request, &command, &permit, pack, now));
                    for event in once.unwrap_or_default() {
                        // Whatever is decided can be written, read back and folded.
                        prop_assert_eq!(record::decode(&record::encode(&event)), Ok(event.clone()));
                        let _ = evolve(request.clone(), &event, now);
                    }
                }
            }
            let _ = request.next_change(now);
        }
    }

    #[test]
    fn a_decision_takes_up_all_that_time_has_done(events in any_record(), hours in 0i64..20_000) {
        let mut request = fold(&events);
        let pack = eu();
        request.pack = Some(pack.reference.clone());
        let now = at(RECEIVED).checked_add(hours.hours()).expect("in range");
        let facts = Facts::of(&request, Standing::default());
        let permit = permit(&system(), Command::Tick.action(), &facts).expect("jobs tick");
        for event in decide(&request, &Command::Tick, &permit, pack, now).expect("a tick") {
            request = evolve(request, &event, now);
        }
        // Nothing is over that is not recorded as over, and a second tick finds nothing.
        for ask in &request.asks {
            prop_assert_eq!(ask.stage_at(now), ask.stage.clone());
        }
        prop_assert_eq!(decide(&request, &Command::Tick, &permit, pack, now), Ok(vec![]));
    }
}

//! The whole policy as one text: role x action, and role x action x state, golden.

use desk::ids::{ActorId, PartnerId};
use desk::order::{DataCategory, InstrumentKind};
use desk::policy::{Action, Actor, Facts, Role, Standing, permit};
use desk::request::{Command, HoldReason, Outcome, RefusalCode};
use expect_test::expect_file;
use uuid::Uuid;

mod support;
use support::*;

fn actor(role: Role) -> Actor {
    let id = match role {
        Role::Officer | Role::AgencySupervisor | Role::AgencyKeyHolder => ActorId::Key(KEY),
        Role::Partner => ActorId::Partner(PartnerId(Uuid::from_u128(9))),
        Role::System => ActorId::System,
        _ => staff(99, &[]).id,
    };
    let agency = matches!(id, ActorId::Key(_)).then_some(AGENCY);
    Actor { id, roles: [role].into(), agency }
}

fn situations() -> Vec<(&'static str, Facts)> {
    let plain = Facts { request: Some(REQUEST), agency: Some(AGENCY), ..Facts::default() };
    let standing =
        |key_suspected, agency_held| Standing { key_suspected, agency_held, ..Standing::default() };
    let watched = Standing { key_watched: true, ..Standing::default() };
    vec![
        ("ordinary", plain),
        ("emergency", Facts { has_emergency: true, ..plain }),
        ("copy linked to an order", Facts { has_linked_copy: true, ..plain }),
        ("another agency's request", Facts { agency: None, ..plain }),
        ("key suspected of fraud", Facts { standing: standing(true, false), ..plain }),
        ("key watched", Facts { standing: watched, ..plain }),
        ("agency held", Facts { standing: standing(false, true), ..plain }),
        (
            "suspected, in an emergency",
            Facts { has_emergency: true, standing: standing(true, true), ..plain },
        ),
    ]
}

/// One ask in every state, and what each role can really do there: policy and state machine
/// together. The acting key owns the request; each person is new to it.
#[test]
fn what_each_role_can_do_in_each_state_is_golden() {
    let mut text = String::new();
    for (name, stage) in states() {
        let scene = stage();
        let state = scene.request.asks.first().map(|ask| ask.stage_at(scene.now).name());
        text.push_str(&format!("# {name}: {}\n", state.unwrap_or("none")));
        for command in commands(&stage()) {
            let can = |role: &&Role| stage().play(&actor(**role), &command).is_ok();
            let roles: Vec<&str> = Role::ALL.iter().filter(can).map(|role| role.as_str()).collect();
            if !roles.is_empty() {
                text.push_str(&format!("{:<24} {}\n", command.action(), roles.join(", ")));
            }
        }
        text.push('\n');
    }
    expect_file!["golden/states.txt"].assert_eq(&text);
}

type Scene = fn() -> Stage;

fn disclosure(emergency: bool) -> Stage {
    let category = &[DataCategory::Subscriber];
    let ask = if emergency { urgent(category) } else { disclose(category) };
    Stage::new(eu()).then(&officer(), receive(epoc(vec![ask])))
}
fn verified(emergency: bool) -> Stage {
    disclosure(emergency).then(&vera(), verify())
}
fn searched() -> Stage {
    verified(false)
        .then(&carl(), accept(1))
        .then(&anna(), search(1))
        .then(&anna(), exhibit(1, 1, DataCategory::Subscriber, 3))
}
fn sealed() -> Stage {
    Stage::sealed(eu(), epoc(vec![disclose(&[DataCategory::Subscriber])]), DataCategory::Subscriber)
}
fn kept() -> Stage {
    let order = order(InstrumentKind::EpocPr, "DE", vec![preserve()]);
    Stage::new(eu())
        .then(&officer(), receive(order))
        .then(&vera(), verify())
        .then(&system(), keep(1))
}
fn freezing() -> Stage {
    let ask = freeze(Some("2026-12-20T00:00:00Z"));
    Stage::verified(generic(), order(InstrumentKind::FreezeOrder, "DE", vec![ask]))
        .then(&anna(), Command::Freeze { ask: ask_one() })
}
fn frozen() -> Stage {
    let stage = freezing();
    let effect = stage.request.asks[0].effects[0].id;
    stage.then(&system(), Command::ConfirmEffect { effect })
}
fn silent() -> Stage {
    let ask = silence(Some("2027-03-01T00:00:00Z"));
    Stage::verified(us(), order(InstrumentKind::NonDisclosureOrder, "US", vec![ask]))
}
/// What a look for signs of fraud found: nothing, or enough to hold the request.
fn assessed(holds: bool) -> Command {
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
fn ask_one() -> desk::ids::AskNumber {
    ask(1)
}
fn question() -> Command {
    Command::RequestInformation { ask: ask(1), codes: vec![RefusalCode::Incomplete] }
}

fn states() -> Vec<(&'static str, Scene)> {
    vec![
        ("never filed", || Stage::new(eu())),
        ("disclose", || disclosure(false)),
        ("disclose", || disclosure(false).then(&vera(), Command::StartIdentityCheck)),
        ("disclose, held for signs of fraud", || disclosure(false).then(&system(), assessed(true))),
        ("disclose, proven, then held for signs of fraud", || {
            verified(false).then(&system(), assessed(true))
        }),
        ("disclose", || verified(false)),
        ("disclose in an emergency", || verified(true)),
        ("disclose", || verified(false).then(&carl(), accept(1))),
        ("disclose", searched),
        ("disclose", || searched().then(&anna(), assemble(1, Outcome::Full))),
        ("disclose", || {
            searched().then(&anna(), assemble(1, Outcome::Full)).then(&bo(), approve(1))
        }),
        ("disclose", sealed),
        ("disclose", || sealed().then(&system(), deliver(1))),
        ("disclose", || sealed().then(&system(), deliver(1)).then(&officer(), acknowledge(1))),
        ("disclose", || {
            sealed().then(&system(), deliver(1)).then(&carl(), Command::Close { ask: ask(1) })
        }),
        ("disclose", || verified(false).then(&carl(), question())),
        ("disclose", || {
            let reason = HoldReason::AuthorityGround;
            sealed().then(&carl(), Command::Hold { ask: ask(1), reason })
        }),
        ("disclose", || {
            let reason = HoldReason::CourtMotion;
            verified(false).then(&carl(), Command::Hold { ask: ask(1), reason })
        }),
        ("disclose", || {
            let code = RefusalCode::OverBroad;
            verified(false).then(&carl(), Command::Refuse { ask: ask(1), code })
        }),
        ("disclose", || verified(false).then(&officer(), Command::Withdraw { ask: ask(1) })),
        ("preserve", || {
            let order = order(InstrumentKind::EpocPr, "DE", vec![preserve()]);
            Stage::new(eu()).then(&officer(), receive(order))
        }),
        ("preserve", kept),
        ("preserve", || kept().then(&officer(), Command::Extend { ask: ask(1) })),
        ("preserve", || {
            kept().then(&carl(), Command::Link { ask: ask(1), order_sha256: digest(5) })
        }),
        ("preserve", || kept().then(&carl(), Command::Release { ask: ask(1) })),
        ("preserve", || kept().until("2028-01-01T00:00:00Z").then(&system(), Command::Tick)),
        ("freeze", freezing),
        ("freeze", frozen),
        ("freeze", || {
            let command =
                Command::ConfirmFreeze { ask: ask(1), order_sha256: digest(5), until: None };
            frozen().then(&carl(), command)
        }),
        ("freeze", || frozen().then(&carl(), Command::Release { ask: ask(1) })),
        ("freeze", || frozen().until("2028-01-01T00:00:00Z").then(&system(), Command::Tick)),
        ("non-disclosure", silent),
        ("non-disclosure", || silent().then(&carl(), accept(1))),
    ]
}

/// Every command in a form that could succeed.
fn commands(stage: &Stage) -> Vec<Command> {
    let one = ask(1);
    let effect = stage.request.asks.first().and_then(|ask| ask.effects.last());
    let effect = effect.map_or_else(Default::default, |effect| effect.id);
    let rows = exhibit(1, 7, DataCategory::Subscriber, 1);
    vec![
        receive(epoc(vec![disclose(&[DataCategory::Subscriber])])),
        Command::StartIdentityCheck,
        verify(),
        accept(1),
        question(),
        Command::ProvideInformation { ask: one, order: None },
        Command::Hold { ask: one, reason: HoldReason::CourtMotion },
        Command::EndHold { ask: one },
        Command::ClearByAuthority { ask: one },
        search(1),
        rows,
        assemble(1, Outcome::Full),
        Command::ReturnPackage { asks: asks(&[1]) },
        approve(1),
        seal(1),
        deliver(1),
        acknowledge(1),
        Command::Close { ask: one },
        Command::Refuse { ask: one, code: RefusalCode::OverBroad },
        Command::Withdraw { ask: one },
        Command::ConfirmDeletion { ask: one },
        keep(1),
        Command::Extend { ask: one },
        Command::Link { ask: one, order_sha256: digest(5) },
        Command::Release { ask: one },
        Command::Freeze { ask: one },
        Command::ConfirmFreeze { ask: one, order_sha256: digest(5), until: None },
        Command::Unfreeze { ask: one },
        Command::ConfirmEffect { effect },
        Command::FailEffect { effect },
        Command::RetryEffect { effect },
        Command::ReviewEmergency { ask: one, justified: true },
        Command::ReceiveExPostOrder { ask: one, order_sha256: digest(5) },
        Command::MarkKey { key: KEY },
        Command::ClearKey { key: KEY },
        Command::PostMessage { ask: Some(one) },
        Command::Assign { to: None },
        Command::SetRetention { days: Some(730) },
        Command::Erase,
        assessed(false),
        Command::Tick,
    ]
}

#[test]
fn the_table_is_golden() {
    let mut text = String::new();
    for (name, facts) in situations() {
        text.push_str(&format!("# {name}\n{:<24}", ""));
        for role in Role::ALL {
            text.push_str(&format!(" {role:<17}"));
        }
        text.push('\n');
        for action in Action::ALL {
            text.push_str(&format!("{action:<24}"));
            for role in Role::ALL {
                let may = permit(&actor(*role), *action, &facts).is_some();
                text.push_str(&format!(" {:<17}", if may { "yes" } else { "-" }));
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text.push('\n');
    }
    expect_file!["golden/policy.txt"].assert_eq(&text);
}

#[test]
fn an_administrator_reads_no_case_and_approves_nothing() {
    for (_, facts) in situations() {
        for action in [
            Action::ReadCase,
            Action::ReadExhibit,
            Action::ReadPreservedCopy,
            Action::ReadPackage,
            Action::Approve,
            Action::Deliver,
            Action::Freeze,
        ] {
            assert!(permit(&actor(Role::Administrator), action, &facts).is_none(), "{action}");
        }
    }
}

#[test]
fn an_auditor_only_reads() {
    for (_, facts) in situations() {
        for action in Action::ALL {
            let may = permit(&actor(Role::Auditor), *action, &facts).is_some();
            assert!(!may || desk::policy::is_read(*action), "{action}");
        }
    }
}

#[test]
fn a_role_of_another_kind_of_actor_is_worth_nothing() {
    let facts = situations()[1].1;
    for role in Role::ALL {
        for id in [staff(99, &[]).id, ActorId::Key(KEY), ActorId::System] {
            if id == actor(*role).id {
                continue;
            }
            let cheat = Actor { id, roles: [*role].into(), agency: Some(AGENCY) };
            for action in Action::ALL {
                assert!(permit(&cheat, *action, &facts).is_none(), "{role} {action} {id}");
            }
        }
    }
}

//! The whole policy as one text: role x action, and role x action x state, golden.

use desk::ids::{ActorId, PartnerId};
use desk::policy::{Action, Actor, Facts, Role, Standing, permit};
use expect_test::expect_file;
use uuid::Uuid;

mod support;
use support::*;

fn actor(role: Role) -> Actor {
    let id = match role {
        Role::Officer | Role::AgencySupervisor | Role::AgencyKeyHolder => ActorId::Key(KEY),
        Role::Partner => ActorId::Partner(PartnerId(Uuid::from_u128(9))),
        Role::System => ActorId::System,
        _ => staff(1, &[]).id,
    };
    let agency = matches!(id, ActorId::Key(_)).then_some(AGENCY);
    Actor { id, roles: [role].into(), agency }
}

fn situations() -> Vec<(&'static str, Facts)> {
    let plain = Facts { request: Some(REQUEST), agency: Some(AGENCY), ..Facts::default() };
    let standing = |key_suspected, agency_held| Standing { key_suspected, agency_held };
    vec![
        ("ordinary", plain),
        ("emergency", Facts { has_emergency: true, ..plain }),
        ("copy linked to an order", Facts { has_linked_copy: true, ..plain }),
        ("another agency's request", Facts { agency: None, ..plain }),
        ("key suspected of fraud", Facts { standing: standing(true, false), ..plain }),
        ("agency held", Facts { standing: standing(false, true), ..plain }),
        (
            "suspected, in an emergency",
            Facts { has_emergency: true, standing: standing(true, true), ..plain },
        ),
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
        for id in [staff(1, &[]).id, ActorId::Key(KEY), ActorId::System] {
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

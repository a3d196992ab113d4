//! Who is known after which changes.

use desk::policy::Role;

use super::*;

fn agency(key: u128) -> (Change, Fingerprint, KeyId, AgencyId) {
    let certificate = Fingerprint([u8::try_from(key).expect("small"); 32]);
    let (key, id) = (KeyId(Uuid::from_u128(key)), AgencyId(Uuid::from_u128(key + 100)));
    let change = Change::AgencyAdded {
        agency: id,
        country: "SG".into(),
        regime: "sg-cpc-2010".into(),
        key,
        certificate_sha256: Some(certificate.to_string()),
        by: console().id,
    };
    (change, certificate, key, id)
}

#[test]
fn a_certificate_is_an_agency_until_marked_and_a_stranger_is_nobody() {
    let (change, certificate, key, id) = agency(7);
    let mut directory = Directory::default();
    directory.apply(&change, &ChangePayload::default(), Timestamp::UNIX_EPOCH);
    let actor = directory.actor(&certificate).expect("enrolled");
    assert_eq!(actor.agency, Some(id));
    assert!(actor.has(Role::Officer));
    assert!(directory.actor(&Fingerprint([9; 32])).is_none());
    assert!(!directory.standing(Some(key), Some(id)).key_suspected);
    directory.apply(
        &Change::KeyMarked { key, reason: None, by: console().id },
        &ChangePayload::default(),
        Timestamp::UNIX_EPOCH,
    );
    assert!(directory.standing(Some(key), Some(id)).key_suspected);
}

#[test]
fn a_removed_member_of_staff_is_nobody() {
    let certificate = Fingerprint([3; 32]);
    let staff = StaffId(Uuid::from_u128(3));
    let mut directory = Directory::default();
    let added = Change::StaffAdded {
        staff,
        roles: vec![Role::Counsel],
        certificate_sha256: Some(certificate.to_string()),
        by: console().id,
    };
    directory.apply(
        &added,
        &ChangePayload { name: "Bo".into(), ..Default::default() },
        Timestamp::UNIX_EPOCH,
    );
    assert_eq!(directory.name(ActorId::Staff(staff)), "Bo");
    assert!(directory.actor(&certificate).expect("enrolled").has(Role::Counsel));
    directory.apply(
        &Change::StaffRemoved { staff, by: console().id },
        &ChangePayload::default(),
        Timestamp::UNIX_EPOCH,
    );
    assert!(directory.actor(&certificate).is_none());
}

/// What a supervised enrolment looks like, with one step after the other left out.
mod enrolment {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::directory::{CallBack, EnrolledPasskey, OfficerRole, OfficerState};

    const VERA: ActorId = ActorId::Staff(StaffId(Uuid::from_u128(1)));
    const ANA: KeyId = KeyId(Uuid::from_u128(2));
    const POLICE: AgencyId = AgencyId(Uuid::from_u128(3));

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + day * 86_400).expect("a time")
    }

    /// Plays changes as the one path does: the rules first, then the fold.
    fn play(changes: &[(i64, Change)]) -> (Directory, String) {
        let mut directory = Directory::default();
        let agency = Change::AgencyAdded {
            agency: POLICE,
            country: "XX".into(),
            regime: "generic".into(),
            key: KeyId(Uuid::from_u128(9)),
            certificate_sha256: None,
            by: VERA,
        };
        let switchboard = vec!["+99 1 555".to_owned()];
        let payload = ChangePayload { switchboard, ..ChangePayload::default() };
        directory.apply(&agency, &payload, at(0));
        for (day, change) in changes {
            if let Some(fault) = directory.fault(change, at(*day)) {
                return (directory, format!("{fault}; {}", fault.fix()));
            }
            let facts = EnrolledPasskey {
                credential_id: "c".into(),
                cose_key: "k".into(),
                rp_id: "localhost".into(),
                origin: "http://localhost".into(),
                library: serde_json::Value::Null,
            };
            let passkey = matches!(change, Change::PasskeyEnrolled { .. }).then_some(facts);
            directory.apply(change, &ChangePayload { passkey, ..Default::default() }, at(*day));
        }
        (directory, "none".to_owned())
    }

    fn proposed() -> Change {
        Change::OfficerProposed {
            officer: ANA,
            agency: POLICE,
            role: OfficerRole::Officer,
            by: VERA,
        }
    }

    fn called(number: u16, outcome: CallBack) -> Change {
        Change::CallBackRecorded { officer: ANA, number, outcome, by: VERA }
    }

    fn invited() -> Change {
        let holder = ActorId::Key(ANA);
        Change::Invited { holder, token_sha256: "t".into(), until: at(1), by: VERA }
    }

    fn enrolled(credential: &str) -> Change {
        let holder = ActorId::Key(ANA);
        let (credential_sha256, token_sha256) = (credential.to_owned(), "t".to_owned());
        Change::PasskeyEnrolled { holder, credential_sha256, token_sha256, by: holder }
    }

    fn admitted() -> Change {
        Change::OfficerAdmitted { officer: ANA, by: VERA }
    }

    fn whole() -> Vec<(i64, Change)> {
        let confirmed = called(0, CallBack::Confirmed);
        [proposed(), confirmed, invited(), enrolled("one"), admitted()].map(|c| (0, c)).into()
    }

    #[test]
    fn an_officer_may_act_after_every_step_and_for_ninety_days() {
        let (directory, fault) = play(&whole());
        assert_eq!(fault, "none");
        let actor = |day| directory.person(ActorId::Key(ANA), at(day));
        assert_eq!(actor(0).expect("admitted").agency, Some(POLICE));
        assert!(actor(ATTESTED_DAYS_MAX - 1).is_some());
        assert!(actor(ATTESTED_DAYS_MAX).is_none());
        let state = directory.officer(ANA).expect("known").state(at(ATTESTED_DAYS_MAX));
        assert_eq!(state, OfficerState::Unattested);
    }

    #[test]
    fn no_step_can_be_left_out() {
        let check = |without: usize, expected: Expect| {
            let mut changes = whole();
            changes.remove(without);
            expected.assert_eq(&play(&changes).1);
        };
        check(0, expect!["nobody of that id is known; look at the list again"]);
        check(
            1,
            expect![
                "no call to the agency's own number has confirmed this person; call back first"
            ],
        );
        check(2, expect!["this link was used, replaced or is too old; ask for a new one"]);
        check(
            3,
            expect!["this person has no passkey yet; make a link and let them enrol one first"],
        );
        let (directory, _) = play(&whole()[..4]);
        assert!(directory.person(ActorId::Key(ANA), at(0)).is_none(), "not admitted");
    }

    #[test]
    fn refusals_of_single_steps() {
        let check = |changes: &[(i64, Change)], expected: Expect| {
            expected.assert_eq(&play(changes).1);
        };
        let confirmed = || called(0, CallBack::Confirmed);
        check(
            &[(0, proposed()), (0, called(1, CallBack::Confirmed))],
            expect!["the agency's record has no such number; only its own numbers are called back"],
        );
        check(
            &[(0, proposed()), (0, confirmed()), (0, called(0, CallBack::Denied)), (0, invited())],
            expect![
                "no call to the agency's own number has confirmed this person; call back first"
            ],
        );
        check(
            &[(0, proposed()), (0, confirmed()), (0, invited()), (2, enrolled("one"))],
            expect!["this link was used, replaced or is too old; ask for a new one"],
        );
        let mut twice = whole();
        twice.push((0, enrolled("two")));
        check(&twice, expect!["this link was used, replaced or is too old; ask for a new one"]);
        let mut own = whole();
        own.push((0, Change::OfficerAttested { officer: ANA, by: ActorId::Key(ANA) }));
        check(&own, expect!["nobody attests for himself; another supervisor or the desk does"]);
        let mut stopped = whole();
        stopped.push((0, Change::OfficerStopped { officer: ANA, by: VERA }));
        stopped.push((0, Change::OfficerAttested { officer: ANA, by: VERA }));
        check(&stopped, expect!["this person was never admitted or is stopped; that comes first"]);
        let by = ActorId::Key(ANA);
        let role = OfficerRole::Supervisor;
        let crony = Change::OfficerProposed { officer: ANA, agency: POLICE, role, by };
        check(
            &[(0, crony)],
            expect!["a supervisor is proposed by the company's staff; look at the list again"],
        );
    }

    #[test]
    fn a_kill_switch_binds_at_once_and_a_new_passkey_is_admitted_anew() {
        let holder = ActorId::Key(ANA);
        let mut changes = whole();
        changes.push((1, Change::AgencyStopped { agency: POLICE, by: VERA }));
        assert!(play(&changes).0.person(holder, at(1)).is_none());
        changes.push((1, Change::AgencyResumed { agency: POLICE, by: VERA }));
        assert!(play(&changes).0.person(holder, at(1)).is_some());
        changes.push((1, Change::OfficerStopped { officer: ANA, by: VERA }));
        assert!(play(&changes).0.person(holder, at(1)).is_none());
        changes.push((1, Change::OfficerResumed { officer: ANA, by: VERA }));
        let token_sha256 = "u".to_owned();
        let until = at(5);
        changes.push((1, Change::Invited { holder, token_sha256, until, by: VERA }));
        let (credential_sha256, token_sha256) = ("two".to_owned(), "u".to_owned());
        let enrolled =
            Change::PasskeyEnrolled { holder, credential_sha256, token_sha256, by: holder };
        changes.push((2, enrolled));
        let (directory, fault) = play(&changes);
        assert_eq!(fault, "none");
        assert!(directory.person(holder, at(2)).is_none(), "the new passkey is nobody's yet");
    }
}

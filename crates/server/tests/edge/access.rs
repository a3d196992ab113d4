//! Whoever's access changes, runs out or is used from elsewhere is told to look, and nothing else.

use desk::ids::{ActorId, KeyId, StaffId};
use desk::policy::{Actor, Role};
use jiff::SignedDuration;
use server::directory::{CallBack, Change, ChangePayload, EnrolledPasskey, OfficerRole, console};

use crate::notices::{lines, officer, person};
use crate::post::PostOffice;
use crate::support::{House, Plans, SITE};

const ACCESS: &str = "Please look at your access to the portal";

async fn told(office: &PostOffice, expected: &[&str]) {
    let mut got = lines(&office.mails(expected.len()).await);
    got.sort();
    let mut expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
    expected.sort();
    assert_eq!(got, expected);
    office.clear(expected.len()).await;
}

fn staff_id(house: &House, name: &str) -> StaffId {
    house.node().directory().staff().find(|one| one.name == name).expect("somebody").id
}

async fn change(house: &House, by: &Actor, change: Change, said: ChangePayload) {
    house.node().change_directory(by, &change, &said).await.expect("changed");
}

fn passkey(name: &str) -> EnrolledPasskey {
    EnrolledPasskey {
        credential_id: hex::encode(name),
        cose_key: String::new(),
        rp_id: "localhost".to_owned(),
        origin: SITE.to_owned(),
        library: serde_json::Value::Null,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_s_access_changes_is_told_and_not_what_changed() {
    let Some(office) = PostOffice::open().await else { return };
    let house = House::with(Plans { mail: Some(office.settings()), ..Plans::default() }).await;
    let by = console();
    person(&house, "una", Role::Verifier).await;
    let una = ActorId::Staff(staff_id(&house, "una"));
    // The first passkey; then a link for another, made by somebody, and its use.
    let enrol = async |name: &str| {
        let token = house.node().invite(&by, una).await.expect("a link");
        house.node().enrol_passkey(&token, None, passkey(name)).await.expect("enrolled");
    };
    let una_told = format!("una@lantern.example: {ACCESS}");
    enrol("first").await;
    told(&office, &[&una_told]).await;
    enrol("second").await;
    let mails = office.mails(2).await;
    for mail in &mails {
        assert!(mail.contains("http://localhost:8080/sessions"), "{mail}");
        for word in ["passkey", "una ", "Verifier", "second", "enrol"] {
            assert!(!mail.contains(word), "{word:?} is in\n{mail}");
        }
    }
    told(&office, &[&una_told, &una_told]).await;

    let credential = house.node().directory().passkeys_of(una).next().expect("one").0.to_owned();
    let removed = Change::PasskeyRemoved { credential_sha256: credential, by: by.id };
    change(&house, &by, removed, ChangePayload::default()).await;
    told(&office, &[&una_told]).await;
    let ActorId::Staff(staff) = una else { panic!("staff") };
    let roles = vec![Role::Verifier, Role::Counsel];
    let changed = Change::StaffRolesChanged { staff, roles, by: by.id };
    change(&house, &by, changed, ChangePayload::default()).await;
    told(&office, &[&una_told]).await;
    // A log-in from where this person never was; not the first, and not from there again.
    for network in ["192.0.2.0/24", "192.0.2.0/24", "198.51.100.0/24", "198.51.100.0/24"] {
        house.node().logged_in(una, network, "POST /login").await.expect("noted");
        house.clock.forward(SignedDuration::from_secs(1));
    }
    told(&office, &[&una_told]).await;
    // Whoever is gone hears of it too, at the address of before.
    let removed = Change::StaffRemoved { staff, by: by.id };
    change(&house, &by, removed, ChangePayload::default()).await;
    told(&office, &[&una_told]).await;
    house.close().await;
}

/// A supervisor of the same agency as an officer.
async fn supervisor(house: &House, agency: desk::ids::AgencyId) -> KeyId {
    let vera = staff_id(house, "vera");
    let staff = Actor { id: ActorId::Staff(vera), roles: [Role::Verifier].into(), agency: None };
    let (officer, by) = (KeyId(server::random_id().expect("random bytes")), staff.id);
    let email = Some("sue@harbour.example".to_owned());
    let said = ChangePayload { name: "Sue".to_owned(), email, ..ChangePayload::default() };
    let (role, outcome) = (OfficerRole::Supervisor, CallBack::Confirmed);
    let proposed = Change::OfficerProposed { officer, agency, role, by };
    change(house, &staff, proposed, said.clone()).await;
    let called = Change::CallBackRecorded { officer, number: 0, outcome, by };
    change(house, &staff, called, said.clone()).await;
    let token = house.node().invite(&staff, ActorId::Key(officer)).await.expect("a link");
    house.node().enrol_passkey(&token, None, passkey("sue")).await.expect("enrolled");
    change(house, &staff, Change::OfficerAdmitted { officer, by }, said).await;
    officer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_switch_is_told_to_officer_and_supervisor_and_what_runs_out_before_it_does() {
    let Some(office) = PostOffice::open().await else { return };
    let house = House::with(Plans { mail: Some(office.settings()), ..Plans::default() }).await;
    let iris = officer(&house).await;
    let agency = iris.actor.agency.expect("an agency");
    let ActorId::Key(key) = iris.actor.id else { panic!("an officer") };
    let sue = supervisor(&house, agency).await;
    office.clear(2).await;
    let (by, none) = (console(), ChangePayload::default());
    let [iris_told, sue_told] =
        ["iris", "sue"].map(|name| format!("{name}@harbour.example: {ACCESS}"));
    for switch in [
        Change::OfficerStopped { officer: key, by: by.id },
        Change::OfficerResumed { officer: key, by: by.id },
    ] {
        let staff = Actor { roles: [Role::Verifier].into(), ..by.clone() };
        change(&house, &staff, switch, none.clone()).await;
        told(&office, &[&iris_told, &sue_told]).await;
    }
    change(&house, &by, Change::AgencyStopped { agency, by: by.id }, none.clone()).await;
    told(&office, &[&sue_told]).await;
    let staff = Actor { roles: [Role::Verifier].into(), ..by.clone() };
    change(&house, &staff, Change::AgencyResumed { agency, by: by.id }, none.clone()).await;
    told(&office, &[&sue_told]).await;

    // A new link for the supervisor that nobody uses: told at once, and four hours before its end.
    house.node().invite(&staff, ActorId::Key(sue)).await.expect("a link");
    told(&office, &[&sue_told]).await;
    house.clock.forward(SignedDuration::from_hours(20) + SignedDuration::from_secs(1));
    let [iris_due, sue_due] =
        ["iris", "sue"].map(|name| format!("{name}@harbour.example: Please look at the portal"));
    told(&office, &[&sue_due]).await;
    // Ninety days after the attestation nobody may act: told 14 days and 3 days before.
    house.clock.forward(SignedDuration::from_hours(24 * 76 - 20));
    // Sue's own attestation runs out as well, which is one more mail to her.
    told(&office, &[&iris_due, &sue_due, &sue_due]).await;
    // Iris is attested again; only Sue's end comes nearer.
    let attested = Change::OfficerAttested { officer: key, by: by.id };
    change(&house, &staff, attested, none.clone()).await;
    house.clock.forward(SignedDuration::from_hours(24 * 11));
    told(&office, &[&sue_due]).await;
    house.close().await;
}

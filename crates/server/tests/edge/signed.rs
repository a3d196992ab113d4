//! Requests that an officer's passkey signs, from the enrolment to the package a court opens.

use std::net::{IpAddr, Ipv4Addr};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desk::ids::{ActorId, AgencyId, AskNumber, Country, KeyId};
use desk::order::{
    Ask, Authentication, Channel, DataCategory, Demand, Format, InstrumentKind, IssuerType,
    Notification, Offence, Order, Scope, Service, TimeRange,
};
use desk::policy::{Actor, Role};
use desk::request::Command;
use evidence::digest::Sha256;
use evidence::verify::{Anchors, CheckOutcome, Subject, check_receipt, verify};
use expect_test::{Expect, expect};
use records::{Selector, SelectorKind};
use serde_json::{Value, json};
use server::app::Act;
use server::app::intake::{
    OfficerAct, OfficerFile, OfficerOrder, PasskeyAnswer, SignedOrder, ToSign,
};
use server::directory::{CallBack, Change, ChangePayload, EnrolledPasskey, OfficerRole, console};

use crate::support::{ACCOUNT, House, Plans, SITE, approval, days};

/// Where the officers of these tests sit; no list of networks is given.
pub(crate) const HERE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77)));

/// An officer of an agency of the house, enrolled under supervision, with a passkey.
pub(crate) struct Officer {
    pub(crate) actor: Actor,
    agency: AgencyId,
    pair: EcdsaKeyPair,
    credential: Vec<u8>,
}

impl Officer {
    pub(crate) async fn enrol(house: &House, agency: AgencyId, name: &str) -> Self {
        Self::enrol_with(house, agency, name, None).await
    }

    pub(crate) async fn enrol_with(
        house: &House,
        agency: AgencyId,
        name: &str,
        email: Option<&str>,
    ) -> Self {
        let node = house.node();
        let vera = node.directory().staff().find(|one| one.name == "vera").expect("vera").id;
        let staff =
            Actor { id: ActorId::Staff(vera), roles: [Role::Verifier].into(), agency: None };
        let key = KeyId(server::random_id().expect("random bytes"));
        let by = staff.id;
        let email = email.map(str::to_owned);
        let said = ChangePayload { name: name.to_owned(), email, ..ChangePayload::default() };
        let change = async |change: Change| {
            node.change_directory(&staff, &change, &said).await.expect("changed");
        };
        change(Change::OfficerProposed { officer: key, agency, role: OfficerRole::Officer, by })
            .await;
        let outcome = CallBack::Confirmed;
        change(Change::CallBackRecorded { officer: key, number: 0, outcome, by }).await;
        let token = node.invite(&staff, ActorId::Key(key)).await.expect("a link");
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let credential = format!("credential of {name}").into_bytes();
        let passkey = EnrolledPasskey {
            credential_id: URL_SAFE_NO_PAD.encode(&credential),
            cose_key: URL_SAFE_NO_PAD.encode(cose(&pair)),
            rp_id: "localhost".to_owned(),
            origin: SITE.to_owned(),
            library: Value::Null,
        };
        node.enrol_passkey(&token, None, passkey).await.expect("enrolled");
        change(Change::OfficerAdmitted { officer: key, by }).await;
        let actor = node.directory().person(ActorId::Key(key), node.now()).expect("admitted");
        Self { actor, agency, pair, credential }
    }

    /// What a browser with this passkey answers at `origin`.
    fn answer(&self, to_sign: &ToSign, origin: &str, flags: u8) -> PasskeyAnswer {
        let challenge = URL_SAFE_NO_PAD.encode(to_sign.challenge);
        let client = format!(
            "{{\"type\":\"webauthn.get\",\"challenge\":\"{challenge}\",\"origin\":\"{origin}\"}}"
        );
        let mut data = Sha256::of(b"localhost").0.to_vec();
        data.extend([flags, 0, 0, 0, 1]);
        let signed = [&data[..], &Sha256::of(client.as_bytes()).0].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).expect("signed");
        PasskeyAnswer {
            credential_id: self.credential.clone(),
            client_data_json: client.into_bytes(),
            authenticator_data: data,
            signature: signature.as_ref().to_vec(),
        }
    }

    /// Prepares, signs and sends; the request's id.
    pub(crate) async fn send(
        &self,
        house: &House,
        act: OfficerAct,
    ) -> Result<String, server::error::Error> {
        let to_sign = house.node().prepare_signing(&self.actor, &act).await?;
        let answer = self.answer(&to_sign, SITE, 0x05);
        let signed = SignedOrder { act, nonce: to_sign.nonce, answer, connection: HERE };
        house.node().file_signed(&self.actor, signed).await?;
        Ok(to_sign.request.to_string())
    }
}

fn cose(pair: &EcdsaKeyPair) -> Vec<u8> {
    let point = pair.public_key().as_ref();
    let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    [&head[..], &point[1..33], &[0x22, 0x58, 0x20], &point[33..]].concat()
}

/// An agency with a switchboard; packages for it open with agency A's key.
pub(crate) async fn agency(house: &House) -> AgencyId {
    let agency = AgencyId(server::random_id().expect("random bytes"));
    let change = Change::AgencyAdded {
        agency,
        country: "XX".to_owned(),
        regime: "generic".to_owned(),
        key: KeyId(server::random_id().expect("random bytes")),
        certificate_sha256: None,
        by: console().id,
    };
    let payload = ChangePayload {
        name: "Harbour Police".to_owned(),
        switchboard: vec!["+6563910000".to_owned()],
        recipients_pem: vec![house.a.recipient.certificate_pem.clone()],
        ..ChangePayload::default()
    };
    house.node().change_directory(&console(), &change, &payload).await.expect("an agency");
    agency
}

pub(crate) fn order(house: &House, account: &str) -> OfficerAct {
    let at = |text: &str| text.parse().expect("a time");
    let scope = Scope {
        categories: [DataCategory::Subscriber].into(),
        range: Some(TimeRange { from: at("2021-09-01T00:00:00Z"), to: at("2021-11-01T00:00:00Z") }),
        ..Scope::default()
    };
    let order = Order {
        instrument: InstrumentKind::ProductionOrder,
        issuing_country: Country::parse("XX").expect("two letters"),
        issuer: IssuerType::Judge,
        issuer_rank: None,
        validator: None,
        offence: Offence { sentence_max_months: Some(120), ..Offence::default() },
        channel: Channel::Portal,
        authentication: Authentication::Signed,
        format: Format::Text,
        issued_on: "2026-10-04".parse().expect("a date"),
        valid_until: house.clock.now().checked_add(days(300)).ok(),
        answer_by: None,
        authority_zone: None,
        service: Service::Exchange,
        notification: Notification::default(),
        is_test: false,
        asks: vec![Ask { demand: Demand::Disclose { scope }, emergency: None }],
    };
    OfficerAct::File(OfficerOrder {
        order,
        reference: "7 Gs 12/26".to_owned(),
        legal_basis: "s 94 StPO".to_owned(),
        selectors: vec![(
            AskNumber(1),
            Selector::read(SelectorKind::AccountId, account).expect("an account"),
        )],
        accounts: Vec::new(),
        files: vec![OfficerFile {
            name: "order.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            bytes: b"It is ordered that the records of the account be produced.".to_vec(),
        }],
        after: None,
    })
}

/// The plain package of a delivered request.
async fn delivered(house: &House, id: &str) -> Vec<u8> {
    let request = desk::ids::RequestId(id.parse().expect("a uuid"));
    let case = house.node().case(request).await.expect("a case");
    let (_, _, facts) = case.delivered.last().expect("delivered");
    let name = desk::ids::Digest::from_hex(&facts.encrypted_sha256).expect("hex");
    let reader = house.node().store.reader();
    house.a.decrypt(&reader.blob(store::BlobDigest(name.0)).await.expect("the package"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_corrected_and_checked_offline() {
    let house = House::open().await;
    let officer = Officer::enrol(&house, agency(&house).await, "Iris Tan").await;
    let id = officer.send(&house, order(&house, "LX-999999")).await.expect("filed");
    receipt(&house, &officer, &id).await;
    let vera = house.staff("vera");
    vera.act(&id, json!({ "start_identity_check": {} })).await;
    vera.act(&id, json!({ "verify_identity": { "method": "passkey" } })).await;
    let asked = json!({ "request_information": { "ask": 1, "codes": ["wrong_identifier"] } });
    house.staff("cora").act(&id, asked).await;
    let account = Selector::read(SelectorKind::AccountId, ACCOUNT).expect("an account");
    let correction = OfficerAct::Correct {
        request: desk::ids::RequestId(id.parse().expect("a uuid")),
        ask: AskNumber(1),
        order: None,
        reference: None,
        legal_basis: None,
        account: None,
        selectors: Some(vec![account]),
        files: vec![OfficerFile {
            name: "erratum.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            bytes: b"Read LX-004711.".to_vec(),
        }],
        text: "the clerk mistyped it".to_owned(),
    };
    officer.send(&house, correction).await.expect("corrected");
    house.staff("cora").act(&id, json!({ "accept_legal": { "ask": 1 } })).await;
    let tagmanifest = house.assemble("bo", &id, "full").await;
    house.staff("ada").act(&id, approval(&tagmanifest)).await;
    house.state(&id, 1, "delivered").await;
    let zip = delivered(&house, &id).await;
    let policy = std::fs::read(house.path("keys/policy.txt")).expect("a policy");
    let policy = ledger::policy::Policy::parse(&policy).expect("a policy");
    let anchors = Anchors::none().with_roots(&house.root_pem).expect("a root").with_policy(policy);
    let report = verify(std::io::Cursor::new(&zip), &anchors).expect("readable");
    assert_eq!(report.exit_code(), 0, "{report}");
    let approval = report.checks.iter().find(|check| check.what == Subject::Approval);
    assert_eq!(approval.expect("asked").outcome, CheckOutcome::Holds, "{report}");
    let signed = report.facts.iter().filter(|fact| fact.name.starts_with("signed")).count();
    assert_eq!(signed, 2, "request and correction: {report}");
    let text = report.to_string();
    assert!(text.contains("does not prove what the screen showed"), "{text}");
    house.close().await;
}

/// The receipt holds offline, and none that was changed does.
async fn receipt(house: &House, officer: &Officer, id: &str) {
    let request = desk::ids::RequestId(id.parse().expect("a uuid"));
    let text = house.node().receipt(&officer.actor, request, None).await.expect("a receipt");
    let policy = std::fs::read(house.path("keys/policy.txt")).expect("a policy");
    let policy = ledger::policy::Policy::parse(&policy).expect("a policy");
    let read = |text: &str| check_receipt(text.as_bytes(), "receipt", Some(&policy));
    assert_eq!(read(&text).expect("it holds").request, id);
    for (old, new) in [("LX-999999", "LX-999998"), ("\"v\":1,\"leaf\"", "\"v\":2,\"leaf\"")] {
        assert!(text.contains(old), "{text}");
        assert!(read(&text.replacen(old, new, 1)).is_err(), "{old} became {new}");
    }
    assert!(read(text.trim_end()).is_err(), "another spelling");
    let somebody =
        house.node().directory().staff().find(|one| one.name == "root").expect("root").id;
    let root =
        Actor { id: ActorId::Staff(somebody), roles: [Role::Administrator].into(), agency: None };
    let told = house.node().receipt(&root, request, None).await;
    assert!(matches!(told, Err(server::error::Error::Hidden)));
}

async fn check(
    house: &House,
    officer: &Officer,
    change: impl FnOnce(&ToSign, &mut SignedOrder),
    expected: Expect,
) {
    let act = order(house, ACCOUNT);
    let to_sign = house.node().prepare_signing(&officer.actor, &act).await.expect("prepared");
    let answer = officer.answer(&to_sign, SITE, 0x05);
    let mut signed = SignedOrder { act, nonce: to_sign.nonce, answer, connection: HERE };
    change(&to_sign, &mut signed);
    let leaves = house.leaves();
    let told = house.node().file_signed(&officer.actor, signed).await.err();
    let (_, body) = told.expect("refused").parts();
    let body = serde_json::to_value(&body).expect("JSON");
    let words = ["what", "why", "fix"].map(|name| body[name].as_str().unwrap_or("").to_owned());
    // A challenge is another one each time.
    let is_challenge = |word: &&str| word.trim_end_matches(',').len() == 43;
    let words = words.join(" | ");
    let words: Vec<&str> =
        words.split(' ').map(|word| if is_challenge(&word) { "#" } else { word }).collect();
    expected.assert_eq(&words.join(" "));
    assert_eq!(house.leaves(), leaves, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_rightly_is_refused_and_leaves_nothing() {
    let house = House::open().await;
    let agency = agency(&house).await;
    let officer = Officer::enrol(&house, agency, "Iris Tan").await;
    let other = Officer::enrol(&house, agency, "Omar Lim").await;
    assert_eq!(officer.agency, other.agency);
    let evil = "http://localhost.evil:8080";
    check(
        &house,
        &officer,
        |it, signed| signed.answer = officer.answer(it, evil, 0x05),
        expect!["signature | it was signed at another site; expected http://localhost:8080, found http://localhost.evil:8080 | open the desk at its own address and sign again with your own passkey, unlocked by PIN, finger or face"],
    )
    .await;
    check(
        &house,
        &officer,
        |it, signed| signed.answer = officer.answer(it, SITE, 0x01),
        expect!["signature | the passkey did not verify who touched it; expected user verified, found not verified | open the desk at its own address and sign again with your own passkey, unlocked by PIN, finger or face"],
    )
    .await;
    check(&house, &officer, |it, signed| signed.answer = other.answer(it, SITE, 0x05), expect!["signature | it is by a passkey of somebody else | sign with the passkey that you log in with"])
        .await;
    check(
        &house,
        &officer,
        |_, signed| {
            if let OfficerAct::File(order) = &mut signed.act {
                order.reference.push('0');
            }
        },
        expect!["signature | the request changed since it was shown | go back, read the review page once more and sign what it shows"],
    )
    .await;
    check(
        &house,
        &officer,
        |it, signed| {
            let challenge = [1; 32];
            signed.answer = officer.answer(&ToSign { challenge, ..it.clone() }, SITE, 0x05);
        },
        expect!["signature | the passkey signed another challenge: other bytes or another nonce; expected # found # | open the desk at its own address and sign again with your own passkey, unlocked by PIN, finger or face"],
    )
    .await;
    check(&house, &officer, |_, signed| signed.nonce = [0; 32], expect!["signature | it is of nothing that waits for your signature: signed already, or older than 15 minutes | open the review page again and sign what it shows"]).await;
    check(
        &house,
        &officer,
        |_, _| house.clock.forward(jiff::SignedDuration::from_mins(16)),
        expect!["signature | it is of nothing that waits for your signature: signed already, or older than 15 minutes | open the review page again and sign what it shows"],
    )
    .await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_without_the_passkey_sends_nothing_and_an_answer_counts_once() {
    let house = House::open().await;
    let officer = Officer::enrol(&house, agency(&house).await, "Iris Tan").await;
    let act = order(&house, ACCOUNT);
    let to_sign = house.node().prepare_signing(&officer.actor, &act).await.expect("prepared");
    let answer = officer.answer(&to_sign, SITE, 0x05);
    let signed = SignedOrder { act, nonce: to_sign.nonce, answer, connection: HERE };
    house.node().file_signed(&officer.actor, signed.clone()).await.expect("filed");
    let again = house.node().file_signed(&officer.actor, signed).await.err();
    let again = again.expect("refused").to_string();
    assert!(again.contains("signed already"), "{again}");
    let request = to_sign.request;
    for command in [
        Command::Withdraw { ask: AskNumber(1) },
        Command::Extend { ask: AskNumber(1) },
        Command::ProvideInformation { ask: AskNumber(1), order: None },
    ] {
        let told = house.node().act(&officer.actor, Act::new(request, command)).await.err();
        let told = told.expect("refused").to_string();
        assert!(told.contains("must be signed"), "{told}");
    }
    let message = Act::new(request, Command::PostMessage { ask: None });
    house.node().act(&officer.actor, message).await.expect("messages need no signature");
    let text = "no longer needed".to_owned();
    let withdrawal = OfficerAct::Withdraw { request, asks: vec![AskNumber(1)], text };
    officer.send(&house, withdrawal).await.expect("withdrawn");
    house.state(&request.to_string(), 1, "withdrawn").await;
    house.close().await;
}

fn practice(house: &House) -> OfficerAct {
    let mut act = order(house, ACCOUNT);
    if let OfficerAct::File(order) = &mut act {
        order.order.is_test = true;
    }
    act
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn practice_needs_made_up_records() {
    let house = House::with(Plans { real: true, ..Plans::default() }).await;
    let officer = Officer::enrol(&house, agency(&house).await, "Iris Tan").await;
    let told = officer.send(&house, practice(&house)).await.expect_err("refused").to_string();
    assert!(told.contains("no made-up records to practise on"), "{told}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn practice_is_answered_from_made_up_records_and_says_so() {
    let house = House::with(Plans { real: true, practice: true, ..Plans::default() }).await;
    let officer = Officer::enrol(&house, agency(&house).await, "Iris Tan").await;
    let id = officer.send(&house, practice(&house)).await.expect("filed");
    let vera = house.staff("vera");
    vera.act(&id, json!({ "start_identity_check": {} })).await;
    vera.act(&id, json!({ "verify_identity": { "method": "passkey" } })).await;
    house.staff("cora").act(&id, json!({ "accept_legal": { "ask": 1 } })).await;
    let tagmanifest = house.assemble("bo", &id, "full").await;
    house.staff("ada").act(&id, approval(&tagmanifest)).await;
    house.state(&id, 1, "delivered").await;
    let zip = delivered(&house, &id).await;
    let report = verify(std::io::Cursor::new(&zip), &Anchors::none()).expect("readable");
    assert!(report.defects.is_empty(), "{report}");
    let text = String::from_utf8_lossy(&zip);
    assert!(text.contains("Comity-Practice: practice request"), "bag-info.txt is stored as it is");
    assert!(text.contains("source Practice database"), "the made-up records were asked");
    assert!(!text.contains("Lantern Exchange core database"), "the real ones were not");
    house.close().await;
}

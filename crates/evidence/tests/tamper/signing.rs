//! Packages of signed requests whose approval is wrong in one respect.

use super::Bench;
use super::kit::{self, Kit, officer};

use evidence::package::{ApprovalFiles, Purpose};
use evidence::signed::SignedAct;
use serde_json::json;

struct Signing<'a> {
    bench: &'a mut Bench,
    key: officer::Passkey,
}

impl Signing<'_> {
    fn kit(&self) -> &Kit {
        &self.bench.kit
    }

    /// A package made by the writer around these files.
    fn files(
        &mut self,
        name: &'static str,
        expected: &'static [&'static str],
        files: ApprovalFiles,
    ) {
        let zip = self.kit().sound_zip(officer::signed(vec![files]));
        self.bench.bytes(name, zip, expected);
    }

    fn plan(
        &mut self,
        name: &'static str,
        expected: &'static [&'static str],
        change: impl Fn(&mut officer::Plan),
    ) {
        let files = officer::approval(self.kit(), &self.key, change);
        self.files(name, expected, files);
    }

    fn changed(
        &mut self,
        name: &'static str,
        expected: &'static [&'static str],
        change: impl Fn(&mut ApprovalFiles),
    ) {
        let mut files = officer::approval(self.kit(), &self.key, |_| {});
        change(&mut files);
        self.files(name, expected, files);
    }
}

fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(bytes.clone()).expect("UTF-8");
    assert!(text.contains(from), "{from} is not in {text}");
    *bytes = text.replacen(from, to, 1).into_bytes();
}

pub fn add(bench: &mut Bench) {
    let key = officer::Passkey::new("ES256");
    let mut signing = Signing { bench, key };
    client_data(&mut signing);
    authenticator(&mut signing);
    request(&mut signing);
    enrolment(&mut signing);
    package(&mut signing);
}

fn client_data(signing: &mut Signing<'_>) {
    signing.plan(
        "signed: a registration's answer",
        &["data/order/assertion.json: not the answer to a log-in"],
        |plan| plan.kind = "webauthn.create",
    );
    signing.plan(
        "signed: another challenge",
        &["data/order/assertion.json: the passkey signed another challenge"],
        |plan| plan.signed_nonce = [8; 32],
    );
    signing.plan(
        "signed: another origin",
        &["data/order/assertion.json: it was signed at another site"],
        |plan| plan.origin = "https://desk.example.evil",
    );
    signing.plan(
        "signed: inside another site's page",
        &["data/order/assertion.json: it was signed inside another site's page"],
        |plan| plan.cross_origin = true,
    );
    signing.changed(
        "signed: an answer in another spelling",
        &["data/order/assertion.json: not in its one spelling"],
        |files| files.assertion.insert(0, b' '),
    );
    signing.changed(
        "signed: a nonce in capitals",
        &["data/order/assertion.json: the nonce is not one"],
        |files| replace(&mut files.assertion, "0707", "0A0A"),
    );
}

fn authenticator(signing: &mut Signing<'_>) {
    signing.plan(
        "signed: another relying party",
        &["data/order/assertion.json: the passkey was used for another relying party"],
        |plan| plan.rp_id = "example",
    );
    signing.plan(
        "signed: nobody touched it",
        &["data/order/assertion.json: nobody touched the passkey"],
        |plan| plan.flags = 0x04,
    );
    signing.plan(
        "signed: nobody was verified",
        &["data/order/assertion.json: the passkey did not verify who touched it"],
        |plan| plan.flags = 0x01,
    );
    signing.plan(
        "signed: data of an enrolment",
        &["data/order/assertion.json: what the passkey said cannot be read"],
        |plan| plan.flags = 0x45,
    );
    signing.plan(
        "signed: another credential",
        &["data/order/assertion.json: another passkey answered than the enrolled one"],
        |plan| plan.credential = "credential-2",
    );
    let other = officer::Passkey::new("ES256");
    let files = officer::approval_by(signing.kit(), &signing.key, &other, |_| {});
    signing.files(
        "signed: by another key",
        &["data/order/assertion.json: the signature is not by the enrolled key"],
        files,
    );
}

fn request(signing: &mut Signing<'_>) {
    signing.changed(
        "signed: one byte of the request altered",
        &["data/order/assertion.json: the passkey signed another challenge"],
        |files| replace(&mut files.request, "4711/26", "4711/27"),
    );
    signing.changed(
        "signed: a request in another spelling",
        &[
            "data/order/request.json: not in its one spelling",
            "data/order/assertion.json: the passkey signed another challenge",
        ],
        |files| replace(&mut files.request, ",\"v\":1", ", \"v\":1"),
    );
    signing.changed(
        "signed: a member that no request has",
        &[
            "data/order/request.json: not a signed request",
            "data/order/assertion.json: the passkey signed another challenge",
        ],
        |files| replace(&mut files.request, ",\"v\":1", ",\"urgent\":true,\"v\":1"),
    );
    signing.plan(
        "signed: a request of another id",
        &["data/order/request.json: the signed request is another one"],
        |plan| plan.request.request = uuid::Uuid::nil(),
    );
    signing.plan(
        "signed: a file that is not there",
        &["data/order/request.json: a file that was signed is not in the package"],
        |plan| {
            if let SignedAct::File { files, .. } = &mut plan.request.act {
                files[0].sha256 = "ab".repeat(32);
            }
        },
    );
    signing.plan(
        "signed: practice passed off as a case",
        &["data/order/request.json: the package and what was signed differ on whether"],
        |plan| {
            if let SignedAct::File { order, .. } = &mut plan.request.act {
                order["is_test"] = true.into();
            }
        },
    );
    signing.plan(
        "signed: an order that says it is not",
        &["data/order/request.json: the signed order says that it is not signed"],
        |plan| {
            if let SignedAct::File { order, .. } = &mut plan.request.act {
                order["authentication"] = "by_channel".into();
            }
        },
    );
    signing.plan(
        "signed: a correction where the request should stand",
        &["data/order/request.json: not the act that stands here"],
        |plan| plan.request.act = officer::correction(),
    );
}

fn enrolment(signing: &mut Signing<'_>) {
    let other = "01934cd2-7a10-7c3e-9b51-2f6d10a4ffff";
    signing.plan(
        "signed: an officer of another agency",
        &["data/order/enrolment.json: the officer is of another agency"],
        move |plan| plan.leaves[0].0["agency"] = other.into(),
    );
    signing.plan(
        "signed: another officer's passkey",
        &["data/order/enrolment.json: the passkey is another officer's"],
        move |plan| plan.leaves[1].0["holder"] = format!("key:{other}").into(),
    );
    signing.plan(
        "signed: admitted by nobody of the company",
        &["data/order/enrolment.json: the officer was not admitted by staff"],
        move |plan| plan.leaves[2].0["by"] = format!("key:{other}").into(),
    );
    signing.plan(
        "signed: admitted afterwards",
        &["data/order/enrolment.json: the officer was admitted after the request"],
        |plan| plan.admitted_at = "2026-11-20T09:00:00Z",
    );
    signing.plan(
        "signed: a stop instead of an admission",
        &["data/order/enrolment.json: leaf 3 is of another act"],
        |plan| plan.leaves[2].0["kind"] = "officer_stopped".into(),
    );
    signing.plan(
        "signed: a key of no known kind",
        &["data/order/enrolment.json: the enrolled key cannot be read"],
        |plan| plan.leaves[1].1["passkey"]["cose_key"] = "oA".into(),
    );
    signing.plan(
        "signed: a credential that the record does not name",
        &["data/order/enrolment.json: the enrolled credential is not the one whose digest"],
        |plan| plan.leaves[1].0["credential_sha256"] = json!("00"),
    );
    signing.plan(
        "signed: a site of another relying party",
        &["data/order/enrolment.json: the site of the request is not of the passkey's"],
        |plan| {
            plan.request.origin = "https://deskexample".into();
            plan.origin = "https://deskexample";
        },
    );
    signing.changed(
        "signed: a leaf that the log does not hold",
        &["data/order/enrolment.json: leaf 1 is not in the log at this place"],
        |files| replace(&mut files.enrolment, "Iris Tan", "Iris Lim"),
    );
    signing.changed(
        "signed: an enrolment cut short",
        &["data/order/enrolment.json: not an enrolment"],
        |files| files.enrolment.truncate(200),
    );
}

fn package(signing: &mut Signing<'_>) {
    let base = officer::approval(signing.kit(), &signing.key, |_| {});
    let sound = kit::unzip(&signing.kit().sound_zip(officer::signed(vec![base.clone()])));
    let mut lies = sound.clone();
    let info = evidence::format::BAG_INFO_PATH;
    replace(lies.get_mut(info).expect("there"), "cation: signed", "cation: by_channel");
    signing.kit().retag(&mut lies);
    signing.bench.bytes(
        "signed: the package says by channel",
        kit::zipped(&lies),
        &[
            "data/order/assertion.json: a file of a signed request, in a package that is not",
            "data/order/enrolment.json: a file of a signed request, in a package that is not",
            "data/order/request.json: a file of a signed request, in a package that is not",
        ],
    );
    let mut said = signing.bench.sound.clone();
    replace(said.get_mut(info).expect("there"), "cation: by_channel", "cation: signed");
    signing.kit().retag(&mut said);
    signing.bench.bytes(
        "by channel: the package says signed",
        kit::zipped(&said),
        &[
            "data/order/request.json: the file of a signed request is missing",
            "data/order/assertion.json: the file of a signed request is missing",
            "data/order/enrolment.json: the file of a signed request is missing",
        ],
    );
    let mut silent = signing.bench.sound.clone();
    replace(silent.get_mut(info).expect("there"), "Comity-Authentication: by_channel\n", "");
    signing.kit().retag(&mut silent);
    signing.bench.bytes(
        "a package that does not say what proves the sender",
        kit::zipped(&silent),
        &["bag-info.txt: Comity-Authentication is not said once"],
    );
    let mut record = sound;
    signing.kit().rerecord(&mut record, |record| {
        *record = record.replace("\"payload\":null", "\"payload\":{\"authentication\":\"none\"}");
    });
    signing.bench.bytes(
        "signed: the log record says otherwise",
        kit::zipped(&record),
        &["seal/sealed.json: the record and the package differ on what proves the sender"],
    );
    let mut practice = officer::signed(vec![base]);
    practice.request.purpose = Purpose::Practice;
    let practice = signing.kit().sound_zip(practice);
    signing.bench.bytes(
        "signed: a case passed off as practice",
        practice,
        &["data/order/request.json: the package and what was signed differ on whether"],
    );
}

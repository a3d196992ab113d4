//! An officer with a passkey: real keys, enrolled in the kit's log, that sign requests rightly or
//! wrongly in one respect.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evidence::package::{ApprovalFiles, Authentication, PackageInput, ReportWanted};
use evidence::signed::{
    Assertion, ProvenRecord, SignedAct, SignedFile, SignedRequest, challenge, enrolment_json,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Kit, SALT, asn1, sample};

/// What passkeys sign with.
pub const ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "RS256"];
const AGENCY: Uuid = Uuid::from_u128(0x0193_4cd2_7a10_7c3e_9b51_2f6d_10a4_0001);
const KEY: Uuid = Uuid::from_u128(0x0193_4cd2_7a10_7c3e_9b51_2f6d_10a4_0002);

/// A key pair and its COSE form.
pub struct Passkey {
    pair: Pair,
    pub cose: Vec<u8>,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Passkey {
    pub fn new(algorithm: &str) -> Self {
        match algorithm {
            "ES256" => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
                let point = pair.public_key().as_ref().to_vec();
                let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
                let cose = [&head[..], &point[1..33], &[0x22, 0x58, 0x20], &point[33..]].concat();
                Self { pair: Pair::Ecdsa(pair), cose }
            }
            "EdDSA" => {
                let pair = Ed25519KeyPair::generate().expect("a key");
                let head = [0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
                let cose = [&head[..], pair.public_key().as_ref()].concat();
                Self { pair: Pair::Ed25519(pair), cose }
            }
            _ => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
                let modulus = pair.public_key().modulus().big_endian_without_leading_zero();
                let head = [0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00];
                let cose = [&head[..], modulus, &[0x21, 0x43, 0x01, 0x00, 0x01]].concat();
                Self { pair: Pair::Rsa(Box::new(pair)), cose }
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).expect("signed").as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("signed");
                signature
            }
        }
    }
}

/// Everything about one approval that a test may change.
pub struct Plan {
    pub request: SignedRequest,
    pub kind: &'static str,
    pub origin: &'static str,
    pub cross_origin: bool,
    pub rp_id: &'static str,
    pub flags: u8,
    pub signed_nonce: [u8; 32],
    pub credential: &'static str,
    /// Event and payload of each leaf, and its place in the log.
    pub leaves: [(Value, Value, usize); 3],
    pub admitted_at: &'static str,
}

fn plan(cose: &[u8]) -> Plan {
    let staff = "staff:01934cd2-7a10-7c3e-9b51-2f6d10a40009";
    let credential = URL_SAFE_NO_PAD.encode(b"credential-1");
    let digest = hex::encode(asn1::sha256(credential.as_bytes()));
    let passkey = json!({
        "credential_id": credential, "cose_key": URL_SAFE_NO_PAD.encode(cose),
        "rp_id": "desk.example", "origin": "https://desk.example", "library": {"counter": 0},
    });
    Plan {
        request: request(),
        kind: "webauthn.get",
        origin: "https://desk.example",
        cross_origin: false,
        rp_id: "desk.example",
        flags: 0x05,
        signed_nonce: [7; 32],
        credential: "credential-1",
        leaves: [
            (
                json!({"kind": "officer_proposed", "officer": KEY, "agency": AGENCY,
                       "role": "officer", "by": staff}),
                json!({"name": "Iris Tan", "post": "Inspector"}),
                1,
            ),
            (
                json!({"kind": "passkey_enrolled", "holder": format!("key:{KEY}"),
                       "credential_sha256": digest, "token_sha256": "00", "by": staff}),
                json!({"passkey": passkey}),
                4,
            ),
            (json!({"kind": "officer_admitted", "officer": KEY, "by": staff}), Value::Null, 5),
        ],
        admitted_at: "2026-10-01T09:00:00Z",
    }
}

/// The request that is signed: it names the file of [`sample::answer`].
pub fn request() -> SignedRequest {
    let file = b"{\"epoc\":\"LKA-BY 4711/26\"}\n";
    SignedRequest {
        origin: "https://desk.example".into(),
        company: "Example Exchange Ltd".into(),
        agency: AGENCY,
        key: KEY,
        request: Uuid::from_u128(0x0193_4cd2_7a10_7c3e_9b51_2f6d_10a4_77e2),
        at: sample::at("2026-11-20T08:14:00Z"),
        act: SignedAct::File {
            order: json!({"authentication": "signed", "is_test": false, "asks": []}),
            reference: "LKA-BY 4711/26".into(),
            legal_basis: "Regulation (EU) 2023/1543, Article 5(4)".into(),
            selectors: Vec::new(),
            accounts: Vec::new(),
            files: vec![SignedFile {
                name: "EPOC 4711 (final).json".into(),
                media_type: "application/json".into(),
                bytes: file.len() as u64,
                sha256: hex::encode(asn1::sha256(file)),
            }],
        },
    }
}

/// A later act on the same request.
pub fn correction() -> SignedAct {
    SignedAct::Correct {
        ask: 1,
        order: None,
        reference: None,
        legal_basis: None,
        accounts: None,
        selectors: None,
        files: Vec::new(),
        text: "the account is 100482".into(),
    }
}

/// The files of one approval by `key`, enrolled as `key`, after `change`.
pub fn approval(kit: &Kit, key: &Passkey, change: impl Fn(&mut Plan)) -> ApprovalFiles {
    approval_by(kit, key, key, change)
}

/// The same, signed by another key than the enrolled one.
pub fn approval_by(
    kit: &Kit,
    enrolled: &Passkey,
    signer: &Passkey,
    change: impl Fn(&mut Plan),
) -> ApprovalFiles {
    let mut plan = plan(&enrolled.cose);
    change(&mut plan);
    let request = plan.request.to_bytes().expect("canonical");
    let challenge = URL_SAFE_NO_PAD.encode(challenge(&plan.signed_nonce, &request));
    let client = format!(
        "{{\"type\":\"{}\",\"challenge\":\"{challenge}\",\"origin\":\"{}\",\"crossOrigin\":{}}}",
        plan.kind, plan.origin, plan.cross_origin
    );
    let mut data = asn1::sha256(plan.rp_id.as_bytes()).to_vec();
    data.extend([plan.flags, 0, 0, 0, 3]);
    let signed = [&data[..], &asn1::sha256(client.as_bytes())].concat();
    let assertion = Assertion {
        nonce: [7; 32],
        credential_id: plan.credential.as_bytes().to_vec(),
        client_data_json: client.into_bytes(),
        signature: signer.sign(&signed),
        authenticator_data: data,
    };
    let leaves: Vec<ProvenRecord> = (1..)
        .zip(&plan.leaves)
        .map(|(seq, (event, payload, place))| {
            let at = if seq == 3 { plan.admitted_at } else { "2026-09-30T09:00:00Z" };
            let record = format!(
                "{{\"v\":1,\"stream\":\"{}\",\"seq\":{seq},\"at\":\"{at}\",\"event\":{event},\
                 \"payload\":{payload}}}",
                evidence::format::DIRECTORY_STREAM
            );
            let proof = kit.leaf_proof(&record, *place);
            ProvenRecord { record, salt: SALT, proof }
        })
        .collect();
    ApprovalFiles {
        request,
        assertion: assertion.to_json().into_bytes(),
        enrolment: enrolment_json(&leaves[0], &leaves[1], &leaves[2]).into_bytes(),
    }
}

/// The typical answer to a request that came with these approvals.
pub fn signed(approvals: Vec<ApprovalFiles>) -> PackageInput<'static> {
    let mut input = sample::answer(2, ReportWanted::None);
    input.authentication = Authentication::Signed(approvals);
    input
}

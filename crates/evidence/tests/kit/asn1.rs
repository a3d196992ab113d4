//! A DER writer that can write wrong signatures and time-stamps. Shares nothing with the crate.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

/// Tag, length, contents.
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(length as u8),
        0x80..0x100 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

/// An object identifier.
pub fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u64> = text.split('.').map(|arc| arc.parse().expect("a number")).collect();
    let mut content = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let mut septets = vec![(arc & 0x7f) as u8];
        let mut rest = arc >> 7;
        while rest > 0 {
            septets.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        content.extend(septets.iter().rev());
    }
    tlv(6, &[&content])
}

/// A SET OF in DER's order.
pub fn set(tag: u8, mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    let parts: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
    tlv(tag, &parts)
}

/// A CMS attribute with one value.
pub fn attribute(id: &str, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&oid(id), &tlv(0x31, &[value])])
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

pub const DATA: &str = "1.2.840.113549.1.7.1";
pub const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";

/// A signature in the making; each field can be made wrong before it is signed.
#[derive(Clone)]
pub struct Cms {
    pub version: u8,
    pub content_type: &'static str,
    pub content: Option<Vec<u8>>,
    pub certificates: Vec<Vec<u8>>,
    pub crls: Option<Vec<u8>>,
    pub digest_algorithms: Vec<Vec<u8>>,
    pub attributes: Vec<Vec<u8>>,
    pub sorted: bool,
    pub unsigned: Option<Vec<u8>>,
    pub flip_signature: bool,
    pub signer_count: usize,
}

/// Issuer and serial number of a certificate in DER: read with the crate the verifier avoids.
fn issuer_and_serial(certificate: &[u8]) -> (Vec<u8>, Vec<u8>) {
    use der::{Decode as _, Encode as _};
    let parsed = x509_cert::Certificate::from_der(certificate).expect("a certificate");
    let issuer = parsed.tbs_certificate.issuer.to_der().expect("a name");
    (issuer, parsed.tbs_certificate.serial_number.to_der().expect("a number"))
}

/// SigningCertificateV2 over one certificate.
pub fn signing_certificate(certificate: &[u8]) -> Vec<u8> {
    let hash = tlv(4, &[&sha256(certificate)]);
    tlv(0x30, &[&tlv(0x30, &[&tlv(0x30, &[&hash])])])
}

/// The four attributes of CAdES B-B.
pub fn attributes(content_type: &str, content: &[u8], certificate: &[u8]) -> Vec<Vec<u8>> {
    vec![
        attribute("1.2.840.113549.1.9.3", &oid(content_type)),
        attribute("1.2.840.113549.1.9.4", &tlv(4, &[&sha256(content)])),
        attribute("1.2.840.113549.1.9.5", &tlv(0x17, &[b"261120110640Z"])),
        attribute("1.2.840.113549.1.9.16.2.47", &signing_certificate(certificate)),
    ]
}

impl Cms {
    /// A sound detached signature's fields.
    pub fn detached(content: &[u8], certificates: &[Vec<u8>]) -> Self {
        Self {
            version: 1,
            content_type: DATA,
            content: None,
            certificates: certificates.to_vec(),
            crls: None,
            digest_algorithms: vec![sha256_algorithm()],
            attributes: attributes(DATA, content, &certificates[0]),
            sorted: true,
            unsigned: None,
            flip_signature: false,
            signer_count: 1,
        }
    }

    /// The bytes, signed by `key` as the owner of `signer`.
    pub fn sign(&self, signer: &[u8], key: &[u8]) -> Vec<u8> {
        let (issuer, serial) = issuer_and_serial(signer);
        let ordered = |tag: u8| {
            let parts: Vec<&[u8]> = self.attributes.iter().map(Vec::as_slice).collect();
            if self.sorted { set(tag, self.attributes.clone()) } else { tlv(tag, &parts) }
        };
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key).expect("a key");
        let random = SystemRandom::new();
        let one = || {
            let signed = key.sign(&random, &ordered(0x31)).expect("a signature");
            let mut signature = signed.as_ref().to_vec();
            if self.flip_signature {
                *signature.last_mut().expect("not empty") ^= 1;
            }
            tlv(
                0x30,
                &[
                    &tlv(2, &[&[1]]),
                    &tlv(0x30, &[&issuer, &serial]),
                    &sha256_algorithm(),
                    &ordered(0xa0),
                    &tlv(0x30, &[&oid("1.2.840.10045.4.3.2")]),
                    &tlv(4, &[&signature]),
                    &self.unsigned.clone().map(|a| set(0xa1, vec![a])).unwrap_or_default(),
                ],
            )
        };
        let signers = (0..self.signer_count).map(|_| one()).collect();
        let content = self.content.as_ref().map(|c| tlv(0xa0, &[&tlv(4, &[c])]));
        let data = tlv(
            0x30,
            &[
                &tlv(2, &[&[self.version]]),
                &set(0x31, self.digest_algorithms.clone()),
                &tlv(0x30, &[&oid(self.content_type), &content.unwrap_or_default()]),
                &set(0xa0, self.certificates.clone()),
                &self.crls.clone().unwrap_or_default(),
                &set(0x31, signers),
            ],
        );
        tlv(0x30, &[&oid("1.2.840.113549.1.7.2"), &tlv(0xa0, &[&data])])
    }
}

pub fn sha256_algorithm() -> Vec<u8> {
    tlv(0x30, &[&oid("2.16.840.1.101.3.4.2.1")])
}

/// A TimeStampResp over `stamped`; `time` as YYYYMMDDHHMMSSZ.
pub fn time_stamp(
    stamped: &[u8],
    time: &str,
    certificates: &[Vec<u8>],
    key: &[u8],
    change: impl Fn(&mut Cms, &mut u8),
) -> Vec<u8> {
    let imprint = tlv(0x30, &[&sha256_algorithm(), &tlv(4, &[&sha256(stamped)])]);
    let info = tlv(
        0x30,
        &[
            &tlv(2, &[&[1]]),
            &oid("1.3.6.1.4.1.13762.3"),
            &imprint,
            &tlv(2, &[&[7]]),
            &tlv(0x18, &[time.as_bytes()]),
        ],
    );
    let mut cms = Cms::detached(&info, certificates);
    cms.version = 3;
    cms.content_type = TST_INFO;
    cms.attributes = attributes(TST_INFO, &info, &certificates[0]);
    cms.content = Some(info);
    let mut status = 0;
    change(&mut cms, &mut status);
    let token = cms.sign(&certificates[0], key);
    tlv(0x30, &[&tlv(0x30, &[&tlv(2, &[&[status]])]), &token])
}

//! Whether what was made is sound: a sample of packages as their agencies see them, and the log.

use std::io::Cursor;

use anyhow::{Context as _, Result, ensure};
use evidence::verify::{Anchors, verify};
use ledger::note::VerifierKey;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use server::keys::file;

use crate::deployment::Deployment;
use crate::orders::agency_of;
use crate::story::Told;

/// Packages that are decrypted and verified.
const SAMPLE_PACKAGES: u64 = 20;

/// Decrypts and verifies a sample of the delivered packages.
pub async fn packages(told: &Told, seed: u64) -> Result<String> {
    let deployment = &told.story.deployment;
    let keys = deployment.folder.join("keys");
    let policy = ledger::policy::Policy::parse(&std::fs::read(keys.join(file::LOG_POLICY))?)?;
    let anchors = Anchors::none()
        .with_roots(&std::fs::read(keys.join(file::ROOT_CERTIFICATE))?)?
        .with_policy(policy);
    let (mut sealed_bytes, mut plain_bytes) = (0, 0);
    let mut state = seed;
    for _ in 0..SAMPLE_PACKAGES {
        // Knuth's MMIX generator; the high bits are the good ones.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let index = (state >> 33) as usize % told.requests.len();
        let (number, request) = told.requests[index];
        let case = deployment.node.case(request).await?;
        let (_, _, facts) = case.delivered.first().context("nothing was delivered")?;
        let digest = store::BlobDigest(
            hex::decode(&facts.encrypted_sha256)?.try_into().ok().context("a SHA-256")?,
        );
        let envelope = deployment.node.store.reader().blob(digest).await?;
        let recipient = &agency_of(deployment, number).recipient;
        let key = PrivateKeyDer::from_pem_slice(recipient.key_pem.as_bytes())?;
        let certificate = &recipient.certificate_der;
        let (package, _) =
            evidence::cms::open::open(&envelope, certificate, key.secret_der(), Vec::new())?;
        sealed_bytes += envelope.len() as u64;
        plain_bytes += package.len() as u64;
        let report = verify(Cursor::new(package), &anchors)?;
        ensure!(report.exit_code() == 0, "package of {request}: {:?}", report.defects);
    }
    let (sealed, plain) = (sealed_bytes / SAMPLE_PACKAGES, plain_bytes / SAMPLE_PACKAGES);
    Ok(format!(
        "verified: {SAMPLE_PACKAGES} packages drawn with seed {seed}, decrypted with their \
         agencies' keys, all sound; {sealed} bytes each as delivered, {plain} as a zip"
    ))
}

/// Derives the whole log again and compares it.
pub async fn check_log(deployment: &Deployment) -> Result<String> {
    let vkey = std::fs::read_to_string(deployment.folder.join("keys").join(file::LOG_PUBLIC))?;
    let keys = vkey.lines().map(VerifierKey::parse).collect::<Result<Vec<_>, _>>()?;
    let mut derive = server::app::derived::deriver();
    let report =
        store::check::check(deployment.node.store.reader(), &keys, Some(&mut derive)).await?;
    let first = report.findings.first().map_or_else(String::new, ToString::to_string);
    ensure!(report.findings_count == 0, "{} defects: {first}", report.findings_count);
    Ok(format!("log checked: {} leaves derived again from their events, 0 defects", report.derived))
}

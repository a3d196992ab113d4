//! What happens in the demo, step by step. Every step is checked; the first that fails ends it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use evidence::verify::{Check, CheckOutcome, Subject};
use serde_json::{Value, json};
use server::app::Node;

use super::agency::{Agency, FREEZE_SATOSHI};
use super::client::Client;
use super::{AGENCY_IDENTIFIER, Cast, Lines};

/// A step of the node's own jobs that takes longer has failed.
const WAIT_SECONDS_MAX: u64 = 30;
/// Pause between two looks at a request.
const LOOK_MILLISECONDS: u64 = 5;

/// What the demo leaves behind.
pub struct Ending {
    /// The decrypted package.
    pub package: String,
    /// Root certificate of the seal.
    pub root: String,
    /// Policy that trusts the log.
    pub policy: String,
    /// Root certificate of the time-stamp authority, when one was asked.
    pub tsa_root: Option<String>,
    /// Leaves of the log.
    pub leaves: u64,
    /// Hops from the named transaction to the exchange's address.
    pub hops: u64,
}

/// Plays the story.
pub async fn tell(dir: &Path, node: &Node, cast: &Cast, lines: &mut Lines) -> Result<Ending> {
    let [vera, cora, bo, ada] = cast.staff.as_slice() else { bail!("four staff act") };
    let agency = Agency::new(&cast.agency, AGENCY_IDENTIFIER, "LANTERN")?;
    let order = std::fs::read(dir.join("orders/production-order.txt"))?;
    agency.order(&order, node.now()).await?;
    let list = vera.get("/api/v1/requests").await?;
    let id = list["requests"][0]["request"].as_str().context("no request is listed")?.to_owned();
    lines.say("HI-1 order received over mutual TLS: disclose, preserve, freeze; in the log");

    let copied = wait(vera, &id, 2, "preserved").await?;
    let kept = copied["exhibits"][0]["rows"].as_u64().unwrap_or(0);
    ensure!(kept > 0, "the preserved copy is empty");
    lines.say(&format!("preserved at receipt: {kept} rows, encrypted, unreadable until linked"));

    act(vera, &id, json!({ "start_identity_check": {} }), "taken up").await?;
    let called = "certificate enrolled under supervision; called the switchboard of our directory";
    act(vera, &id, json!({ "verify_identity": { "method": "client_certificate" } }), called)
        .await?;
    act(cora, &id, json!({ "accept_legal": { "ask": 1 } }), "a judge's order, three categories")
        .await?;
    lines.say("Vera Holm proved the sender, Cora Lund accepted the order in law");

    let (account, hops) = follow(bo, &id).await?;
    lines.say(&format!("money followed {hops} hops through block 702861 to account {account}"));
    let held = freeze(bo, node, &id, &account).await?;
    lines.say(&format!("freeze confirmed by the exchange's own database: {held} BTC held"));

    let found = bo.post(&format!("/api/v1/requests/{id}/asks/1/search"), &json!({})).await?;
    let exhibits = found["exhibits"].as_array().map_or(0, Vec::len);
    ensure!(exhibits >= 4, "only {exhibits} exhibits were found");
    let statement = format!("the account that received the money is {account}; its records follow");
    let body = json!({ "answers": [{ "ask": 1, "outcome": "full", "statement": statement }] });
    let assembled = bo.post(&format!("/api/v1/requests/{id}/assemble"), &body).await?;
    let tagmanifest = assembled["tagmanifest_sha256"].as_str().context("no tag manifest")?;
    lines.say(&format!("Bo Nyberg searched and assembled {exhibits} exhibits into a package"));

    four_eyes(bo, &id, tagmanifest).await?;
    let approve = json!({ "approve": { "asks": [1], "tagmanifest_sha256": tagmanifest } });
    act(ada, &id, approve, "checked against the order").await?;
    lines.say("the analyst's own approval was refused; Ada Wren approved exactly that package");
    wait(ada, &id, 1, "delivered").await?;
    lines.say("sealed (CAdES), logged, proved, encrypted to the agency's key, delivered");
    receive(dir, node, cast, &agency, hops, lines).await
}

/// The agency's part: fetch, decrypt, verify, acknowledge.
async fn receive(
    dir: &Path,
    node: &Node,
    cast: &Cast,
    agency: &Agency<'_>,
    hops: u64,
    lines: &mut Lines,
) -> Result<Ending> {
    let deliveries = agency.deliveries(node.now()).await?;
    let [(delivery, encrypted)] = deliveries.as_slice() else {
        bail!("{} deliveries instead of one", deliveries.len());
    };
    let folder = &cast.agency_folder;
    let (sent, package) = (folder.join("package.zip.p7m"), folder.join("package.zip"));
    std::fs::write(&sent, encrypted)?;
    let (certificate, key) = (folder.join("recipient.pem"), folder.join("recipient.key"));
    crate::evidence::open(&sent, &certificate, &key, &package)?;
    let (root, policy) = (dir.join("keys/root.pem"), dir.join("keys/policy.txt"));
    let tsa_root = node.config.timestamp.as_ref().map(|tsa| node.config.path(&tsa.roots));
    let tsa_roots: Vec<_> = tsa_root.iter().cloned().collect();
    let roots = std::slice::from_ref(&root);
    let report = crate::evidence::check(&package, roots, Some(&policy), &tsa_roots)?;
    ensure!(report.exit_code() == 0, "the package is not sound: {}", report.summary());
    if tsa_root.is_some() {
        let stamped = |check: &Check| {
            check.what == Subject::TimeStamp && check.outcome == CheckOutcome::Holds
        };
        ensure!(report.checks.iter().any(stamped), "the package carries no time-stamp");
        lines.say("the time-stamp authority's word stands in it and holds");
    }
    lines.say(&format!("the agency fetched and decrypted it and found it {}", report.summary()));
    agency.acknowledge(*delivery, node.now()).await?;
    let leaves = node.store.checkpoint().size.0;
    lines.say(&format!("receipt acknowledged; the log has {leaves} leaves, each proved on demand"));
    let shown = |path: &Path| path.display().to_string();
    Ok(Ending {
        package: shown(&package),
        root: shown(&root),
        policy: shown(&policy),
        tsa_root: tsa_root.as_deref().map(shown),
        leaves,
        hops,
    })
}

/// What the reader can do now, without trusting this program. The commands run in any POSIX shell,
/// from the folder in which the demo was started.
pub fn commands(dir: &Path, ending: &Ending, elapsed_ms: u64) -> Result<String> {
    let folder = quoted(&dir.join("agency"));
    let program = quoted(&std::env::current_exe().context("this program's own path")?);
    let (stamp, tsa_root) = match ending.tsa_root {
        None => ("", ""),
        Some(_) => (
            "  openssl ts -verify -in seal/tagmanifest-sha256.txt.p7s.tsr \\\n\
             \x20   -data seal/tagmanifest-sha256.txt.p7s -CAfile ../../tsa-root.pem\n",
            " --tsa-root ../../tsa-root.pem",
        ),
    };
    Ok(format!(
        "\nEvery step held, in {elapsed_ms} ms. Check the package without Comity:\n\
         \x20 cd {folder} && unzip -q -o package.zip && cd *-1\n\
         \x20 sha256sum -c manifest-sha256.txt && sha256sum -c tagmanifest-sha256.txt\n\
         \x20 openssl cms -verify -cades -purpose any -binary -inform DER \\\n\
         \x20   -in seal/tagmanifest-sha256.txt.p7s -content tagmanifest-sha256.txt \\\n\
         \x20   -CAfile ../../keys/root.pem -out /dev/null\n\
         {stamp}\
         and with it, log proof and all:\n\
         \x20 {program} evidence verify ../package.zip \\\n\
         \x20   --root ../../keys/root.pem --policy ../../keys/policy.txt{tsa_root}\n"
    ))
}

/// A path as one word of a POSIX shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

async fn act(client: &Client, id: &str, act: Value, text: &str) -> Result<Value> {
    client.post(&format!("/api/v1/requests/{id}/acts"), &json!({ "act": act, "text": text })).await
}

/// The one account that the money reached, and how far it went.
async fn follow(bo: &Client, id: &str) -> Result<(String, u64)> {
    let found = bo.post(&format!("/api/v1/requests/{id}/asks/1/preview"), &json!({})).await?;
    let reached = &found["traces"][0]["reached"];
    let [only] = reached.as_array().map_or(&[][..], Vec::as_slice) else {
        bail!("the money reached {reached} instead of one address");
    };
    let account = only["account"].as_str().context("no account")?.to_owned();
    Ok((account, only["hop"].as_u64().context("no hop")?))
}

/// How much the exchange holds, in its own words: at most what was ordered and what was there.
async fn freeze(bo: &Client, node: &Node, id: &str, account: &str) -> Result<String> {
    let body = json!({ "account": account });
    bo.post(&format!("/api/v1/requests/{id}/asks/3/freeze"), &body).await?;
    let ask = wait(bo, id, 3, "frozen").await?;
    let ordered = ask["demand"]["amount"].as_str().context("no amount")?;
    ensure!(ordered == FREEZE_SATOSHI.to_string(), "the order was for {ordered}");
    let events = node.store.reader().load(id.parse()?).await?;
    let answer = events.iter().find(|event| event.event_json.contains("\"effect_confirmed\""));
    let answer = answer.context("the exchange is silent")?;
    let answer: Value = server::app::payload_of(answer)?.context("the exchange's word is gone")?;
    let held = answer["amount"].as_u64().context("the exchange does not say how much it holds")?;
    ensure!(held > 0 && u128::from(held) <= FREEZE_SATOSHI, "the exchange holds {held} satoshi");
    Ok(chain::Satoshi(held).bitcoin())
}

/// Nobody may approve what he or she assembled, whatever the role.
async fn four_eyes(bo: &Client, id: &str, tagmanifest: &str) -> Result<()> {
    let approve = json!({ "approve": { "asks": [1], "tagmanifest_sha256": tagmanifest } });
    match act(bo, id, approve, "my own").await {
        Ok(_) => bail!("an analyst approved his own package"),
        Err(_) => Ok(()),
    }
}

/// Looks until an ask is in a state; the node's jobs take it there.
async fn wait(client: &Client, id: &str, ask: usize, state: &str) -> Result<Value> {
    let started = Instant::now();
    loop {
        let request = client.get(&format!("/api/v1/requests/{id}")).await?;
        let found = &request["asks"][ask - 1];
        if found["state"] == state {
            return Ok(found.clone());
        }
        if started.elapsed() > Duration::from_secs(WAIT_SECONDS_MAX) {
            bail!(
                "ask {ask} is {} instead of {state} after {WAIT_SECONDS_MAX} s; if a job failed, \
                 a warning above says why",
                found["state"]
            );
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MILLISECONDS)).await;
    }
}

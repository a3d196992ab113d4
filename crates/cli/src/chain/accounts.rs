//! `comity chain check` and `stats` of an account log. Knows words and exit codes.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use chain::store::accounts::{AccountFileError, AccountLogReader};
use serde_json::json;

/// Reads every entry against its digest, which covers all before it.
pub fn check(path: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::metadata(path).with_context(|| format!("{}", path.display()))?.len();
    let (finding, blocks, cut) = match AccountLogReader::open(path) {
        Ok(log) => (None, log.ledgers().blocks().len(), log.cut_bytes()),
        Err(AccountFileError::Log { error, .. }) => (Some(error.to_string()), 0, 0),
        Err(error) => return Err(error.into()),
    };
    let sound = finding.is_none();
    if as_json {
        let told = json!({
            "sound": sound,
            "bytes": bytes,
            "blocks": blocks,
            "finding": finding,
            "bytes_cut_off": cut,
        });
        println!("{told}");
    } else {
        if let Some(finding) = &finding {
            println!("{}, {finding}", path.display());
        }
        if cut > 0 {
            println!(
                "note: the last {cut} bytes are half an entry; what writes next cuts them off"
            );
        }
        let verdict = if sound { "sound" } else { "damaged" };
        println!("{verdict}: {bytes} bytes compared, {blocks} blocks");
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a log holds.
pub fn stats(path: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let log = AccountLogReader::open(path)?;
    let ledgers = log.ledgers();
    let chain = ledgers.chain();
    let bytes = std::fs::metadata(path).with_context(|| format!("{}", path.display()))?.len();
    let (first, tip) = (ledgers.blocks().first(), ledgers.tip());
    let hash = tip.map(|tip| chain.hash_text(tip.hash));
    let gaps: Vec<(String, u64)> =
        ledgers.gap_counts().iter().map(|(reason, count)| (reason.to_string(), *count)).collect();
    if as_json {
        let told = json!({
            "chain": chain.to_string(),
            "blocks": ledgers.blocks().len(),
            "first": first.map(|block| block.number),
            "height": tip.map(|block| block.number),
            "tip": hash,
            "transactions": ledgers.transaction_count(),
            "movements": ledgers.event_count(),
            "accounts": ledgers.account_count(),
            "assets": ledgers.asset_count(),
            "ledgers": ledgers.ledger_count(),
            "gaps": gaps.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "bytes": bytes,
        });
        println!("{told}");
        return Ok(ExitCode::SUCCESS);
    }
    let number = |block: Option<&chain::account::ledger::BlockRow>| {
        block.map_or("none".to_owned(), |block| block.number.to_string())
    };
    println!("chain           {chain}");
    println!("blocks          {} ({} to {})", ledgers.blocks().len(), number(first), number(tip));
    println!("newest          {}", hash.as_deref().unwrap_or("none"));
    println!("transactions    {}", ledgers.transaction_count());
    println!("movements       {}", ledgers.event_count());
    println!("accounts        {}", ledgers.account_count());
    println!("assets          {}", ledgers.asset_count());
    println!("bytes           {bytes}");
    for (reason, count) in gaps {
        println!("gap, {count} times: {reason}");
    }
    Ok(ExitCode::SUCCESS)
}

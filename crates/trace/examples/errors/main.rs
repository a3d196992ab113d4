//! Measures how often each heuristic is wrong, and writes docs/error-rates.md.
//!
//! Run as `cargo xtask bench errors`. Real data that is absent is named in the report and left out.

mod deposits;
#[path = "../../tests/made/mod.rs"]
mod made;
mod measure;
mod text;

use chain::{ChainView, NamedBytes, Network};
use measure::{Change, Shapes, Tagged, Unions};
use std::fmt::Write as _;
use std::path::Path;
use text::{INTRODUCTION, OUTRO, Rate};
use trace::synthetic::Plan;

/// Seeds of the made-up chains; other seeds change the last digits.
const SEEDS: [u64; 4] = [1, 2, 3, 4];

/// A chain with what is known about it.
struct Dataset {
    name: &'static str,
    view: ChainView,
    /// Shapes that cannot be in it, because the software did not exist yet.
    impossible: &'static [&'static str],
}

fn main() {
    let real = real();
    let mut page = INTRODUCTION.to_owned();
    for dataset in &real {
        let view = &dataset.view;
        let (blocks, transactions) = (chain::Utxo::block_count(view), view.transaction_count());
        let _ = writeln!(page, "| {} | {blocks} | {transactions} |", dataset.name);
    }
    let made: Vec<_> = SEEDS
        .map(|seed| Plan { seed, owners: 2_000, blocks: 500, transactions_per_block: 60 })
        .map(made::synthetic)
        .into();
    let transactions: u32 = made.iter().map(|(view, _)| view.transaction_count()).sum();
    let blocks: u32 = made.iter().map(|(view, _)| chain::Utxo::block_count(view)).sum();
    let _ = writeln!(page, "| made-up, seeds 1 to 4 | {blocks} | {transactions} |");
    changes(&mut page, &real, &made);
    unions(&mut page, &made);
    tags(&mut page, &real);
    shapes(&mut page, &real, &made);
    deposits::write(&mut page);
    page += OUTRO;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/error-rates.md");
    std::fs::write(&path, &page).expect("docs/ can be written");
    print!("{page}");
}

/// All real chains that are at hand, each on its own.
fn real() -> Vec<Dataset> {
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    let file = NamedBytes { name: "702861.raw", bytes };
    let mainnet = Network::Mainnet;
    const EVERY: &[&str] = &[
        "coinjoin",
        "joinmarket",
        "wasabi-1.0",
        "wasabi-1.1",
        "wasabi-2",
        "whirlpool",
        "whirlpool-tx0",
    ];
    let pair = ["bcoin-block928848.raw", "bcoin-block928849.raw"];
    let pair_undo = ["bcoin-block928848-undo.raw", "bcoin-block928849-undo.raw"];
    let before = &["bcoin-block300025.raw"];
    let undo = &["bcoin-block300025-undo.raw"];
    let chains = [
        ("mainnet 2009, all of it", made::year_2009(), EVERY),
        (
            "mainnet block 300025 (May 2014) with undo data",
            made::blocks(before, undo, mainnet),
            &EVERY[1..],
        ),
        (
            "mainnet block 426884 (August 2016)",
            made::blocks(&["bcoin-block426884.raw"], &[], mainnet),
            &EVERY[2..],
        ),
        (
            "mainnet block 702861 (September 2021)",
            Some(ChainView::load(&[file], &[], mainnet).expect("a real block")),
            &EVERY[4..5],
        ),
        (
            "testnet3 blocks 928848 and 928849 with undo data",
            made::blocks(&pair, &pair_undo, Network::Testnet),
            &[],
        ),
    ];
    let found = chains
        .into_iter()
        .filter_map(|(name, view, impossible)| view.map(|view| Dataset { name, view, impossible }));
    found.collect()
}

fn changes(
    page: &mut String,
    real: &[Dataset],
    made: &[(ChainView, Vec<trace::synthetic::Truth>)],
) {
    *page += text::CHANGE;
    let mut sum = Change::default();
    for dataset in real {
        sum.revealed(&dataset.view);
    }
    *page += text::REVEALED;
    let _ = writeln!(
        page,
        "{} payments, of which {} in 2009.\n",
        sum.payments,
        real.first().map_or(0, |dataset| {
            let mut alone = Change::default();
            alone.revealed(&dataset.view);
            if dataset.name.contains("2009") { alone.payments } else { 0 }
        })
    );
    table(page, &sum);
    let mut sum = Change::default();
    for (view, truths) in made {
        sum.known(view, truths);
    }
    *page += text::KNOWN;
    let _ = writeln!(
        page,
        "{} payments with change, {} transactions without.\n",
        sum.payments, sum.without_change
    );
    table(page, &sum);
    *page += text::NAMED_ANYWAY;
    for (name, counts) in &sum.heuristics {
        let rate = Rate { part: counts.invented, whole: sum.without_change };
        let _ = writeln!(page, "| {name} | {rate} |");
    }
}

fn table(page: &mut String, change: &Change) {
    *page += "| heuristic | names an output | right | wrong | right of those named \
              | found of all change | wrong of all payments |\n|---|---|---|---|---|---|---|\n";
    for (name, counts) in &change.heuristics {
        let (right, wrong) = (counts.right, counts.wrong);
        let named = right + wrong;
        let _ = writeln!(
            page,
            "| {name} | {named} | {right} | {wrong} | {} | {} | {} |",
            Rate { part: right, whole: named },
            Rate { part: right, whole: change.payments },
            Rate { part: wrong, whole: change.payments },
        );
    }
}

fn unions(page: &mut String, made: &[(ChainView, Vec<trace::synthetic::Truth>)]) {
    *page += text::CLUSTERS;
    let mut sum = Unions::default();
    for (view, truths) in made {
        sum.add(view, truths);
    }
    for (name, counts) in &sum.rules {
        let _ = writeln!(
            page,
            "| {name} | {} | {} | {} | {} |",
            counts.clusters,
            Rate { part: counts.mixed, whole: counts.several },
            Rate { part: counts.pairs_right, whole: counts.pairs_joined },
            Rate { part: counts.pairs_right, whole: counts.pairs_owned },
        );
    }
    *page += text::MERGES;
    for (name, merges) in &sum.merges {
        let rate = Rate { part: merges.wrong, whole: merges.all };
        let _ = writeln!(page, "| {name} | {} | {} | {rate} |", merges.all, merges.wrong);
    }
}

fn tags(page: &mut String, real: &[Dataset]) {
    *page += text::TAGS;
    let Some(set) = measure::tag_set() else {
        *page += "SKIPPED: the public tag packs are absent.\n";
        return;
    };
    for dataset in real {
        let Tagged { addresses, clusters, named, several, conflicting } =
            measure::tagged(&dataset.view, &set);
        let _ = writeln!(
            page,
            "| {} | {addresses} | {clusters} | {named} | {several} | {} |",
            dataset.name,
            Rate { part: conflicting, whole: several },
        );
    }
}

fn shapes(page: &mut String, real: &[Dataset], made: &[(ChainView, Vec<trace::synthetic::Truth>)]) {
    *page += text::SHAPES;
    let mut sum = Shapes::default();
    for (view, truths) in made {
        sum.add(view, truths);
    }
    for (name, counts) in &sum.shapes {
        let _ = writeln!(
            page,
            "| {name} | {} | {} |",
            Rate { part: counts.found, whole: sum.joined },
            Rate { part: counts.invented, whole: sum.others },
        );
    }
    *page += text::IMPOSSIBLE;
    for dataset in real.iter().filter(|dataset| !dataset.impossible.is_empty()) {
        let (payments, found) = measure::shape_counts(&dataset.view);
        for name in dataset.impossible {
            let part = found.get(name).copied().unwrap_or(0);
            let rate = Rate { part, whole: payments };
            let _ = writeln!(page, "| {} | {name} | {part} | {rate} |", dataset.name);
        }
    }
}

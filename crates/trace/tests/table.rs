//! Tables of CSV: golden ones, and sums that are the exhibit's.

#[path = "account/mod.rs"]
mod accounts;
mod common;

use accounts::{Row, account, ledgers, pay};
use chain::account::{Account, Kind};
use chain::{ChainView, NamedBytes, Network, TxNumber};
use common::chains;
use expect_test::expect_file;
use proptest::prelude::*;
use trace::account::{AccountParameters, AccountPolicy, AccountSource};
use trace::table::{account_csv, flow_csv};
use trace::{FeeRule, Parameters, Policy, Source, Tag, run};

const PEEL: &str = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";

/// A name that a spreadsheet would run.
fn tag(label: &str) -> Tag {
    let (label, source) = (label.to_owned(), "made up for this test".to_owned());
    Tag { label, source, fiction: true }
}

#[test]
fn the_table_of_a_real_peel_chain_is_golden() {
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    let file = NamedBytes { name: "702861.raw", bytes };
    let view = ChainView::load(&[file], &[], Network::Mainnet).unwrap();
    let source = Source { txid: PEEL.parse().unwrap(), vout: None };
    let mut parameters = Parameters::new(source, Policy::Haircut);
    let address = "bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s";
    parameters.tags.insert(address.to_owned(), tag("=cmd|'/C calc'!A0, \"Exchange\""));
    golden("peel-702861.csv", &flow_csv(&run(&view, &parameters).unwrap()));
}

/// Compares byte for byte: lines of CSV end with CR LF, which `expect_file` takes for LF.
/// UPDATE_EXPECT=1 writes the file anew.
fn golden(name: &str, actual: &str) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == actual, "{name} differs from:\n{actual}");
}

#[test]
fn the_table_of_a_theft_from_an_account_is_golden() {
    let (nobody, wrapper) = (Account::ZERO, accounts::WRAPPER);
    let ledgers = ledgers(&[
        vec![pay(1, 2, 0, 1_000_000_000_000_000_000_000)],
        vec![Row(Kind::FeeBurned, account(2), nobody, 0, 21), pay(2, 6, 0, 300)],
        vec![pay(2, wrapper, 0, 100), Row(Kind::Wrap, nobody, account(2), wrapper, 100)],
        vec![pay(2, 50, wrapper, 100), Row(Kind::Internal, account(50), account(2), 0, 3)],
        vec![pay(6, 7, 0, 299)],
    ]);
    let source = AccountSource::Transaction(accounts::hash(1, 0));
    let mut parameters = AccountParameters::new(source, accounts::asset(0), AccountPolicy::Haircut);
    parameters.tags.insert(account(7).eip55(), tag("@An exchange"));
    let traced = trace::account::run(&ledgers, &parameters).unwrap();
    golden("account-theft.csv", &account_csv(&traced));
    expect_file!["golden/account-theft.svg"].assert_eq(&trace::account_svg(&traced));
}

/// The taint of all rows but those whose fate says that it went on.
fn ends(table: &str, taint: &str, on: &[&str]) -> u128 {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let place = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let (taint, fate) = (place(taint), place("fate"));
    let rows = reader.records().map(Result::unwrap);
    rows.filter(|row| !on.contains(&&row[fate]))
        .map(|row| row[taint].parse::<u128>().unwrap())
        .sum()
}

fn random_rows() -> impl Strategy<Value = Vec<Vec<Row>>> {
    let row =
        (1u8..7, 1u8..7, 0u8..2, 0u128..500, 0u8..8).prop_map(|(from, to, asset, amount, sort)| {
            let asset = asset * 60;
            match sort {
                0 => Row(Kind::FeeBurned, account(from), Account::ZERO, 0, amount / 10),
                1 => Row(Kind::Internal, account(from), account(to), 0, amount),
                2 => Row(Kind::Burn, account(from), Account::ZERO, 60, amount),
                _ => pay(from, to, asset, amount),
            }
        });
    prop::collection::vec(prop::collection::vec(row, 1..4), 0..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_rows_of_outputs_add_up(
        view in chains(),
        pick in any::<prop::sample::Index>(),
        hops_max in 0u32..30,
        coinbase in any::<bool>(),
    ) {
        let chosen = TxNumber(pick.index(view.transaction_count() as usize) as u32);
        let source = Source { txid: view.txid(chosen), vout: None };
        for policy in Policy::ALL {
            let mut parameters = Parameters::new(source, policy);
            parameters.fees = if coinbase { FeeRule::Coinbase } else { FeeRule::Stop };
            parameters.limits.hops_max = hops_max;
            let traced = run(&view, &parameters).unwrap();
            let totals = traced.flow.totals;
            let sum = ends(&flow_csv(&traced), "taint", &["followed", "to the coinbase"]);
            prop_assert_eq!(sum, u128::from(totals.source.0) + u128::from(totals.added.0));
        }
    }

    #[test]
    fn the_rows_of_accounts_add_up_and_their_picture_stays_small(rows in random_rows()) {
        let mut blocks = vec![vec![pay(1, 2, 0, 1_000)]];
        blocks.extend(rows);
        let ledgers = ledgers(&blocks);
        let source = AccountSource::Transaction(accounts::hash(1, 0));
        for policy in AccountPolicy::ALL {
            let mut parameters = AccountParameters::new(source, accounts::asset(0), policy);
            parameters.tags.insert(account(6).eip55(), tag("An exchange"));
            let traced = trace::account::run(&ledgers, &parameters).unwrap();
            let totals = traced.flow.totals;
            let on = ["followed", "wrapped or unwrapped"];
            let sum = ends(&account_csv(&traced), "taint", &on);
            prop_assert_eq!(sum, totals.source + totals.added_by_poison);
            let picture = trace::account_svg(&traced);
            let elements = picture.matches('<').count() - picture.matches("</").count();
            prop_assert!(elements <= trace::layout::ELEMENTS_MAX, "{} elements", elements);
            let board = trace::layout::account_board(&traced, &Default::default());
            let keys: std::collections::BTreeSet<_> =
                board.pieces.iter().map(|piece| piece.key.clone()).collect();
            prop_assert_eq!(keys.len(), board.pieces.len(), "every piece has a key of its own");
            for link in &board.links {
                let (from, to) = (&board.pieces[link.from].card, &board.pieces[link.to].card);
                prop_assert!(from.x < to.x, "every line leads to the right");
            }
        }
    }
}

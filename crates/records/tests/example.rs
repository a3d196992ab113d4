//! The example exchange: its files come from the seed, its catalog works, the demo's story holds.

#[path = "../examples/make_exchange/generate.rs"]
mod generate;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use expect_test::expect;
use jiff::Timestamp;
use records::effect::{Effect, EffectId, Outcome};
use records::{
    Catalog, Category, EffectKind, Records, RowRef, Scope, SearchLimits, Selector, SelectorKind,
    StaffWithheld, TimeRange,
};
use sha2::{Digest as _, Sha256};

static LANDING: LazyLock<generate::Landing> =
    LazyLock::new(|| generate::landing(bitcoin_test_data::blocks::mainnet_702861()));

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/exchange")
}

/// The example in a folder of its own, so that its database is not made in the sources.
async fn open() -> (tempfile::TempDir, Records) {
    let base = tempfile::tempdir().unwrap();
    std::fs::create_dir(base.path().join("records")).unwrap();
    for entry in std::fs::read_dir(folder().join("records")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), base.path().join("records").join(entry.file_name())).unwrap();
    }
    let text = std::fs::read_to_string(folder().join("catalog.toml")).unwrap();
    let catalog = Catalog::parse(&text, "catalog.toml").unwrap();
    let records = Records::open(catalog, base.path()).await.unwrap();
    (base, records)
}

fn scope(categories: &[Category], selectors: &[(SelectorKind, &str)]) -> Scope {
    Scope {
        categories: categories.to_vec(),
        selectors: selectors.iter().map(|(k, v)| Selector::read(*k, v).unwrap()).collect(),
        range: TimeRange {
            from: Some("2021-09-01T00:00:00Z".parse().unwrap()),
            until: Some("2021-11-01T00:00:00Z".parse().unwrap()),
        },
    }
}

#[test]
fn the_committed_files_come_from_the_seed() {
    for (name, text) in generate::files(&LANDING) {
        let committed = std::fs::read(folder().join("records").join(name)).unwrap();
        assert_eq!(
            hex::encode(Sha256::digest(&committed)),
            hex::encode(Sha256::digest(text.as_bytes())),
            "{name} differs; run cargo run -p records --example make_exchange"
        );
    }
}

#[test]
fn the_one_real_deposit_is_the_blocks_own() {
    expect![[r#"
        Landing {
            hop_count: 16,
            txid: "96ab45d75957f1084784dd27a4cda5f12f85e076be1b63afd131d5a2fd87d298",
            vout: 1,
            address: "bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s",
            satoshi: 278621928,
            block_second: 1633002641,
        }
    "#]]
    .assert_debug_eq(&*LANDING);
    let deposits = std::fs::read_to_string(folder().join("records/deposits.csv")).unwrap();
    let real: Vec<&str> = deposits.lines().filter(|line| line.contains("702861")).collect();
    let expected = format!(
        ",LX-004711,{},{},{},{},",
        LANDING.address, LANDING.txid, LANDING.vout, LANDING.satoshi
    );
    assert_eq!(real.len(), 1);
    assert!(real[0].contains(&expected) && real[0].ends_with(generate::FICTION_NOTE), "{real:?}");
}

#[test]
fn the_example_is_small_enough_to_embed() {
    let sizes = std::fs::read_dir(folder().join("records")).unwrap();
    let total: u64 = sizes.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(total < 4_200_000, "{total} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_in_the_block_leads_to_records() {
    let (_base, records) = open().await;
    records.check().await.unwrap();
    let reached: Vec<Selector> = [LANDING.address.as_str(), "3DeGPs4LgGVCb4Wh5yUrp9VhpKY6ZeDEJj"]
        .iter()
        .map(|address| Selector::read(SelectorKind::Address, address).unwrap())
        .collect();
    let owners = records.owners(&reached).await.unwrap();
    assert_eq!(owners.len(), 1);
    assert_eq!(owners[0].account.value(), "LX-004711");

    let scope = scope(
        &[Category::Subscriber, Category::Traffic, Category::Transaction],
        &[(SelectorKind::AccountId, owners[0].account.value())],
    );
    let mut snapshot = records.snapshot();
    let mut told = String::new();
    for search in ["customer", "account", "deposits", "withdrawals", "logins"] {
        let (mut csv, mut json) = (Vec::new(), Vec::new());
        let limits = SearchLimits::default();
        let facts = snapshot.search(search, &scope, &[], &limits, &mut csv, &mut json).await;
        let facts = facts.unwrap();
        assert_eq!(facts.withheld_counts.len(), 0);
        assert_eq!(facts.csv.bytes, csv.len() as u64);
        told.push_str(&format!("{search}: {} rows\n", facts.row_count));
        told.push_str(&String::from_utf8(csv).unwrap().replace("\r\n", "\n"));
    }
    snapshot.end().await;
    expect![[r#"
        customer: 1 rows
        customer_id,account_id,name,email,phone,country,id_document,registered_at,fiction
        C004711,LX-004711,Rosmund Driftwood,rosmund.driftwood4711@example.org,+12595550102,CZ,FICT-9527745,2019-01-07T11:30:48Z,yes
        account: 1 rows
        account_id,asset,balance,opened_at
        LX-004711,BTC,2.54121928,2019-01-07T11:30:48Z
        deposits: 1 rows
        deposit_id,account_id,address,txid,vout,amount,mined_at,credited_at,fiction
        D003382,LX-004711,bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s,96ab45d75957f1084784dd27a4cda5f12f85e076be1b63afd131d5a2fd87d298,1,2.78621928,2021-09-30T11:50:41Z,2021-09-30T12:21:41Z,yes: real address of block 702861; made-up owner
        withdrawals: 3 rows
        withdrawal_id,account_id,address,txid,amount,requested_at,state,fiction
        W000001,LX-004711,bc1qtcd4jp3p8vsac44scvxdka2ptmg4sklms4m3ma,6b73292b5b628db8942aaaf559f818339d4c03223b8f4ed5b7499a727c5bc426,0.12000000,2021-09-30T14:50:41Z,sent,yes
        W000002,LX-004711,bc1qe523q9amv9jg8acugwc6fux5q5maz7vzjt5xhl,114c7f639b6d2f48138efab5caed8a83950466508b85cf31d0f849ffa97fcca3,0.12500000,2021-09-30T20:50:41Z,sent,yes
        W000003,LX-004711,bc1qdlmtkqq4he5m37t8gswxmgxavrrssqnl8nxjcg,"",2.00000000,2021-10-01T13:50:41Z,refused: limit,yes
        logins: 5 rows
        login_id,account_id,at,ip,port,client,result,device
        L008428,LX-004711,2021-09-30T09:50:41Z,203.0.113.77,63063,web,ok,web-72a16b0c6722
        L008437,LX-004711,2021-09-30T17:08:41Z,203.0.113.77,32653,web,ok,web-72a16b0c6722
        L008445,LX-004711,2021-10-01T00:26:41Z,203.0.113.77,21127,web,ok,web-72a16b0c6722
        L008453,LX-004711,2021-10-01T07:44:41Z,203.0.113.77,61570,web,ok,web-72a16b0c6722
        L008457,LX-004711,2021-10-01T15:02:41Z,203.0.113.77,20281,web,ok,web-72a16b0c6722
    "#]].assert_eq(&told);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_selectors_repeat_no_row_and_staff_can_keep_one_back() {
    let (_base, records) = open().await;
    let scope = scope(
        &[Category::Traffic],
        &[(SelectorKind::AccountId, "LX-004711"), (SelectorKind::Ip, generate::SHARED_IP)],
    );
    let limits = SearchLimits::default();
    let mut snapshot = records.snapshot();
    let facts = snapshot
        .search("logins", &scope, &[], &limits, std::io::sink(), std::io::sink())
        .await
        .unwrap();
    // By account: its own log-ins. By address: those again, and those of the linked accounts.
    let shared = facts.repeated_count;
    assert_eq!(shared, 5);
    assert_eq!(facts.bound.len(), 2);
    assert_eq!(facts.bound[1].row_count, 9);
    let keep_back = StaffWithheld { row: RowRef::Number(1), reason: "lawyer".to_owned() };
    let fewer = snapshot
        .search("logins", &scope, &[keep_back], &limits, std::io::sink(), std::io::sink())
        .await
        .unwrap();
    assert_eq!(fewer.row_count, facts.row_count - 1);
    assert_eq!(fewer.snapshot_at, facts.snapshot_at);
    expect![[r#"
        {
            Staff(
                "lawyer",
            ): 1,
        }
    "#]]
    .assert_debug_eq(&fewer.withheld_counts);
    // The same row by identity, in another look.
    let by_id =
        StaffWithheld { row: RowRef::Id(fewer.withheld[0].row_id), reason: "lawyer".into() };
    let mut other = records.snapshot();
    let again = other
        .search("logins", &scope, &[by_id], &limits, std::io::sink(), std::io::sink())
        .await
        .unwrap();
    assert_eq!(again.csv, fewer.csv);
    // An entry that names no row is an error, not a silent release.
    let missing = StaffWithheld { row: RowRef::Number(1_000), reason: "lawyer".into() };
    let error = other
        .search("logins", &scope, &[missing], &limits, std::io::sink(), std::io::sink())
        .await
        .unwrap_err();
    expect!["search `logins`: the withheld entry 1 names a row that the result does not have; look at the result again"]
        .assert_eq(&error.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn freeze_and_unfreeze_take_effect_in_the_example() {
    let (_base, records) = open().await;
    let until: Timestamp = "2022-01-02T00:00:00Z".parse().unwrap();
    let freeze = Effect {
        id: EffectId(uuid::Uuid::from_u128(1)),
        kind: EffectKind::Freeze,
        account: "LX-004711".to_owned(),
        asset: Some("BTC".to_owned()),
        amount: Some(278_621_928),
        until: Some(until),
        releases: None,
        notice: None,
    };
    let first = records.request_effect(&freeze).await.unwrap();
    // 2.78621928 came in, 0.245 went out before the order.
    expect![[r#"
        Confirmed {
            detail: "held until 2022-01-02T00:00:00.000000Z",
            amount: Some(
                254121928,
            ),
        }
    "#]]
    .assert_debug_eq(&first);
    assert_eq!(records.request_effect(&freeze).await.unwrap(), first);
    assert_eq!(records.poll_effect(&freeze).await.unwrap(), first);
    // Everything is held, so a second freeze finds nothing: no row, so nothing is confirmed.
    let other = Effect { id: EffectId(uuid::Uuid::from_u128(2)), ..freeze.clone() };
    assert!(matches!(records.request_effect(&other).await.unwrap(), Outcome::Pending { .. }));
    let unfreeze = Effect {
        id: EffectId(uuid::Uuid::from_u128(3)),
        kind: EffectKind::Unfreeze,
        releases: Some(freeze.id),
        notice: None,
        amount: None,
        until: None,
        ..freeze.clone()
    };
    let released = records.request_effect(&unfreeze).await.unwrap();
    assert!(
        matches!(released, Outcome::Confirmed { amount: Some(254_121_928), .. }),
        "{released:?}"
    );
    assert_eq!(records.request_effect(&unfreeze).await.unwrap(), released);
}

/// Who was behind an address is answered by address, port and moment, and by nothing less.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_port_and_moment_finds_one_log_in() {
    let (_base, records) = open().await;
    let place = format!("{} 63063 2021-09-30T11:50:41+02:00", generate::SHARED_IP);
    let later = format!("{} 63063 2021-09-30T12:50:41+02:00", generate::SHARED_IP);
    let minutes =
        format!("{} 32653 2021-09-30T17:00:00Z/2021-09-30T17:15:00Z", generate::SHARED_IP);
    let mut told = String::new();
    for (kind, value) in [
        (SelectorKind::IpPort, place.as_str()),
        (SelectorKind::IpPort, later.as_str()),
        (SelectorKind::IpPort, minutes.as_str()),
        (SelectorKind::DeviceId, DEVICE),
        (SelectorKind::Domain, "Bücher.example"),
    ] {
        let scope = scope(
            &[Category::Identification, Category::Traffic, Category::Subscriber],
            &[(kind, value)],
        );
        for search in ["login_addresses", "logins", "merchants"] {
            let (mut csv, limits) = (Vec::new(), SearchLimits::default());
            let mut snapshot = records.snapshot();
            let found =
                snapshot.search(search, &scope, &[], &limits, &mut csv, std::io::sink()).await;
            let Ok(facts) = found else { continue };
            assert_eq!(facts.row_count, facts.bound[0].row_count, "nothing was withheld");
            told.push_str(&format!("{kind}, {search}: {} rows\n", facts.row_count));
            told.push_str(String::from_utf8(csv).unwrap().lines().nth(1).unwrap_or_default());
            told.push('\n');
        }
    }
    expect![[r#"
        ip_port, login_addresses: 1 rows
        LX-004711,2021-09-30T09:50:41Z,203.0.113.77,63063
        ip_port, logins: 1 rows
        L008428,LX-004711,2021-09-30T09:50:41Z,203.0.113.77,63063,web,ok,web-72a16b0c6722
        ip_port, login_addresses: 0 rows

        ip_port, logins: 0 rows

        ip_port, login_addresses: 1 rows
        LX-004711,2021-09-30T17:08:41Z,203.0.113.77,32653
        ip_port, logins: 1 rows
        L008437,LX-004711,2021-09-30T17:08:41Z,203.0.113.77,32653,web,ok,web-72a16b0c6722
        device_id, logins: 9 rows
        L008428,LX-004711,2021-09-30T09:50:41Z,203.0.113.77,63063,web,ok,web-72a16b0c6722
        domain, merchants: 1 rows
        xn--bcher-kva.example,LX-000751,2021-04-15T23:33:16Z,yes
    "#]]
    .assert_eq(&told);
}

/// The browser of the shared address, as the company's log-ins know it.
const DEVICE: &str = "web-72a16b0c6722";

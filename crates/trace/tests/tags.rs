//! The public packs, lists and labels of `shared/data/tags`: everything loads, names are counted as
//! an independent reader counts them, and days, clusters and traces see what they should.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use expect_test::expect;
use trace::attribution::{
    self, Blockchain, Day, File, Force, Gather, Provenance, Standing, TagSet,
};

fn data() -> Option<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/tags"));
    if folder.join("tagpacks/packs").is_dir() {
        return Some(folder.to_owned());
    }
    println!("SKIPPED: the public tag packs are not at {}", folder.display());
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn named(data: &Path, path: &Path) -> String {
    path.strip_prefix(data).unwrap().to_string_lossy().into_owned()
}

fn day(text: &str) -> Day {
    attribution::day(text).unwrap()
}

/// Reads files into a set, in the order given.
fn set(data: &Path, paths: &[PathBuf], published: &dyn Fn(&str) -> Option<Day>) -> TagSet {
    let mut gather = Gather::default();
    for path in paths {
        let name = named(data, path);
        let provenance = Provenance { published: published(&name), ..Provenance::default() };
        match attribution::read(&name, &std::fs::read(path).unwrap(), provenance).unwrap() {
            File::Tags(pack) => gather.pack(pack).unwrap(),
            File::Actors(pack) => gather.actors(pack).unwrap(),
            File::Set(_) => unreachable!("there is none among them"),
        }
    }
    gather.finish().unwrap()
}

fn undated(_: &str) -> Option<Day> {
    None
}

/// Tags by actor as a reader counts them that knows lines only: the header's `actor`, and within
/// `tags` a new tag at every `- key: value`, with its own `actor` where it has one.
fn count_by_line(text: &str) -> (u64, BTreeMap<String, u64>) {
    let (mut header, mut tags, mut inside) = (None, Vec::<Option<String>>::new(), false);
    let value =
        |line: &str| line.split_once(':').unwrap().1.trim().trim_matches(['\'', '"']).to_owned();
    for line in text.lines() {
        let trimmed = line.trim();
        if !line.starts_with([' ', '-']) && line.contains(':') {
            inside = line.starts_with("tags:");
            if line.starts_with("actor:") {
                header = Some(value(line));
            }
        } else if inside {
            let begins = trimmed.strip_prefix("- ").filter(|rest| {
                rest.split_once(':')
                    .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
            });
            if begins.is_some() {
                tags.push(None);
            }
            if let Some(field) = begins.unwrap_or(trimmed).strip_prefix("actor:") {
                *tags.last_mut().unwrap() = Some(value(&format!("actor:{field}")));
            }
        }
    }
    let mut counts = BTreeMap::new();
    for actor in tags.iter().filter_map(|own| own.clone().or(header.clone())) {
        *counts.entry(actor).or_default() += 1;
    }
    (tags.len() as u64, counts)
}

#[test]
fn every_pack_loads_and_actors_are_counted_as_an_independent_reader_does() {
    let Some(data) = data() else { return };
    let paths = files(&data.join("tagpacks/packs"));
    let (mut tags, mut by_line) = (0, BTreeMap::<String, u64>::new());
    let (mut total, mut by_reader) = (0, BTreeMap::<String, u64>::new());
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let (count, actors) = count_by_line(std::str::from_utf8(&bytes).unwrap());
        let name = named(&data, path);
        let File::Tags(pack) = attribution::read(&name, &bytes, Provenance::default()).unwrap()
        else {
            panic!("{name} is a pack of tags");
        };
        assert_eq!(pack.facts.tags, count, "{name}");
        total += pack.facts.tags;
        tags += count;
        actors.into_iter().for_each(|(actor, n)| *by_line.entry(actor).or_default() += n);
        let repeated = pack.facts.tags - pack.tags_kept() as u64;
        let set = {
            let mut gather = Gather::default();
            gather.pack(pack).unwrap();
            gather.finish().unwrap()
        };
        let names = set.newest().names();
        let named = names.iter().filter(|named| named.is_actor);
        named.for_each(|named| *by_reader.entry(named.name.to_string()).or_default() += named.tags);
        let kept: u64 = names.iter().map(|named| named.tags).sum();
        assert_eq!(kept + repeated, count, "{name}");
    }
    assert_eq!((tags, total), (524_170, 524_170));
    // the index counts a statement once that a pack makes twice; everything else is equal
    let differences: Vec<String> = by_line
        .iter()
        .filter(|(actor, count)| by_reader.get(*actor) != Some(count))
        .map(|(actor, count)| format!("{actor}: {count} lines, {:?} kept", by_reader.get(actor)))
        .collect();
    assert_eq!(by_line.len(), by_reader.len());
    expect![[r#"
        kucoin: 80 lines, Some(75) kept
        tornado: 39 lines, Some(38) kept"#]]
    .assert_eq(&differences.join("\n"));
    let mut most: Vec<_> = by_line.into_iter().collect();
    most.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let most: Vec<String> =
        most.into_iter().take(8).map(|(actor, count)| format!("{actor} {count}")).collect();
    expect![[r#"
        bitmex 336210
        deepbitnet 31106
        braiins 4873
        ethhorse 1463
        bitfinex 377
        coinlab 326
        synthetix 311
        maker 190"#]]
    .assert_eq(&most.join("\n"));
}

#[test]
fn sanctions_lists_load_line_by_line() {
    let Some(data) = data() else { return };
    let paths = files(&data.join("ofac"));
    let (mut lines, mut lists) = (0, Vec::new());
    for path in &paths {
        let name = named(&data, path);
        let bytes = std::fs::read(path).unwrap();
        let File::Tags(pack) = attribution::read(&name, &bytes, Provenance::default()).unwrap()
        else {
            panic!("{name} is a list");
        };
        lines += pack.facts.tags;
        let odd: Vec<String> = pack
            .findings
            .iter()
            .map(|finding| format!("\n  line {}: {}", finding.line, finding.what))
            .collect();
        lists.push(format!("{name} {}{}", pack.facts.tags, odd.concat()));
    }
    assert_eq!((paths.len(), lines), (17, 654));
    expect![[r#"
        ofac/sanctioned_addresses_ARB.txt 1
        ofac/sanctioned_addresses_BCH.txt 7
        ofac/sanctioned_addresses_BSC.txt 1
        ofac/sanctioned_addresses_BSV.txt 1
        ofac/sanctioned_addresses_BTG.txt 1
        ofac/sanctioned_addresses_DASH.txt 3
        ofac/sanctioned_addresses_ETC.txt 1
        ofac/sanctioned_addresses_ETH.txt 152
        ofac/sanctioned_addresses_LTC.txt 10
        ofac/sanctioned_addresses_TRX.txt 6
        ofac/sanctioned_addresses_USDC.txt 2
        ofac/sanctioned_addresses_USDT.txt 26
        ofac/sanctioned_addresses_XBT.txt 435
        ofac/sanctioned_addresses_XMR.txt 3
        ofac/sanctioned_addresses_XRP.txt 1
        ofac/sanctioned_addresses_XVG.txt 1
        ofac/sanctioned_addresses_ZEC.txt 3"#]]
    .assert_eq(&lists.join("\n"));
    let set = set(&data, &paths, &undated);
    let chains: Vec<String> = set
        .chains()
        .iter()
        .map(|chain| format!("{chain} {}", set.addresses_on(chain).len()))
        .collect();
    expect!["ARB 1, BCH 7, BSC 1, BSV 1, BTC 438, BTG 1, DASH 3, ETC 1, ETH 156, LTC 10, TRX 17, XMR 3, XRP 1, XVG 1, ZEC 3"].assert_eq(&chains.join(", "));
}

#[test]
fn everything_together_whatever_the_order() {
    let Some(data) = data() else { return };
    let mut paths = files(&data.join("tagpacks"));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.extend(files(&data.join("ofac")));
    paths.push(data.join("etherscan-combinedAllLabels.json"));
    let begun = std::time::Instant::now();
    let published = |name: &str| name.starts_with("ofac").then(|| day("2024-09-14"));
    let loaded = set(&data, &paths, &published);
    let took = begun.elapsed();
    println!(
        "{} tags of {} addresses in {:.2} s, index {} MiB",
        loaded.tag_count(),
        loaded.address_count(),
        took.as_secs_f64(),
        loaded.index_bytes() >> 20
    );
    paths.reverse();
    assert!(loaded == set(&data, &paths, &published), "the order of files changed the set");

    let newest = loaded.newest();
    let names = newest.names();
    let actors = names.iter().filter(|named| named.is_actor).count();
    let contested = newest.contested();
    expect!["104 packs, 554763 tags, 524896 addresses, 79 chains, 486 actors, 35708 labels without an actor, 4 contested addresses"].assert_eq(&format!(
        "{} packs, {} tags, {} addresses, {} chains, {actors} actors, {} labels without an actor, \
         {} contested addresses",
        loaded.packs().len(),
        loaded.tag_count(),
        loaded.address_count(),
        loaded.chains().len(),
        names.len() - actors,
        contested.len(),
    ));
    let shown: Vec<String> = contested
        .iter()
        .take(5)
        .map(|(address, standing)| {
            let (chain, text) = loaded.address(*address);
            let Standing::Contested(actors) = standing else { panic!("nobody decided") };
            format!("{chain} {text}: {}", actors.join(", "))
        })
        .collect();
    expect![[r#"
        BTC 147SwRQdpCfj5p8PnfsXV2SsVVpVcz3aPq: btctop, canoe
        BTC 19t7RxwXdfiwQMyQ3JVB16e9HgV7omijSs: megabigpower, picostocks
        BTC 1FLH1SoLv4U68yUERhDiWzrJn5TggMqkaZ: btccom, waterhole
        ETH 0xbbbbca6a901c926f240b89eacb641d8aec7aeafd: loopring, maker"#]]
    .assert_eq(&shown.join("\n"));

    let days = ["2019-08-01", "2021-12-31", "2022-12-31", "2024-09-14"];
    let views: Vec<String> = days
        .iter()
        .map(|text| {
            let view = loaded.as_of(day(text));
            format!("{text}: {} in force, {} undated", view.tag_count(), view.undated())
        })
        .collect();
    expect![[r#"
        2019-08-01: 3139 in force, 31577 undated
        2021-12-31: 165181 in force, 31577 undated
        2022-12-31: 520234 in force, 31577 undated
        2024-09-14: 523186 in force, 31577 undated"#]]
    .assert_eq(&views.join("\n"));
    assert_eq!(
        loaded.diff(day(days[0]), day(days[1])).then(&loaded.diff(day(days[1]), day(days[3]))),
        loaded.diff(day(days[0]), day(days[3]))
    );
}

#[test]
fn a_view_of_a_day_knows_nothing_later() {
    let Some(data) = data() else { return };
    let paths = [
        data.join("tagpacks/packs/tornado_cash.yaml"),
        data.join("tagpacks/packs/blender_io.yaml"),
        data.join("ofac/sanctioned_addresses_ETH.txt"),
    ];
    let published = |name: &str| name.starts_with("ofac").then(|| day("2024-09-14"));
    let set = set(&data, &paths, &published);
    let show = |text: &str| {
        let address = set.find(&Blockchain::ETHEREUM, "0x8589427373d6d84e98730d7795d8f6f8731fda16");
        let view = set.as_of(day(text));
        let said = view.all(address.unwrap());
        let lines = said.iter().map(|said| {
            format!(
                "{}: {} ({}), {}, {}\n",
                said.pack.name,
                said.statement.label,
                said.statement.confidence,
                said.force.name(),
                said.legal_status.name(),
            )
        });
        lines.collect::<String>()
    };
    expect![[r#"
        ofac/sanctioned_addresses_ETH.txt: Address on the sanctions list of OFAC (authority_data), not yet, sanctioned_since_unknown_day
        tagpacks/packs/tornado_cash.yaml: tornado.cash (authority_data), not yet, none_named
    "#]].assert_eq(&show("2022-08-09"));
    expect![[r#"
        ofac/sanctioned_addresses_ETH.txt: Address on the sanctions list of OFAC (authority_data), not yet, sanctioned_since_unknown_day
        tagpacks/packs/tornado_cash.yaml: tornado.cash (authority_data), in force, none_named
    "#]].assert_eq(&show("2022-08-10"));
    expect![[r#"
        ofac/sanctioned_addresses_ETH.txt: Address on the sanctions list of OFAC (authority_data), in force, sanctioned_since_unknown_day
        tagpacks/packs/tornado_cash.yaml: tornado.cash (authority_data), in force, none_named
    "#]].assert_eq(&show("2024-09-14"));
    let either = [
        "0x8589427373D6D84E98730D7795D8f6f8731FDA16",
        "0x8589427373d6d84e98730d7795d8f6f8731fda16",
    ];
    for spelled in either {
        let said = set.as_of(day("2024-09-14")).at_address(&Blockchain::ETHEREUM, spelled);
        assert_eq!(said.len(), 2);
        assert!(said.iter().all(|said| said.force == Force::InForce));
    }
}

#[test]
fn findings_of_the_public_packs() {
    let Some(data) = data() else { return };
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    let mut examples = BTreeSet::new();
    for path in files(&data.join("tagpacks/packs")) {
        let name = named(&data, &path);
        let bytes = std::fs::read(&path).unwrap();
        let File::Tags(pack) = attribution::read(&name, &bytes, Provenance::default()).unwrap()
        else {
            panic!("{name} is a pack of tags");
        };
        for finding in &pack.findings {
            let kind = match &finding.what {
                attribution::Oddity::Address { .. } => "address",
                attribution::Oddity::Field(_) => "field",
                attribution::Oddity::NoAddress => "no address",
                attribution::Oddity::Repeated { .. } => "repeated",
            };
            let count = kinds.entry(kind).or_default();
            *count += 1;
            if *count <= 4 {
                examples.insert(format!("{name} line {}: {}", finding.line, finding.what));
            }
        }
        *kinds.entry("left out").or_default() += pack.findings_left_out;
    }
    expect![[r#"{"address": 18, "left out": 0, "repeated": 6}"#]].assert_eq(&format!("{kinds:?}"));
    expect![[r#"
        tagpacks/packs/etherscamdb_tagpack.yaml line 15521: `1Mn386ue8o3mW9866octLNP8HFqcYsphJCV` on BTC: its checksum does not match
        tagpacks/packs/etherscan-label-word-cloud.yaml line 15954: `0xa0df9ca52e8ab5dde22c55d9b3c2cdf814b9b773` on ETH: its checksum does not match
        tagpacks/packs/etherscan-label-word-cloud.yaml line 16198: `0xf299f6b031cc4dd1bfcb86a5e5590f99336a29c6` on ETH: its checksum does not match
        tagpacks/packs/exchange-wallets-bitfinexcom.yaml line 76: `bitcoincash:qpnrayau0ax6qcwlxhdzp8kze5gfjwlznygdmdpwjv` on BSV: it has not the form of an address of this blockchain
        tagpacks/packs/exchange-wallets-kucoin.yaml line 119: the same was said of `0xd6216fc19db775df9774a6e33526131da7d19a2c` above
        tagpacks/packs/exchange-wallets-kucoin.yaml line 125: the same was said of `0xd6216fc19db775df9774a6e33526131da7d19a2c` above
        tagpacks/packs/exchange-wallets-kucoin.yaml line 31: the same was said of `0xd6216fc19db775df9774a6e33526131da7d19a2c` above
        tagpacks/packs/exchange-wallets-kucoin.yaml line 75: the same was said of `0xd6216fc19db775df9774a6e33526131da7d19a2c` above"#]].assert_eq(&examples.into_iter().collect::<Vec<_>>().join("\n"));
}

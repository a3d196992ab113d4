//! Files of tags that cannot be read, each with the words said about it, and files that can.

use expect_test::{Expect, expect};
use trace::attribution::{self, File, Gather, Pack, Provenance};

/// What is said of a file: the error, or its tags line by line.
fn said(name: &str, bytes: &[u8]) -> String {
    match attribution::read(name, bytes, Provenance::default()) {
        Err(error) => error.to_string(),
        Ok(File::Tags(pack)) => shown(pack),
        Ok(File::Actors(pack)) => format!("{} actors", pack.actors.len()),
        Ok(File::Set(set)) => {
            format!("{} files, {} decisions", set.files.len(), set.decisions.len())
        }
    }
}

fn shown(pack: Pack) -> String {
    let findings: String =
        pack.findings.iter().map(|f| format!("odd, line {}: {}\n", f.line, f.what)).collect();
    let mut gather = Gather::default();
    gather.pack(pack).unwrap();
    let set = gather.finish().unwrap();
    let view = set.newest();
    let lines = set.addresses().flat_map(|address| {
        let (chain, text) = set.address(address);
        let said = view.all(address).into_iter().map(move |said| {
            let statement = said.statement;
            format!(
                "{chain} {text}: {}, {:?}, [{}], {}, {}, cluster {:?}\n",
                statement.label,
                statement.actor.as_deref().unwrap_or("-"),
                statement.concepts.join(" "),
                statement.confidence,
                statement.source,
                statement.whole_cluster,
            )
        });
        said.collect::<Vec<_>>()
    });
    lines.chain([findings]).collect()
}

fn check(name: &str, text: &str, expected: Expect) {
    expected.assert_eq(&said(name, text.as_bytes()));
}

/// A pack with this header and these tags, beside what every pack needs.
fn pack(header: &str, tags: &str, expected: Expect) {
    let text = format!("title: T\ncreator: C\n{header}\ntags:\n{tags}\n");
    check("p.yaml", &text, expected);
}

const A: &str = "1Archive1n2C579dMsAu3iC6tWzuQJz8dN";
const HEADER: &str = "label: L\nsource: S\ncurrency: BTC";

#[test]
fn headers_hold_for_tags_that_do_not_say_otherwise() {
    pack(
        "label: L\nsource: S\ncurrency: BTC\ncategory: exchange\nconcepts: [hosting]\n\
         is_cluster_definer: true\nconfidence: forensic",
        "- address: 1Archive1n2C579dMsAu3iC6tWzuQJz8dN\n\
         - address: 1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu\n  actor: own\n  concepts: [vpn, shop]\n  \
           abuse: scam\n  label: mine\n\
         - address: 12sjrrhoFEsedNRhtgwvvRqjFTh8fZTDX9\n  category: user\n  is_cluster_definer: no\n  \
           confidence: ownership",
        expect![[r#"
            BTC 12sjrrhoFEsedNRhtgwvvRqjFTh8fZTDX9: L, "-", [hosting user], ownership, S, cluster Some(false)
            BTC 1Archive1n2C579dMsAu3iC6tWzuQJz8dN: L, "-", [exchange hosting], forensic, S, cluster Some(true)
            BTC 1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu: mine, "own", [exchange scam shop vpn], forensic, S, cluster Some(true)
        "#]],
    );
    // the header may come after the tags, and under a name of its own
    check(
        "p.yaml",
        "tags:\n- address: 1Archive1n2C579dMsAu3iC6tWzuQJz8dN\nheader:\n  title: T\n  creator: C\n  \
         label: L\n  source: S\n  currency: BTC\n  actor: late\n",
        expect![[r#"
            BTC 1Archive1n2C579dMsAu3iC6tWzuQJz8dN: L, "late", [], unknown, S, cluster None
        "#]],
    );
}

#[test]
fn yaml_that_grows_is_refused() {
    let laughs = "title: &a [lol, lol]\ncreator: &b [*a, *a]\ntags: [*b, *b, *b, *b]\n";
    check(
        "bomb.yaml",
        laughs,
        expect![
            "bomb.yaml, line 1: anchors and aliases (& and *) are not read: write the value out where it is used"
        ],
    );
    check(
        "bomb.yaml",
        "title: T\ncreator: C\ntags: *nothing\n",
        expect![
            "bomb.yaml, line 3: anchors and aliases (& and *) are not read: write the value out where it is used"
        ],
    );
    check(
        "bomb.yaml",
        "title: T\ntags:\n- &x {address: a}\n- <<: *x\n",
        expect![
            "bomb.yaml, line 3: anchors and aliases (& and *) are not read: write the value out where it is used"
        ],
    );
    check(
        "bomb.yaml",
        "title: T\nheader: !include header.yaml\ntags: []\n",
        expect![
            "bomb.yaml, line 2: `!` types and includes are not read: write the value into this file"
        ],
    );
    check(
        "bomb.yaml",
        "title: T\ncreator: C\ntags: []\n---\ntitle: U\n",
        expect!["bomb.yaml, line 4: a second document begins here: one file holds one pack"],
    );
    let deep = format!("title: T\ncontext: {}", "[".repeat(100_000));
    check(
        "bomb.yaml",
        &deep,
        expect!["bomb.yaml, line 2, `context`: expected a text, found a list"],
    );
    let deep = format!("description:\n{}x", "- ".repeat(5_000));
    check(
        "bomb.yaml",
        &deep,
        expect![
            "bomb.yaml, line 2: lists and maps are nested more than 12 deep, which no tag needs"
        ],
    );
    let deep: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    check(
        "bomb.yaml",
        &format!("description:\n {}", deep.replace('\n', "\n ")),
        expect![
            "bomb.yaml, line 13: lists and maps are nested more than 12 deep, which no tag needs"
        ],
    );
    let long = format!("title: {}\n", "x".repeat(attribution::TEXT_BYTES_MAX + 1));
    check(
        "bomb.yaml",
        &long,
        expect!["bomb.yaml, line 1: the text has 65537 bytes; the limit is 65536"],
    );
    let long = format!("title: {}\n", "x".repeat(5_000));
    check(
        "bomb.yaml",
        &long,
        expect!["bomb.yaml, line 1, `title`: the text has 5000 bytes; the limit is 4096"],
    );
    let many = format!("title: T\ncreator: C\nconcepts: [{}]\ntags: []\n", "a, ".repeat(40));
    check(
        "bomb.yaml",
        &many,
        expect!["bomb.yaml, line 3, `concepts`: there are more than 32 texts in one list"],
    );
    let zeros = vec![0; attribution::FILE_BYTES_MAX + 1];
    expect!["bomb.yaml: the file has 268435457 bytes; the limit is 268435456: split it"]
        .assert_eq(&said("bomb.yaml", &zeros));
}

#[test]
fn packs_that_are_none() {
    check("p.yaml", "", expect!["p.yaml, line 1: this is no file of tags: it is empty"]);
    check(
        "p.yaml",
        "just words",
        expect!["p.yaml, line 1: expected a map with `tags` or `actors`, found a text"],
    );
    check(
        "p.yaml",
        "- a\n- b\n",
        expect!["p.yaml, line 1: expected a map with `tags` or `actors`, found a list"],
    );
    check(
        "p.yaml",
        "title: T\ncreator: C\n",
        expect!["p.yaml: this is no file of tags: a TagPack has a list `tags`"],
    );
    check(
        "p.yaml",
        "creator: C\ntags: []\n",
        expect!["p.yaml, line 1, `title`: it is missing; a tag may have it from the header"],
    );
    check(
        "p.yaml",
        "title: T\ntags: []\n",
        expect!["p.yaml, line 1, `creator`: it is missing; a tag may have it from the header"],
    );
    check(
        "p.yaml",
        "title: T\ncreator: C\ntags: {a: b}\n",
        expect!["p.yaml, line 3, `tags`: expected a list of tags, found a map"],
    );
    check(
        "p.yaml",
        "title: T\ncreator: C\ntags:\n- address\n",
        expect!["p.yaml, line 4, `tags`: expected a map, found a text"],
    );
    check("p.yaml", "title: T\ncreator: C\ntags: []\n", expect![""]);
    check(
        "p.yaml",
        "title: T\n\ttags: []\n",
        expect!["p.yaml, line 1: no YAML: while scanning a plain scalar, found a tab"],
    );
    check(
        "p.yaml",
        "title: 'T\ncreator: C\n",
        expect!["p.yaml, line 1: no YAML: invalid indentation in quoted scalar"],
    );
    check(
        "p.yaml",
        "title: T\ntitle: U\ntags: []\n",
        expect!["p.yaml, line 2, `title`: it stands here twice: leave one"],
    );
    check(
        "p.yaml",
        "title: T\ncreator: C\nheader: {title: U}\ntags: []\n",
        expect!["p.yaml, line 3, `title`: it stands here twice: leave one"],
    );
    expect!["p.yaml: byte 16 is no UTF-8: save the file as UTF-8"]
        .assert_eq(&said("p.yaml", b"title: T\nlabel: \xff\n"));
    check(
        "p.txt",
        "x",
        expect![
            "p.txt: this is no file of tags: tags come as .yaml (TagPack, actor pack), .csv (own), .json (set, Etherscan) or sanctioned_addresses_ASSET.txt"
        ],
    );
}

#[test]
fn fields_that_cannot_be_read() {
    let tag = |fields: &str, expected: Expect| {
        pack(HEADER, &format!("- address: {A}\n  {fields}"), expected);
    };
    pack(
        HEADER,
        "- label: nobody",
        expect!["p.yaml, line 7, `address`: it is missing; a tag may have it from the header"],
    );
    pack(
        "source: S\ncurrency: BTC",
        &format!("- address: {A}"),
        expect!["p.yaml, line 6, `label`: it is missing; a tag may have it from the header"],
    );
    pack(
        "label: L\ncurrency: BTC",
        &format!("- address: {A}"),
        expect!["p.yaml, line 6, `source`: it is missing; a tag may have it from the header"],
    );
    pack(
        "label: L\nsource: S",
        &format!("- address: {A}"),
        expect!["p.yaml, line 6, `currency`: it is missing; a tag may have it from the header"],
    );
    pack(
        &format!("{HEADER}\nconfidence: certain"),
        &format!("- address: {A}"),
        expect![
            "p.yaml, line 6, `confidence`: `certain` is no confidence: write one of unknown, heuristic, web_crawl, untrusted_transaction, forensic, service_data, trusted_provider, authority_data, forensic_investigation, service_api, manual_transaction, ledger_immanent, ownership, override"
        ],
    );
    tag("label:", expect!["p.yaml, line 8, `label`: it is empty"]);
    tag("label: ''", expect!["p.yaml, line 8, `label`: it is empty"]);
    tag("label: [a]", expect!["p.yaml, line 8, `label`: expected a text, found a list"]);
    tag("label: \"a\\0b\"", expect!["p.yaml, line 8, `label`: it has a control character"]);
    tag(
        "lastmod: yesterday",
        expect!["p.yaml, line 8, `lastmod`: `yesterday` is no day: write YYYY-MM-DD"],
    );
    tag(
        "lastmod: 2022-13-01",
        expect!["p.yaml, line 8, `lastmod`: `2022-13-01` is no day: write YYYY-MM-DD"],
    );
    tag(
        "lastmod: 2022-02-29",
        expect!["p.yaml, line 8, `lastmod`: `2022-02-29` is no day: write YYYY-MM-DD"],
    );
    tag(
        "confidence: 50",
        expect![
            "p.yaml, line 8, `confidence`: `50` is no confidence: write one of unknown, heuristic, web_crawl, untrusted_transaction, forensic, service_data, trusted_provider, authority_data, forensic_investigation, service_api, manual_transaction, ledger_immanent, ownership, override"
        ],
    );
    tag(
        "is_cluster_definer: perhaps",
        expect!["p.yaml, line 8, `is_cluster_definer`: `perhaps` is neither true nor false"],
    );
    tag(
        "tag_type: rumour",
        expect!["p.yaml, line 8, `tag_type`: it is not known; known are actor, mention, event"],
    );
    tag(
        "network: a b",
        expect![
            "p.yaml, line 8, `network`: `a b` cannot name a blockchain: write a code of 1 to 24 letters, digits or -"
        ],
    );
    tag(
        "concepts: {a: b}",
        expect!["p.yaml, line 8, `concepts`: expected a list of texts, found a map"],
    );
    tag("concepts: [[a]]", expect!["p.yaml, line 8, `concepts`: expected a text, found a list"]);
    tag("address: again", expect!["p.yaml, line 8, `address`: it stands here twice: leave one"]);
    pack(HEADER, "- address: ''", expect!["p.yaml, line 7, `address`: it is empty"]);
    pack(
        HEADER,
        &format!("- address: {}", "1".repeat(300)),
        expect!["p.yaml, line 7, `address`: the text has 300 bytes; the limit is 256"],
    );
}

#[test]
fn oddities_are_told_and_do_not_keep_a_pack_out() {
    pack(
        HEADER,
        &format!(
            "- address: {A}\n- address: {A}\n- address: 1Archive1n2C579dMsAu3iC6tWzuQJz8dM\n  \
             colour: red\n- tx_hash: 00ff\n- address: {A} (memo)\n  tag_type: mention"
        ),
        expect![[r#"
            BTC 1Archive1n2C579dMsAu3iC6tWzuQJz8dM: L, "-", [], unknown, S, cluster None
            BTC 1Archive1n2C579dMsAu3iC6tWzuQJz8dN: L, "-", [], unknown, S, cluster None
            BTC 1Archive1n2C579dMsAu3iC6tWzuQJz8dN (memo): L, "-", [], unknown, S, cluster None
            odd, line 10: the field `colour` is not read
            odd, line 9: `1Archive1n2C579dMsAu3iC6tWzuQJz8dM` on BTC: its checksum does not match
            odd, line 11: the tag names no address and is not read
            odd, line 12: `1Archive1n2C579dMsAu3iC6tWzuQJz8dN (memo)` on BTC: it has not the form of an address of this blockchain
            odd, line 8: the same was said of `1Archive1n2C579dMsAu3iC6tWzuQJz8dN` above
        "#]],
    );
}

#[test]
fn actor_packs() {
    check("a.actorpack.yaml", "title: T\nactors:\n- id: a\n  label: A\n", expect!["1 actors"]);
    check(
        "a.actorpack.yaml",
        "title: T\nactors:\n- id: a\n",
        expect![
            "a.actorpack.yaml, line 4, `label`: it is missing; a tag may have it from the header"
        ],
    );
    check(
        "a.actorpack.yaml",
        "actors:\n- {id: a, label: A}\n- {id: a, label: B}\n",
        expect!["a.actorpack.yaml, line 3, `id`: it stands here twice: leave one"],
    );
    check(
        "a.actorpack.yaml",
        "title: T\n",
        expect!["a.actorpack.yaml: this is no file of tags: an actor pack has a list `actors`"],
    );
    check(
        "a.actorpack.yaml",
        "actors: [a]\n",
        expect!["a.actorpack.yaml, line 1, `actors`: expected a map, found a text"],
    );
}

#[test]
fn own_tags() {
    let head = "network,address,label,confidence,source,recorded";
    let row = |text: &str, expected: Expect| {
        check("own.csv", &format!("{head}\n{text}\n"), expected);
    };
    row(
        &format!("btc,{A},L,forensic,S,2022-01-01"),
        expect![[r#"
        BTC 1Archive1n2C579dMsAu3iC6tWzuQJz8dN: L, "-", [], forensic, S, cluster None
    "#]],
    );
    row(
        "btc,1Archive1n2C579dMsAu3iC6tWzuQJz8dM,L,forensic,S,2022-01-01",
        expect![
            "own.csv, line 2, `address`: `1Archive1n2C579dMsAu3iC6tWzuQJz8dM`: its checksum does not match"
        ],
    );
    row(
        &format!("btc,{A},,forensic,S,2022-01-01"),
        expect!["own.csv, line 2, `label`: it is empty"],
    );
    row(&format!("btc,{A},L,forensic,S,"), expect!["own.csv, line 2, `recorded`: it is empty"]);
    row(
        &format!("btc,{A},L,sure,S,2022-01-01"),
        expect![
            "own.csv, line 2, `confidence`: `sure` is no confidence: write one of unknown, heuristic, web_crawl, untrusted_transaction, forensic, service_data, trusted_provider, authority_data, forensic_investigation, service_api, manual_transaction, ledger_immanent, ownership, override"
        ],
    );
    row(
        &format!("btc,{A},L,forensic,S,01.02.2022"),
        expect!["own.csv, line 2, `recorded`: `01.02.2022` is no day: write YYYY-MM-DD"],
    );
    row(
        &format!("btc,{A},L,forensic,S"),
        expect!["own.csv, line 2: the line has 5 fields, the first line 6"],
    );
    row(
        &format!("b t c,{A},L,forensic,S,2022-01-01"),
        expect![
            "own.csv, line 2, `network`: `b t c` cannot name a blockchain: write a code of 1 to 24 letters, digits or -"
        ],
    );
    row(
        &format!("btc,{A},\"L,forensic,S,2022-01-01"),
        expect!["own.csv, line 2: the line has 3 fields, the first line 6"],
    );
    check(
        "own.csv",
        "",
        expect![
            "own.csv, line 1, `network`: this is no file of tags: the first line names the columns, and this one is needed"
        ],
    );
    check(
        "own.csv",
        "network,address,label,confidence,source\n",
        expect![
            "own.csv, line 1, `recorded`: this is no file of tags: the first line names the columns, and this one is needed"
        ],
    );
    check(
        "own.csv",
        &format!("{head},colour\n"),
        expect![
            "own.csv, line 1, `colour`: it is not known; known are network, address, label, actor, concepts, confidence, source, recorded, valid_from, valid_to, sanctioned_by, sanctioned_from, sanctioned_to, whole_cluster, fiction, note"
        ],
    );
    check(
        "own.csv",
        &format!("{head},label\n"),
        expect!["own.csv, line 1, `label`: it stands here twice: leave one"],
    );
    let dated = |text: &str, expected: Expect| {
        let head = format!("{head},valid_from,valid_to,sanctioned_by,sanctioned_from");
        let row = format!("btc,{A},L,forensic,S,2022-01-01,{text}");
        check("own.csv", &format!("{head}\n{row}\n"), expected);
    };
    dated(
        "2022-02-01,2022-01-01,,",
        expect!["own.csv, line 2, `valid_to`: it ends before it begins"],
    );
    dated(",,,2022-01-01", expect!["own.csv, line 2, `sanctioned_by`: it is empty"]);
    dated("x,,,", expect!["own.csv, line 2, `valid_from`: `x` is no day: write YYYY-MM-DD"]);
    expect!["own.csv: byte 8 is no UTF-8: save the file as UTF-8"]
        .assert_eq(&said("own.csv", b"network,\xff\n"));
}

#[test]
fn lists_and_labels() {
    check(
        "sanctioned_addresses_XBT.txt",
        &format!("# a list\n\n{A}\nx\n"),
        expect![[r#"
        BTC 1Archive1n2C579dMsAu3iC6tWzuQJz8dN: Address on the sanctions list of OFAC, "-", [sanction], authority_data, Sanctions list of OFAC, XBT, cluster Some(false)
        BTC x: Address on the sanctions list of OFAC, "-", [sanction], authority_data, Sanctions list of OFAC, XBT, cluster Some(false)
        odd, line 4: `x` on BTC: it has not the form of an address of this blockchain
    "#]],
    );
    check(
        "sanctioned_addresses_XBT.txt",
        "a\u{7}b\n",
        expect!["sanctioned_addresses_XBT.txt, line 1: it has a control character"],
    );
    check(
        "sanctioned_addresses_X BT.txt",
        &format!("{A}\n"),
        expect![
            "sanctioned_addresses_X BT.txt: `X BT` cannot name a blockchain: write a code of 1 to 24 letters, digits or -"
        ],
    );
    check(
        "sanctioned_addresses_.txt",
        "x\n",
        expect![
            "sanctioned_addresses_.txt: this is no file of tags: tags come as .yaml (TagPack, actor pack), .csv (own), .json (set, Etherscan) or sanctioned_addresses_ASSET.txt"
        ],
    );
    let labels = r#"{"0x22ff777ef6fe0690f1f74c6758126909653ad56a": {"name": "N", "labels": ["bridge", "x"]}}"#;
    check(
        "labels.json",
        labels,
        expect![[r#"
        ETH 0x22ff777ef6fe0690f1f74c6758126909653ad56a: N, "-", [defi_bridge], web_crawl, Etherscan labels, cluster None
    "#]],
    );
    check(
        "labels.json",
        r#"{"0x": {"name": "", "labels": []}}"#,
        expect!["labels.json, line 1, `name`: it is empty"],
    );
    check(
        "labels.json",
        r#"{"0x": {"name": "N", "labels": "one"}}"#,
        expect![[
            r#"labels.json, line 1: no JSON of this shape: invalid type: string "one", expected a sequence (column 36)"#
        ]],
    );
    check(
        "labels.json",
        r#"{"0x": {"name": "N", "labels": [], "more": 1}}"#,
        expect![
            "labels.json, line 1: no JSON of this shape: unknown field `more`, expected `name` or `labels` (column 41)"
        ],
    );
    check(
        "labels.json",
        "[1]",
        expect![
            "labels.json, line 1: no JSON of this shape: invalid type: sequence, expected an object with an entry for each address (column 0)"
        ],
    );
    check(
        "labels.json",
        &format!("{}1", r#"{"a":"#.repeat(5_000)),
        expect![
            "labels.json, line 1: no JSON of this shape: unknown field `a`, expected `name` or `labels` (column 9)"
        ],
    );
}

#[test]
fn set_files() {
    let set = |body: &str, expected: Expect| {
        let text = format!(r#"{{"format": "comity tag set", "version": 1, {body}}}"#);
        check("set.json", &text, expected);
    };
    set(r#""files": [{"path": "a.yaml"}]"#, expect!["1 files, 0 decisions"]);
    set(r#""files": [{"path": ""}]"#, expect!["set.json, `files[0].path`: it is empty"]);
    set(
        r#""files": [{"path": "a", "sha256": "00"}]"#,
        expect!["set.json, `files[0].sha256`: `00` is no SHA-256: write 64 hexadecimal digits"],
    );
    set(
        r#""files": [{"path": "a", "published": "May"}]"#,
        expect!["set.json, `files[0].published`: `May` is no day: write YYYY-MM-DD"],
    );
    set(
        r#""file": []"#,
        expect![
            "set.json, line 1: no JSON of this shape: unknown field `file`, expected one of `format`, `version`, `files`, `decisions` (column 49)"
        ],
    );
    check(
        "set.json",
        r#"{"format": "comity tag set", "version": 2}"#,
        expect![
            "set.json: this is no file of tags: a set file has format `comity tag set`, version 1"
        ],
    );
    let decision = |address: &str, by: &str, expected: Expect| {
        set(
            &format!(
                r#""decisions": [{{"network": "BTC", "address": "{address}", "on": "2022-01-01",
                "keep": null, "by": "A", "approved_by": "{by}", "why": "W"}}]"#
            ),
            expected,
        );
    };
    decision(A, "B", expect!["0 files, 1 decisions"]);
    decision(
        A,
        "A",
        expect![
            "set.json, `decisions[0].approved_by`: a decision is approved by another person than the one who took it"
        ],
    );
    decision(
        "x",
        "B",
        expect![
            "set.json, `decisions[0].address`: `x`: it has not the form of an address of this blockchain"
        ],
    );
}

#[test]
fn files_that_make_no_set() {
    let read = |name: &str, text: &str, provenance: Provenance| {
        let Ok(File::Tags(pack)) = attribution::read(name, text.as_bytes(), provenance) else {
            panic!("{name} can be read");
        };
        pack
    };
    let text = format!("title: T\ncreator: C\n{HEADER}\ntags:\n- address: {A}\n");
    let mut gather = Gather::default();
    gather.pack(read("a.yaml", &text, Provenance::default())).unwrap();
    let twice = gather.pack(read("copy/a.yaml", &text, Provenance::default()));
    expect!["copy/a.yaml has the same bytes as a.yaml: give it once"]
        .assert_eq(&twice.unwrap_err().to_string());

    let version = |published: Option<&str>| Provenance {
        published: published.map(|text| attribution::day(text).unwrap()),
        series: Some("s".to_owned()),
        commit: None,
    };
    let later = text.replace("label: L", "label: M");
    for days in [[Some("2022-01-01"), Some("2022-01-01")], [None, Some("2022-01-01")]] {
        let mut gather = Gather::default();
        gather.pack(read("old.yaml", &text, version(days[0]))).unwrap();
        gather.pack(read("new.yaml", &later, version(days[1]))).unwrap();
        assert_eq!(
            gather.finish().unwrap_err().to_string(),
            "old.yaml and new.yaml are versions of `s`: each needs its own day of publication"
        );
    }

    let actors = |name: &str, label: &str| {
        let text = format!("actors:\n- {{id: a, label: {label}}}\n");
        let Ok(File::Actors(pack)) =
            attribution::read(name, text.as_bytes(), Provenance::default())
        else {
            panic!("{name} can be read");
        };
        pack
    };
    let mut gather = Gather::default();
    gather.actors(actors("1.actorpack.yaml", "One")).unwrap();
    gather.actors(actors("2.actorpack.yaml", "Two")).unwrap();
    let error = gather.finish().unwrap_err().to_string();
    assert!(error.ends_with("the actor `a` is described otherwise in another file"), "{error}");
}

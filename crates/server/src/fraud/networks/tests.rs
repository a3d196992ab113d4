//! Which address is where, and what is said of a list that cannot be read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Lists, Networks, Ranges};

/// A few lines in the form that registries publish; the addresses are those of documentation.
const REGISTRY: &str = "2|nro|20261128|9|19821201|20261128|+0000
nro|*|ipv4|*|5|summary
nro|*|ipv6|*|2|summary
# a comment
apnic|JP|ipv4|192.0.2.0|128|20100101|allocated|A1|e-stats
apnic|JP|ipv4|192.0.2.128|128|20100101|assigned|A2
ripencc|DE|ipv4|198.51.100.0|192|20110412|allocated|B1
ripencc||ipv4|198.51.100.192|64||available
ripencc|EU|ipv4|203.0.113.0|256|19930901|allocated|C1
ripencc|FR|ipv6|2001:db8::|33|20040101|allocated|D1
ripencc|DE|asn|64496|1|20040101|allocated|D1
";

fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let file = dir.path().join("networks");
    std::fs::write(&file, text).expect("written");
    (dir, file)
}

fn networks(text: &str) -> Networks {
    let (_dir, file) = written(text);
    Networks::read(&file).expect("a sound list")
}

fn at(list: &Networks, address: &str) -> String {
    let found = list.country(address.parse().expect("an address"));
    found.map_or_else(|| "unknown".to_owned(), |country| country.to_string())
}

#[test]
fn registry_statistics_say_where_an_address_is_registered() {
    let list = networks(REGISTRY);
    let places = [
        ("192.0.1.255", "unknown"),
        ("192.0.2.0", "JP"),
        ("192.0.2.255", "JP"),
        ("198.51.100.191", "DE"),
        ("198.51.100.192", "unknown"),
        ("203.0.113.7", "unknown"),
        ("::ffff:198.51.100.1", "DE"),
        ("2001:db8::", "FR"),
        ("2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", "FR"),
        ("2001:db8:8000::", "unknown"),
    ];
    for (address, country) in places {
        assert_eq!(at(&list, address), country, "{address}");
    }
    let summary = list.summary();
    assert_eq!((summary.v4_ranges, summary.v6_ranges), (2, 1), "neighbours are one range");
    assert_eq!(summary.v4_addresses, 256 + 192);
    assert_eq!(summary.countries.len(), 3);
}

#[test]
fn csv_says_the_same() {
    let list = networks(
        "start,end,country\r\n\"192.0.2.0\",\"192.0.2.255\",\"JP\"\r\n2001:db8::,2001:db8::ff,FR\n\
         203.0.113.0,203.0.113.255,ZZ\n",
    );
    assert_eq!(at(&list, "192.0.2.9"), "JP");
    assert_eq!(at(&list, "2001:db8::ff"), "FR");
    assert_eq!(at(&list, "2001:db8::100"), "unknown");
    assert_eq!(at(&list, "203.0.113.9"), "unknown");
}

#[test]
fn the_whole_space_fits_in_one_range() {
    let list =
        networks("0.0.0.0,255.255.255.255,DE\n::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,FR\n");
    assert_eq!(at(&list, "255.255.255.255"), "DE");
    assert_eq!(at(&list, "ffff::"), "FR");
    assert_eq!(list.summary().v4_addresses, 1 << 32);
}

fn refused(text: &str, then: Expect) {
    let (dir, file) = written(text);
    let told = match Networks::read(&file) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string().replace(&format!("{}/", dir.path().display()), ""),
    };
    then.assert_eq(&told);
}

#[test]
fn what_cannot_be_read_is_told_with_its_line() {
    refused(
        "192.0.2.0,192.0.2.9,DE\n192.0.2.0,DE\n",
        expect!["networks:2: 2 fields; expected start,end,country"],
    );
    refused(
        "192.0.2.0,192.0.2.9,de\n",
        expect![[r#"networks:1: "de" is no country; write two capital letters"#]],
    );
    refused(
        "192.0.2.9,192.0.2.0,DE\n",
        expect!["networks:1: it ends at 192.0.2.0, before it starts at 192.0.2.9"],
    );
    refused(
        "192.0.2.9,2001:db8::,DE\n",
        expect!["networks:1: 192.0.2.9 and 2001:db8:: are of two families"],
    );
    refused(
        "192.0.2.300,192.0.2.9,DE\n",
        expect![[r#"networks:1: "192.0.2.300" is no address; write 192.0.2.1 or 2001:db8::1"#]],
    );
    refused(
        "192.0.2.0,192.0.2.9,DE\n\n192.0.2.5,192.0.2.20,FR\n",
        expect![
            "networks:3: its addresses are those of line 1 too, with another country; leave one of them out"
        ],
    );
    refused(
        "192.0.2.0,192.0.2.9,DE\nripencc|DE|ipv4|192.0.2.0|1||allocated\n",
        expect!["networks:2: a list is either registry statistics (with |) or CSV, not both"],
    );
    refused(
        "ripencc|DE|ipv4|192.0.2.0\n",
        expect!["networks:1: 4 fields; expected registry|country|type|start|value|date|status"],
    );
    refused(
        "ripencc|DE|ipv4|255.255.255.0|512|20100101|allocated\n",
        expect!["networks:1: 512 addresses do not fit after 255.255.255.0"],
    );
    refused(
        "ripencc|DE|ipv6|2001:db8::1|32|20100101|allocated\n",
        expect!["networks:1: 2001:db8::1 is not the first address of a network of /32"],
    );
    refused(
        "ripencc|DE|ipv4|192.0.2.0|256|20100101|sold\n",
        expect![[
            r#"networks:1: status "sold"; expected allocated, assigned, available or reserved"#
        ]],
    );
    refused(&format!("#{}\n", "x".repeat(600)), expect!["networks:1: longer than 512 bytes"]);
    let missing = Networks::read(std::path::Path::new("/nowhere/list.csv"));
    expect!["/nowhere/list.csv cannot be read"]
        .assert_eq(&missing.expect_err("there is none").to_string());
}

#[test]
fn anonymisers_are_networks_or_addresses() {
    let (_dir, file) =
        written("# exits\n198.51.100.7\n192.0.2.0/25\n2001:db8:1::/48\n192.0.2.0/24\n");
    let list = Ranges::read(&file).expect("a sound list");
    for (address, is_in) in [
        ("198.51.100.7", true),
        ("198.51.100.8", false),
        ("192.0.2.200", true),
        ("2001:db8:1:ffff::1", true),
        ("2001:db8:2::", false),
    ] {
        assert_eq!(list.has(address.parse().expect("an address")), is_in, "{address}");
    }
    let (dir, file) = written("198.51.100.7\n192.0.2.1/24\n");
    let told = Ranges::read(&file).expect_err("no network").to_string();
    expect!["networks:2: 192.0.2.1 is not the first address of a network of /24"]
        .assert_eq(&told.replace(&format!("{}/", dir.path().display()), ""));
}

#[test]
fn without_a_list_nothing_was_looked_at() {
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    assert_eq!(Lists::default().look_up(address), None);
    let lists = Lists { networks: Some(networks(REGISTRY)), anonymisers: None };
    let found = lists.look_up(address).expect("looked at");
    assert_eq!(found.country.map(|country| country.to_string()).as_deref(), Some("JP"));
    let nowhere = lists.look_up(IpAddr::V6(Ipv6Addr::LOCALHOST)).expect("looked at");
    assert_eq!(nowhere.country, None);
}

proptest! {
    /// The table says what a walk through all lines says, or the list contradicts itself.
    #[test]
    fn the_table_is_the_slow_walk(
        rows in prop::collection::vec((0u32..2_000, 0u32..60, 0usize..3), 0..40),
        asked in prop::collection::vec(0u32..2_100, 50),
    ) {
        const COUNTRIES: [&str; 3] = ["DE", "FR", "JP"];
        let mut text = String::new();
        for (start, more, country) in &rows {
            let (start, end) = (Ipv4Addr::from_bits(*start), Ipv4Addr::from_bits(start + more));
            text.push_str(&format!("{start},{end},{}\n", COUNTRIES[*country]));
        }
        let (_dir, file) = written(&text);
        let overlap = |a: &(u32, u32, usize), b: &(u32, u32, usize)| {
            a.2 != b.2 && a.0 <= b.0 + b.1 && b.0 <= a.0 + a.1
        };
        let is_contrary = rows.iter().any(|a| rows.iter().any(|b| overlap(a, b)));
        let list = Networks::read(&file);
        prop_assert_eq!(list.is_err(), is_contrary);
        let Ok(list) = list else { return Ok(()) };
        for address in asked {
            let slow = rows.iter().find(|row| (row.0..=row.0 + row.1).contains(&address));
            let fast = list.country(IpAddr::V4(Ipv4Addr::from_bits(address)));
            let fast = fast.map(|country| country.to_string());
            prop_assert_eq!(fast.as_deref(), slow.map(|row| COUNTRIES[row.2]));
        }
    }

    /// Any bytes may lie in a file; it is read or refused, and never looked up wrongly.
    #[test]
    fn any_file_is_read_or_refused(text in "(?s)[0-9a-f.:|,/#A-Z\"\n ]{0,300}") {
        let (_dir, file) = written(&text);
        let _ = Networks::read(&file);
        let _ = Ranges::read(&file);
    }
}

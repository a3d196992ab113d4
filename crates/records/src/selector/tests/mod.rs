use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

mod places;

fn check(kind: SelectorKind, text: &str, expected: Expect) {
    expected.assert_eq(&match Selector::read(kind, text) {
        Ok(selector) => selector.value().to_owned(),
        Err(error) => format!("refused: {error}"),
    });
}

use SelectorKind::{AccountId, Address, Email, Iban, Ip, Phone, Txid};

#[test]
fn addresses() {
    let segwit = "bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s";
    check(Address, segwit, expect!["bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s"]);
    check(Address, &segwit.to_uppercase(), expect!["bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s"]);
    check(
        Address,
        &segwit.replace("v2h", "v3h"),
        expect![
            "refused: not an address: its checksum does not fit; a character is wrong or missing"
        ],
    );
    check(
        Address,
        "bc1Qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s",
        expect!["refused: not an address: bech32 never mixes upper and lower case"],
    );
    // BIP 350: a taproot address carries the bech32m checksum.
    check(
        Address,
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        expect!["bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"],
    );
    check(
        Address,
        "3DeGPs4LgGVCb4Wh5yUrp9VhpKY6ZeDEJj",
        expect!["3DeGPs4LgGVCb4Wh5yUrp9VhpKY6ZeDEJj"],
    );
    check(
        Address,
        "1P1gWG5VMuhvMCnmfxxojGDWarZ7Kvm7dg",
        expect!["1P1gWG5VMuhvMCnmfxxojGDWarZ7Kvm7dg"],
    );
    check(
        Address,
        "1P1gWG5VMuhvMCnmfxxojGDWarZ7Kvm7dh",
        expect![
            "refused: not an address: its checksum does not fit; a character is wrong or missing"
        ],
    );
    check(
        Address,
        "1P1gWG5VMuhvMCnmfxxojGDWarZ7Kvm70l",
        expect!["refused: not an address: a character is outside the base58 set"],
    );
    check(
        Address,
        "0x52908400098527886E0F7030069857D2E4169EE7",
        expect!["0x52908400098527886E0F7030069857D2E4169EE7"],
    );
    // The examples of EIP-55.
    let checked = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
    check(Address, &checked.to_lowercase(), expect!["0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"]);
    check(Address, checked, expect!["0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"]);
    check(
        Address,
        &checked.replace("fB", "FB"),
        expect![
            "refused: not an address: the case of its letters does not fit (EIP-55); a character is wrong"
        ],
    );
    check(
        Address,
        "0x5290840009852788",
        expect!["refused: not an address: 0x is followed by 40 hexadecimal digits"],
    );
    // Tether's contract on Tron.
    check(
        Address,
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        expect!["TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"],
    );
}

#[test]
fn everything_else() {
    check(
        Txid,
        &"AB".repeat(32),
        expect!["abababababababababababababababababababababababababababababababab"],
    );
    check(Txid, "ab", expect!["refused: not a transaction id: it has 64 hexadecimal digits"]);
    check(AccountId, "  LX-004711 ", expect!["LX-004711"]);
    check(AccountId, " ", expect!["refused: the selector is empty"]);
    check(
        AccountId,
        "a\0b",
        expect!["refused: the selector holds the control character U+0000; remove it"],
    );
    check(
        AccountId,
        &"a".repeat(321),
        expect!["refused: the selector is 321 bytes long; at most 320 are read"],
    );
    check(Email, "Nerys.Larkspur@Example.COM", expect!["nerys.larkspur@example.com"]);
    check(Email, "nerys", expect!["refused: not an e-mail address: there is no @"]);
    check(Phone, "0044 7700 900-123", expect!["+447700900123"]);
    check(
        Phone,
        "07700 900123",
        expect!["refused: not a phone number in E.164: start with + and the country code"],
    );
    check(
        Phone,
        "+0447700900123",
        expect!["refused: not a phone number in E.164: a country code never starts with 0"],
    );
    // The example of ISO 13616 itself.
    check(Iban, "gb82 west 1234 5698 7654 32", expect!["GB82WEST12345698765432"]);
    check(
        Iban,
        "GB83 WEST 1234 5698 7654 32",
        expect!["refused: not an IBAN: its check digits do not fit"],
    );
    check(Ip, "2001:DB8:0:0::1", expect!["2001:db8::1"]);
    check(Ip, "::ffff:192.0.2.1", expect!["192.0.2.1"]);
    check(Ip, "192.0.2.1/32", expect!["192.0.2.1"]);
    check(
        Ip,
        "192.0.2.0/24",
        expect![
            "refused: not an IP address to ask about: write it as 192.0.2.1 or 2001:db8::1, without a port; with a port and the moment it is an ip_port"
        ],
    );
    check(
        Ip,
        "192.0.2.1:443",
        expect![
            "refused: not an IP address to ask about: write it as 192.0.2.1 or 2001:db8::1, without a port; with a port and the moment it is an ip_port"
        ],
    );
}

#[test]
fn a_list_names_every_line_it_cannot_read() {
    let text = "+447700900123\n\n+44 7700 900123\nnobody\n+1 555 0100 000\n";
    read(
        Some(Phone),
        text,
        expect![[r#"
        phone +447700900123
        phone +15550100000
        line 3 repeats line 1
        line 4 (nobody): not a phone number in E.164: start with + and the country code; correct it, or name its kind if it is no phone
    "#]],
    );
}

fn read(given: Option<SelectorKind>, text: &str, expected: Expect) {
    use std::fmt::Write as _;
    let many = read_many(text, given);
    let mut told = String::new();
    for selector in &many.selectors {
        writeln!(told, "{} {}", selector.kind(), selector.value()).unwrap();
    }
    for repeat in &many.duplicates {
        writeln!(told, "line {} repeats line {}", repeat.line, repeat.first).unwrap();
    }
    for line in &many.unreadable {
        writeln!(told, "line {} ({}): {}; {}", line.line, line.hint, line.flaw, line.flaw.fix())
            .unwrap();
    }
    if many.beyond_limit_count > 0 {
        writeln!(told, "{} beyond the limit", many.beyond_limit_count).unwrap();
    }
    expected.assert_eq(&told);
}

#[test]
fn kinds_are_found_where_nothing_else_is_meant() {
    let text = "3DeGPs4LgGVCb4Wh5yUrp9VhpKY6ZeDEJj\r\n\
        TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t\n\
        0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359\n\
        0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359\n\
        BC1QV2HY850XCDRCD4L0UY4F87LW25MS86T880203S\n\
        38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3\n\
        Nerys@Example.com\n+44 7700 900-123\nGB82 WEST 1234 5698 7654 32\n2001:DB8::1\n";
    read(
        None,
        text,
        expect![[r#"
        address 3DeGPs4LgGVCb4Wh5yUrp9VhpKY6ZeDEJj
        address TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t
        address 0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359
        address bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s
        txid 38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3
        email nerys@example.com
        phone +447700900123
        iban GB82WEST12345698765432
        ip 2001:db8::1
        line 4 repeats line 3
    "#]],
    );
}

#[test]
fn what_is_in_doubt_is_named_with_what_to_write() {
    let text = "LX-004711\nGB83WEST12345698765432\n3DeGPs4LgGVCb4Wh5yUrp9VhpKY6ZeDEJk\n\
        a,b,c\nshoe,42\n\"never closed\nnerys@example.com\n12345\n";
    read(
        None,
        text,
        expect![[r#"
        email nerys@example.com
        line 1 (LX-004711): it does not show what it is; write the kind before it: account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi or mac, then a comma
        line 2 (GB83WEST12345698765432): not an IBAN: its check digits do not fit; correct it, or name its kind if it is no iban
        line 3 (3DeGPs4LgGVCb4Wh5yUrp9Vh): not an address: its checksum does not fit; a character is wrong or missing; correct it, or name its kind if it is no address
        line 4 (a,b,c): it has 3 columns; write the value alone, or kind and value; address, port and moment may have a column each
        line 5 (shoe,42): the first of two columns is no kind of selector; write account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi or mac, then the value
        line 6 ("never closed): it does not show what it is; write the kind before it: account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi or mac, then a comma
        line 8 (12345): it does not show what it is; write the kind before it: account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi or mac, then a comma
    "#]],
    );
}

#[test]
fn a_table_says_its_kinds() {
    let table = "\u{feff}Kind;Value;\nAccount;LX-004711;\nTx;\"AB\"\nE-Mail; n@example.com\n";
    read(
        None,
        table,
        expect![[r#"
        account_id LX-004711
        email n@example.com
        line 3 (Tx;"AB"): not a transaction id: it has 64 hexadecimal digits; correct it, or name its kind if it is no txid
    "#]],
    );
    read(
        None,
        "account_id\nLX-004711\nlx-004712\nLX-004711\n",
        expect![[r#"
        account_id LX-004711
        account_id lx-004712
        line 4 repeats line 2
    "#]],
    );
    read(
        None,
        "account\tLX-004711\n",
        expect![[r#"
        account_id LX-004711
    "#]],
    );
    read(None, "", expect![""]);
}

#[test]
fn lines_beyond_the_limit_are_counted() {
    let text = "LX-004711\n".repeat(SELECTOR_LINE_COUNT_MAX + 2);
    let many = read_many(&text, Some(AccountId));
    assert_eq!((many.selectors.len(), many.beyond_limit_count), (1, 2));
    assert_eq!(many.duplicates.len(), SELECTOR_LINE_COUNT_MAX - 1);
}

#[test]
fn no_value_shows_in_debug() {
    let selector = Selector::read(Email, "nerys@example.com").unwrap();
    assert_eq!(format!("{selector:?}"), "Selector(email)");
}

proptest! {
    /// Reading is a normal form: reading what was read changes nothing, and never panics.
    #[test]
    fn reading_twice_is_reading_once(text in "\\PC{0,60}|[0-9a-z:+./ @-]{0,60}") {
        for kind in SelectorKind::ALL {
            if let Ok(once) = Selector::read(kind, &text) {
                prop_assert_eq!(Selector::read(kind, once.value()), Ok(once.clone()));
                prop_assert!(once.matches(&text));
            }
        }
    }

    /// Every line that is not blank is read, a heading, a repetition, or named.
    #[test]
    fn no_line_is_lost(text in "([a-z0-9@+.,;\"\t -]{0,20}\n){0,12}") {
        let many = read_many(&text, None);
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        let told = many.selectors.len() + many.duplicates.len() + many.unreadable.len();
        prop_assert!(told == lines || told + 1 == lines, "{many:?}");
        let again: Vec<String> =
            many.selectors.iter().map(|one| format!("{}\t{}", one.kind(), one.value())).collect();
        // Quotes are the table's own; everything else comes back as it was read.
        if !text.contains('"') {
            prop_assert_eq!(read_many(&again.join("\n"), None).selectors, many.selectors);
        }
    }
}

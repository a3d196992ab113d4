use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

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
            "refused: not a Bitcoin address: its checksum does not fit; a character is wrong or missing"
        ],
    );
    check(
        Address,
        "bc1Qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s",
        expect!["refused: not a Bitcoin address: bech32 never mixes upper and lower case"],
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
            "refused: not a Bitcoin address: its checksum does not fit; a character is wrong or missing"
        ],
    );
    check(
        Address,
        "1P1gWG5VMuhvMCnmfxxojGDWarZ7Kvm70l",
        expect!["refused: not a Bitcoin address: a character is outside the base58 set"],
    );
    check(
        Address,
        "0x52908400098527886E0F7030069857D2E4169EE7",
        expect!["refused: not a Bitcoin address: its length does not fit"],
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
        expect!["refused: not an IP address: write it as 192.0.2.1 or 2001:db8::1, without a port"],
    );
    check(
        Ip,
        "192.0.2.1:443",
        expect!["refused: not an IP address: write it as 192.0.2.1 or 2001:db8::1, without a port"],
    );
}

#[test]
fn a_list_names_every_line_it_cannot_read() {
    let list = read_list(Phone, "+447700900123\n\n+44 7700 900123\nnobody\n+1 555 0100 000\n");
    assert_eq!((list.selectors.len(), list.repeated_count), (2, 1));
    assert_eq!(list.unreadable.len(), 1);
    assert_eq!(list.unreadable[0].line, 4);
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
}

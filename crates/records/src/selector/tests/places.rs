//! Places in a network, domains and devices.

use expect_test::expect;
use proptest::prelude::*;

use super::super::*;
use super::{check, read};
use SelectorKind::{DeviceId, Domain, Imei, Imsi, Ip, IpPort as Place, Mac};

#[test]
fn an_address_with_port_and_moment() {
    let told = |text: &str, expected| check(Place, text, expected);
    told(
        "192.0.2.1:50386 2026-05-01T12:00:00+02:00",
        expect!["192.0.2.1:50386 2026-05-01T10:00:00Z"],
    );
    told(
        "192.0.2.1 50386 2026-05-01 12:00:00 +02:00",
        expect!["192.0.2.1:50386 2026-05-01T10:00:00Z"],
    );
    told(
        "192.0.2.1 port 50386 at 2026-05-01 10:00:00 UTC",
        expect!["192.0.2.1:50386 2026-05-01T10:00:00Z"],
    );
    told(
        "[2001:DB8:0:0::1]:443 2026-05-01T10:00:00.9Z",
        expect!["[2001:db8::1]:443 2026-05-01T10:00:00Z"],
    );
    told(
        "::ffff:192.0.2.1, 443, 2026-05-01T10:00:00Z",
        expect!["192.0.2.1:443 2026-05-01T10:00:00Z"],
    );
    told(
        "192.0.2.1:1 2026-05-01T10:00:00Z/2026-05-01T12:00:30.1+02:00",
        expect!["192.0.2.1:1 2026-05-01T10:00:00Z/2026-05-01T10:00:31Z"],
    );
    // Either a moment, or the same as an interval of a second.
    told(
        "192.0.2.1:1 2026-05-01T10:00:00Z/2026-05-01T10:00:01Z",
        expect!["192.0.2.1:1 2026-05-01T10:00:00Z"],
    );
    told(
        "192.0.2.1 2026-05-01T10:00:00Z",
        expect![
            "refused: not an IP address with port and moment: the port is missing; behind carrier-grade NAT many people have one address at the same moment, and only the port tells them apart: write it after a colon, as in `192.0.2.1:50386 2026-05-01T10:00:00Z`"
        ],
    );
    told(
        "192.0.2.1:50386",
        expect![
            "refused: not an IP address with port and moment: the moment is missing; address and port go from hand to hand, behind carrier-grade NAT within seconds: write it after a blank, as in `192.0.2.1:50386 2026-05-01T10:00:00Z`"
        ],
    );
    told(
        "192.0.2.1:50386 2026-05-01T12:00:00",
        expect![
            "refused: not an IP address with port and moment: the moment has no zone; end it with Z for UTC, or with an offset such as +02:00"
        ],
    );
    told(
        "192.0.2.1:50386 yesterday",
        expect![
            "refused: not an IP address with port and moment: the moment cannot be read; write it as 2026-05-01T12:00:00+02:00"
        ],
    );
    told(
        "192.0.2.1:0 2026-05-01T10:00:00Z",
        expect![
            "refused: not an IP address with port and moment: a port is a number from 1 to 65535"
        ],
    );
    told(
        "192.0.2.1:70000 2026-05-01T10:00:00Z",
        expect![
            "refused: not an IP address with port and moment: write address, port and moment as `192.0.2.1:50386 2026-05-01T12:00:00+02:00` or `[2001:db8::1]:443 2026-05-01T10:00:00Z`"
        ],
    );
    told(
        "192.0.2.1:1 2026-05-01T10:00:00Z/2026-05-01T10:00:00Z",
        expect![
            "refused: not an IP address with port and moment: the interval ends before it begins"
        ],
    );
    told(
        "192.0.2.1:1 2026-05-01T10:00:00Z/2026-05-01T11:00:01Z",
        expect![
            "refused: not an IP address with port and moment: the interval is longer than an hour, in which ports change hands; give the moment of each connection"
        ],
    );
    told(
        "100.64.1.2:1 2026-05-01T10:00:00Z",
        expect![
            "refused: not an IP address with port and moment: it is an address inside a provider's carrier-grade NAT (RFC 6598), which many use at once; ask for the public one, with port and moment"
        ],
    );
}

#[test]
fn addresses_that_are_nobody_s() {
    check(
        Ip,
        "10.0.0.7",
        expect![
            "refused: not an IP address to ask about: it is an address of private networks, which many use at once; ask for the public one"
        ],
    );
    check(
        Ip,
        "100.127.255.255",
        expect![
            "refused: not an IP address to ask about: it is an address inside a provider's carrier-grade NAT (RFC 6598), which many use at once; ask for the public one, with port and moment"
        ],
    );
    check(Ip, "100.128.0.1", expect!["100.128.0.1"]);
    check(
        Ip,
        "fe80::1",
        expect![
            "refused: not an IP address to ask about: it is an address of private networks, which many use at once; ask for the public one"
        ],
    );
    check(
        Ip,
        "ff02::1",
        expect!["refused: not an IP address to ask about: it is no address of one host"],
    );
    check(
        Ip,
        "0.0.0.0",
        expect!["refused: not an IP address to ask about: it is no address of one host"],
    );
}

#[test]
fn domains() {
    check(Domain, "Bücher.Example.", expect!["xn--bcher-kva.example"]);
    check(Domain, "XN--BCHER-KVA.example", expect!["xn--bcher-kva.example"]);
    check(
        Domain,
        "https://example.org/login",
        expect!["refused: not a domain: leave out https:// and whatever follows the name"],
    );
    check(
        Domain,
        "nerys@example.org",
        expect!["refused: not a domain: it holds an @; with one it is an email"],
    );
    check(
        Domain,
        "*.example.org",
        expect![
            "refused: not a domain: `*` stands for names that nobody can count; write one name"
        ],
    );
    check(
        Domain,
        "localhost",
        expect!["refused: not a domain: a name has at least two parts, as in example.org"],
    );
    check(
        Domain,
        "192.0.2.1",
        expect!["refused: not a domain: it is an IP address; name its kind, ip"],
    );
    check(
        Domain,
        "a..example.org",
        expect![
            "refused: not a domain: a name has labels of letters, digits and hyphens with dots between them"
        ],
    );
    check(
        Domain,
        "under_score.example.org",
        expect![
            "refused: not a domain: a name has labels of letters, digits and hyphens with dots between them"
        ],
    );
    check(
        Domain,
        &format!("{}.example.org", "a".repeat(64)),
        expect![
            "refused: not a domain: a name has labels of letters, digits and hyphens with dots between them"
        ],
    );
    check(Domain, "example.1", expect!["refused: not a domain: no name ends with a number"]);
}

#[test]
fn devices() {
    // The example of 3GPP TS 23.003 tools everywhere: check digit 8.
    check(Imei, "49-015420-323751-8", expect!["490154203237518"]);
    check(
        Imei,
        "490154203237517",
        expect!["refused: not an IMEI: its check digit does not fit; a digit is wrong"],
    );
    check(
        Imei,
        "49015420323751",
        expect!["refused: not an IMEI: its check digit is missing; an IMEI has 15 digits"],
    );
    check(
        Imei,
        "4901542032375186",
        expect![
            "refused: not an IMEI: 16 digits are an IMEI with software version; write the IMEI of 15 digits"
        ],
    );
    check(
        Imei,
        "49015420323751x",
        expect![
            "refused: not an IMEI: only digits, with hyphens or blanks between them, are allowed"
        ],
    );
    check(Imsi, "001 01 0123456789", expect!["001010123456789"]);
    check(Imsi, "0010101234567890", expect!["refused: not an IMSI: it has 6 to 15 digits"]);
    check(Mac, "00-1B-44-11-3A-B7", expect!["00:1b:44:11:3a:b7"]);
    check(Mac, "001b.4411.3ab7", expect!["00:1b:44:11:3a:b7"]);
    check(
        Mac,
        "01:00:5e:00:00:01",
        expect!["refused: not a MAC address: it is the address of a group of devices, not of one"],
    );
    check(
        Mac,
        "00:00:00:00:00:00",
        expect!["refused: not a MAC address: it is all zeros, which is no device's"],
    );
    check(
        Mac,
        "00:1b:44:11:3a",
        expect![
            "refused: not a MAC address: it has 12 hexadecimal digits, as in 00:1b:44:11:3a:b7"
        ],
    );
    check(DeviceId, "app-2F9c", expect!["app-2F9c"]);
    check(
        DeviceId,
        "app 2F9c",
        expect!["refused: not a device id: an id has no blank; for a phone name its kind, imei"],
    );
    assert_eq!(imei_without_check("49015420323751").as_deref(), Ok("490154203237518"));
    assert_eq!(imei_without_check("4901542032375199").as_deref(), Ok("490154203237518"));
    assert!(imei_without_check("490154203237518").is_err());
}

#[test]
fn a_table_has_address_port_and_moments_in_columns_of_their_own() {
    let table = "ip;port;from;until\n192.0.2.1;50386;2026-05-01T10:00:00Z;\n\
        192.0.2.1;50386;2026-05-01T10:00:00Z;2026-05-01T10:01:00Z\n192.0.2.1;50386\n";
    read(
        None,
        table,
        expect![[r#"
        ip_port 192.0.2.1:50386 2026-05-01T10:00:00Z
        ip_port 192.0.2.1:50386 2026-05-01T10:00:00Z/2026-05-01T10:01:00Z
        line 4 (192.0.2.1;50386): the first of two columns is no kind of selector; write account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi or mac, then the value
    "#]],
    );
    let mixed = "ip_port,192.0.2.1,50386,2026-05-01T10:00:00Z\nip,192.0.2.2,1,2026-05-01 10:00Z\n\
        192.0.2.1:50386 2026-05-01T12:00:00+02:00\n00:1B:44:11:3A:B7\nhost,Example.org\n\
        imei,490154203237518\n490154203237518\nexample.org\n";
    read(
        None,
        mixed,
        expect![[r#"
        ip_port 192.0.2.1:50386 2026-05-01T10:00:00Z
        ip_port 192.0.2.2:1 2026-05-01T10:00:00Z
        mac 00:1b:44:11:3a:b7
        domain example.org
        imei 490154203237518
        line 3 repeats line 1
        line 7 (490154203237518): it does not show what it is; write the kind before it: account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi or mac, then a comma
        line 8 (example.org): it does not show what it is; write the kind before it: account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi or mac, then a comma
    "#]],
    );
}

proptest! {
    /// However a place is written, it is the same place, and its spelling reads as itself.
    #[test]
    fn a_place_has_one_spelling(
        ip in prop_oneof![
            any::<u32>().prop_map(|bits| std::net::IpAddr::from(bits.to_be_bytes())),
            any::<u128>().prop_map(|bits| std::net::IpAddr::from(bits.to_be_bytes())),
        ],
        port in 1_u16..,
        second in 0_i64..4_000_000_000,
        length in 1_i64..=IP_PORT_SECONDS_MAX,
        offset in -12_i8..=14,
    ) {
        let from = jiff::Timestamp::from_second(second).unwrap();
        let until = jiff::Timestamp::from_second(second + length).unwrap();
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(offset));
        let local = |at: jiff::Timestamp| at.to_zoned(zone.clone()).timestamp().display_with_offset(
            jiff::tz::offset(offset)).to_string();
        let text = format!("{ip} {port} {}/{}", local(from), local(until));
        if let Ok(once) = Selector::read(Place, &text) {
            let place = once.ip_port().expect("a place");
            prop_assert_eq!((place.port, place.from, place.until), (port, from, until));
            prop_assert_eq!(place.ip, ip.to_canonical());
            prop_assert_eq!(Selector::read(Place, once.value()), Ok(once.clone()));
            let listed = read_many(once.value(), None);
            prop_assert_eq!(listed.selectors, vec![once]);
        } else {
            // Only addresses that are nobody's are refused.
            prop_assert!(Selector::read(Ip, &ip.to_string()).is_err(), "{text}");
        }
    }

    /// One wrong digit of an IMEI never passes, nor do two neighbours that changed places, but for
    /// 0 and 9, which Luhn's digit does not tell apart.
    #[test]
    fn a_wrong_digit_of_an_imei_is_seen(body in "[0-9]{14}", place in 0_usize..15, add in 1_u8..10) {
        let right = imei_without_check(&body).unwrap();
        prop_assert!(Selector::read(Imei, &right).is_ok());
        let mut wrong = right.clone().into_bytes();
        wrong[place] = b'0' + (wrong[place] - b'0' + add) % 10;
        prop_assert!(Selector::read(Imei, std::str::from_utf8(&wrong).unwrap()).is_err());
        let mut swapped = right.into_bytes();
        let at = place.min(13);
        let pair = (swapped[at], swapped[at + 1]);
        swapped.swap(at, at + 1);
        if pair.0 != pair.1 && !matches!(pair, (b'0', b'9') | (b'9', b'0')) {
            prop_assert!(Selector::read(Imei, std::str::from_utf8(&swapped).unwrap()).is_err());
        }
    }

    /// A MAC address with any separator, in any case, is one selector.
    #[test]
    fn a_mac_has_one_spelling(bytes in any::<[u8; 6]>()) {
        let spell = |between: &str| bytes.map(|byte| format!("{byte:02X}")).join(between);
        let first = Selector::read(Mac, &spell(":"));
        prop_assert_eq!(&Selector::read(Mac, &spell("-")), &first);
        prop_assert_eq!(&Selector::read(Mac, &spell("").to_lowercase()), &first);
        prop_assert_eq!(first.is_err(), bytes[0] & 1 == 1 || bytes == [0; 6]);
    }

    /// Any text at all: a domain that is read is plain ASCII in lower case and reads as itself.
    #[test]
    fn a_domain_has_one_spelling(text in "\\PC{1,20}(\\.\\PC{1,10}){1,3}|[a-zA-Zäößßéçñ0-9-]{1,12}\\.[A-Za-z]{2,6}") {
        if let Ok(once) = Selector::read(Domain, &text) {
            let value = once.value();
            prop_assert!(value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.'));
            prop_assert_eq!(Selector::read(Domain, value), Ok(once.clone()));
        }
    }
}

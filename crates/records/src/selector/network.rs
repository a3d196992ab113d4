//! Places in a network: an IP address, one with port and moment, a domain.
//!
//! Knows no log of connections. An address is never taken for a person: carrier-grade NAT gives one
//! IPv4 address to thousands at a time, and only the port tells them apart at a moment (RFC 6269,
//! 13.1; RFC 6302). Whether an address alone is enough is the desk's rule, not this reader's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use jiff::{SignedDuration, Timestamp};

use super::{Flaw, SelectorError};

/// Longest interval of an [`IpPort`], in seconds. Ports go from hand to hand; a longer one names
/// several people.
pub const IP_PORT_SECONDS_MAX: i64 = 3_600;
/// Longest domain in ASCII (RFC 1035, 2.3.4, without the dot of the root).
pub const DOMAIN_BYTES_MAX: usize = 253;

/// An IP address with its port, at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpPort {
    /// The address, never an IPv4 one written as IPv6.
    pub ip: IpAddr,
    /// The port, from 1.
    pub port: u16,
    /// First second meant.
    pub from: Timestamp,
    /// First second no longer meant; a moment is one second long.
    pub until: Timestamp,
}

impl IpPort {
    /// The normal spelling: `192.0.2.1:50386 2026-05-01T10:00:00Z`, or with both ends of an
    /// interval (ISO 8601) `[2001:db8::1]:443 2026-05-01T10:00:00Z/2026-05-01T10:01:00Z`.
    pub fn text(&self) -> String {
        let place = SocketAddr::new(self.ip, self.port);
        if self.until == self.from + SignedDuration::from_secs(1) {
            format!("{place} {}", self.from)
        } else {
            format!("{place} {}/{}", self.from, self.until)
        }
    }

    /// Reads what [`IpPort::text`] writes, and what people write: `192.0.2.1 port 50386 at ..`,
    /// address and port in two columns, any offset, fractions of a second.
    pub(super) fn read(text: &str) -> Result<Self, SelectorError> {
        let refuse = |why| Err(SelectorError::IpPort { why });
        let mut words = text
            .split([' ', '\t', ',', ';'])
            .filter(|word| !word.is_empty() && !matches!(*word, "port" | "at"));
        let Some(first) = words.next() else { return refuse(Flaw::IpPortForm) };
        let (ip, port) = match first.parse::<SocketAddr>() {
            Ok(place) => (place.ip(), Some(place.port())),
            Err(_) => {
                (address(first).ok_or(SelectorError::IpPort { why: Flaw::IpPortForm })?, None)
            }
        };
        let port = match port {
            Some(port) => port,
            None => match words.next().map(str::parse::<u16>) {
                Some(Ok(port)) => port,
                _ => return refuse(Flaw::NoPort),
            },
        };
        if port == 0 {
            return refuse(Flaw::PortRange);
        }
        let ip = ip.to_canonical();
        if let Some(why) = names_nobody(ip) {
            return refuse(why);
        }
        let times = words.collect::<Vec<_>>().join(" ");
        if times.is_empty() {
            return refuse(Flaw::NoMoment);
        }
        let (from, until) = match times.split_once('/') {
            Some((from, until)) => (second(from)?, ceiling(moment(until)?)?),
            None => (second(&times)?, after(second(&times)?)?),
        };
        if until <= from {
            return refuse(Flaw::EndsBeforeBegin);
        }
        if until.duration_since(from) > SignedDuration::from_secs(IP_PORT_SECONDS_MAX) {
            return refuse(Flaw::IntervalTooLong);
        }
        Ok(Self { ip, port, from, until })
    }
}

fn moment(text: &str) -> Result<Timestamp, SelectorError> {
    let text = text.trim();
    let refuse = |why| SelectorError::IpPort { why };
    // `2026-05-01 12:00:00 +02:00` and `.. UTC`, as logs write them.
    let joined = text.trim_end_matches("UTC").trim_end();
    let joined = if joined.len() < text.len() { format!("{joined}Z") } else { text.to_owned() };
    let joined = match joined.rsplit_once(' ') {
        Some((time, offset)) if offset.starts_with(['+', '-']) => format!("{time}{offset}"),
        _ => joined,
    };
    joined.parse::<Timestamp>().map_err(|_| {
        if joined.parse::<jiff::civil::DateTime>().is_ok() {
            refuse(Flaw::MomentWithoutZone)
        } else {
            refuse(Flaw::MomentUnreadable)
        }
    })
}

/// The whole second in which a moment lies.
fn second(text: &str) -> Result<Timestamp, SelectorError> {
    let at = moment(text)?;
    Timestamp::from_second(at.as_nanosecond().div_euclid(1_000_000_000) as i64).map_err(|_| BEYOND)
}

/// The first whole second that is not before a moment.
fn ceiling(at: Timestamp) -> Result<Timestamp, SelectorError> {
    let whole = (at.as_nanosecond() + 999_999_999).div_euclid(1_000_000_000) as i64;
    Timestamp::from_second(whole).map_err(|_| BEYOND)
}

fn after(at: Timestamp) -> Result<Timestamp, SelectorError> {
    at.checked_add(SignedDuration::from_secs(1)).map_err(|_| BEYOND)
}

const BEYOND: SelectorError = SelectorError::IpPort { why: Flaw::MomentTooLate };

/// An IP address in its normal spelling (RFC 5952).
pub(super) fn ip(text: &str) -> Result<String, SelectorError> {
    // PostgreSQL writes a single host as 192.0.2.1/32; a wider network is no selector.
    let host = match text.rsplit_once('/') {
        Some((host, "128")) if host.contains(':') => host,
        Some((host, "32")) if !host.contains(':') => host,
        _ => text,
    };
    let found = address(host).ok_or(SelectorError::Ip { why: Flaw::IpForm })?.to_canonical();
    match names_nobody(found) {
        Some(why) => Err(SelectorError::Ip { why }),
        None => Ok(found.to_string()),
    }
}

fn address(text: &str) -> Option<IpAddr> {
    text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).parse().ok()
}

/// Why an address is nobody's in particular, whatever port and moment stand beside it.
fn names_nobody(ip: IpAddr) -> Option<Flaw> {
    match ip {
        IpAddr::V4(v4) if v4.is_private() || v4.is_link_local() || v4.is_loopback() => {
            Some(Flaw::PrivateIp)
        }
        IpAddr::V4(v4) if is_provider_shared(v4) => Some(Flaw::SharedIp),
        IpAddr::V4(v4) if v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast() => {
            Some(Flaw::NoHostIp)
        }
        IpAddr::V6(v6)
            if v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback() =>
        {
            Some(Flaw::PrivateIp)
        }
        IpAddr::V6(v6) if v6.is_unspecified() || v6.is_multicast() => Some(Flaw::NoHostIp),
        _ => None,
    }
}

/// 100.64.0.0/10 (RFC 6598, 7).
fn is_provider_shared(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    first == 100 && second & 0xc0 == 64
}

/// A domain in its normal spelling: A-labels, lower case, no dot at the end.
pub(super) fn domain(text: &str) -> Result<String, SelectorError> {
    let refuse = |why| Err(SelectorError::Domain { why });
    if text.contains("//") || text.contains(['/', '?', '#']) {
        return refuse(Flaw::DomainWithScheme);
    }
    if text.contains('@') {
        return refuse(Flaw::DomainWithAt);
    }
    if text.contains('*') {
        return refuse(Flaw::DomainWildcard);
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    if address(text).is_some() {
        return refuse(Flaw::DomainIsIp);
    }
    let Ok(ascii) = idna::domain_to_ascii_strict(text) else {
        return refuse(Flaw::DomainLabels);
    };
    let labels: Vec<&str> = ascii.split('.').collect();
    if labels.len() < 2 {
        return refuse(Flaw::DomainOnePart);
    }
    if ascii.len() > DOMAIN_BYTES_MAX || labels.iter().any(|label| !(1..=63).contains(&label.len()))
    {
        return refuse(Flaw::DomainLength);
    }
    if labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        return refuse(Flaw::DomainEndsInNumber);
    }
    Ok(ascii)
}

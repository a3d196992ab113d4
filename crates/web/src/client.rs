//! The network address of whoever asks: the other end of the connection, or what a proxy says that
//! the configuration names.
//!
//! Knows no page and gives no right: limits count by it, and the look for signs of fraud reads it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use server::tls::Peer;

/// The header in which proxies say for whom they ask.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Proxies one behind the other; more say nothing.
const PROXIES_MAX: usize = 16;

/// Whoever asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client {
    /// The other end of the connection.
    pub peer: Option<IpAddr>,
    /// The address that the request came from; none when a proxy does not say it.
    pub address: Option<IpAddr>,
}

impl Client {
    /// Of a request. Only what a proxy of the configuration wrote is believed: it adds the address
    /// it sees at the end of the header, so the list is read from there.
    pub(crate) fn of(extensions: &Extensions, headers: &HeaderMap, proxies: &[IpAddr]) -> Self {
        let plain = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let secure = extensions.get::<ConnectInfo<Peer>>().map(|info| info.0.address.ip());
        let peer = plain.or(secure).map(|address| address.to_canonical());
        let is_proxy = |address: &IpAddr| proxies.iter().any(|one| one.to_canonical() == *address);
        let Some(proxy) = peer.filter(is_proxy) else { return Self { peer, address: peer } };
        let lists = headers.get_all(FORWARDED_FOR).iter().filter_map(|list| list.to_str().ok());
        let hops: Vec<&str> = lists.flat_map(|list| list.split(',')).map(str::trim).collect();
        let mut address = Some(proxy);
        for hop in hops.iter().rev().take(PROXIES_MAX) {
            address = read(hop);
            if !address.as_ref().is_some_and(is_proxy) {
                break;
            }
        }
        // A proxy that names nobody asks for somebody it does not name.
        Self { peer, address: address.filter(|address| !is_proxy(address)) }
    }
}

/// An address, with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().ok();
    let address = bare.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // `site::enter` goes around every page and leaves it there.
        Ok(parts.extensions.get::<Self>().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn address(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut extensions = Extensions::new();
        let peer: SocketAddr = format!("{peer}:443").parse().expect("an address");
        extensions.insert(ConnectInfo(peer));
        let mut headers = HeaderMap::new();
        for list in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(list).expect("a header"));
        }
        let proxies: Vec<IpAddr> = proxies.iter().map(|one| one.parse().expect("one")).collect();
        let found = Client::of(&extensions, &headers, &proxies).address;
        found.map_or_else(|| "-".to_owned(), |address| address.to_string())
    }

    #[test]
    fn the_header_counts_only_when_a_known_proxy_wrote_it() {
        const PROXY: &[&str] = &["10.0.0.1", "10.0.0.2"];
        let cases = [
            (address("192.0.2.7", &[], &[]), "192.0.2.7"),
            (address("192.0.2.7", &["198.51.100.1"], PROXY), "192.0.2.7"),
            (address("10.0.0.1", &["198.51.100.1"], PROXY), "198.51.100.1"),
            (address("10.0.0.1", &["198.51.100.1"], &[]), "10.0.0.1"),
            // Whatever the sender wrote himself stands before what the proxy adds.
            (address("10.0.0.1", &["203.0.113.9, 198.51.100.1"], PROXY), "198.51.100.1"),
            (
                address("10.0.0.1", &["203.0.113.9", "198.51.100.1, 10.0.0.2"], PROXY),
                "198.51.100.1",
            ),
            (address("10.0.0.1", &["[2001:db8::1]:8080"], PROXY), "2001:db8::1"),
            (address("10.0.0.1", &["::ffff:198.51.100.1"], PROXY), "198.51.100.1"),
            (address("10.0.0.1", &["unknown"], PROXY), "-"),
            (address("10.0.0.1", &[], PROXY), "-"),
        ];
        for (at, (found, expected)) in cases.iter().enumerate() {
            assert_eq!(found, expected, "case {at}");
        }
    }
}

//! Whom a request comes from behind proxies: what `X-Forwarded-For` says, or `Forwarded` (RFC 7239) where there is none.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The addresses that a request has passed, the nearest first, up to one that is not told. A proxy that writes one of the two
/// headers passes the other on as the client sent it, so they are never mixed.
pub fn hops(headers: &HeaderMap) -> Vec<IpAddr> {
    let told = |name: HeaderName| {
        let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        lines.flat_map(|line| line.split(',')).map(str::trim).collect::<Vec<_>>()
    };
    if headers.contains_key(X_FORWARDED_FOR) {
        return told(X_FORWARDED_FOR).into_iter().rev().map_while(node).collect();
    }
    told(header::FORWARDED).into_iter().rev().map_while(|element| node(parameter(element, "for")?)).collect()
}

/// `for=192.0.2.60;proto=http`: names in any case. No address holds a `;`, so quotes need not be looked into.
fn parameter<'a>(element: &'a str, wanted: &str) -> Option<&'a str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.trim(), value.trim()))
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value)
}

/// An address, with or without a port and brackets; none for `unknown` and made-up names.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn check(name: &'static str, lines: &[&str], expected: &[&str]) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_str(line).unwrap());
        }
        let found: Vec<_> = hops(&headers).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{lines:?}");
    }

    #[test]
    fn addresses_are_read_with_ports_and_brackets() {
        let name = "x-forwarded-for";
        check(name, &["192.0.2.1"], &["192.0.2.1"]);
        check(name, &["192.0.2.1:41000"], &["192.0.2.1"]);
        check(name, &["2001:db8::1"], &["2001:db8::1"]);
        check(name, &["[2001:db8::1]"], &["2001:db8::1"]);
        check(name, &["[2001:db8::1]:4000"], &["2001:db8::1"]);
        check(name, &["::ffff:192.0.2.1"], &["192.0.2.1"]);
        check(name, &["\"192.0.2.1:80\""], &["192.0.2.1"]);
        check(name, &["192.0.2.1,198.51.100.2:9 ,  203.0.113.3"], &["203.0.113.3", "198.51.100.2", "192.0.2.1"]);
        check(name, &["192.0.2.1", "198.51.100.2"], &["198.51.100.2", "192.0.2.1"]);
        // What stands left of a name that says nothing could be anybody's.
        check(name, &["192.0.2.1, unknown, 203.0.113.3"], &["203.0.113.3"]);
        for nothing in ["", "unknown", "localhost", "192.0.2.1:99999", "192.0.2", "[192.0.2.1", "2001:db8::1:zz"] {
            check(name, &[nothing], &[]);
        }
    }

    #[test]
    fn forwarded_is_read_as_its_standard_writes_it() {
        let name = "forwarded";
        check(name, &["for=192.0.2.60;proto=http;by=203.0.113.43"], &["192.0.2.60"]);
        check(name, &["For=\"[2001:db8:cafe::17]:4711\""], &["2001:db8:cafe::17"]);
        check(name, &["proto=https; FOR = \"192.0.2.60:8080\""], &["192.0.2.60"]);
        check(name, &["for=192.0.2.43, for=198.51.100.17"], &["198.51.100.17", "192.0.2.43"]);
        check(name, &["for=192.0.2.43", "for=198.51.100.17;host=a"], &["198.51.100.17", "192.0.2.43"]);
        check(name, &["for=192.0.2.43, for=_hidden, for=198.51.100.17"], &["198.51.100.17"]);
        for nothing in ["for=unknown", "for=\"_gazonk\"", "by=192.0.2.1", "192.0.2.1", "for="] {
            check(name, &[nothing], &[]);
        }
    }

    #[test]
    fn the_two_headers_are_never_mixed() {
        let mut headers = HeaderMap::new();
        headers.insert("forwarded", HeaderValue::from_static("for=192.0.2.60"));
        headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.2"));
        assert_eq!(hops(&headers), ["198.51.100.2".parse::<IpAddr>().unwrap()]);
        headers.insert("x-forwarded-for", HeaderValue::from_static("unknown"));
        assert!(hops(&headers).is_empty());
    }
}

//! Who is at the other end of a connection.

use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::domain::page;
use crate::domain::unseen::is_unseen;
use crate::limits::network;
use crate::web::App;
use crate::web::error::{ApiError, Result};

pub const USER_AGENT_CHARS_MAX: usize = 512;

/// The socket's other end, put into every request by the accept loop.
#[derive(Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The caller's address, as far as it can be trusted.
#[derive(Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// IPv6 hands whole networks of addresses to one customer, so limits count those.
    pub fn bucket(self) -> String {
        network::narrowest(self.0).to_string()
    }
}

impl FromRequestParts<App> for ClientAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Ok(Self(address(parts, &app.config.server.trusted_proxies)))
    }
}

/// The right-most hop that is no proxy of ours; what stands left of it anyone could have written.
pub fn address(parts: &Parts, trusted: &[String]) -> IpAddr {
    let peer = parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    let is_proxy = |ip: &IpAddr| trusted.iter().any(|proxy| proxy.parse::<IpAddr>().is_ok_and(|p| p == ip.to_canonical()));
    if !is_proxy(&peer) {
        return peer;
    }
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    let hops = hops.iter().rev().map_while(|hop| hop.parse::<IpAddr>().ok());
    let mut last = peer;
    for hop in hops {
        last = hop;
        if !is_proxy(&hop) {
            break;
        }
    }
    last
}

pub fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().filter(|c| !is_unseen(*c)).take(USER_AGENT_CHARS_MAX).collect())
}

pub fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN)?.to_str().ok()
}

/// Whether a page of this server asks: the dashboard's preview, or the demo page.
pub fn is_own_page(app: &App, headers: &HeaderMap) -> bool {
    let Some(origin) = origin(headers).and_then(page::origin) else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let same_host = host.is_some_and(|host| origin.split_once("://").is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host)));
    same_host || page::origin(app.config.public_url()).is_some_and(|own| own == origin)
}

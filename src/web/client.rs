//! Who is at the other end of a connection.

use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use url::{Host, Url};

use crate::config;
use crate::domain::address::nearby;
use crate::domain::page;
use crate::domain::unseen::is_unseen;
use crate::domain::webhook::url::public_name;
use crate::limits::network;
use crate::web::App;
use crate::web::error::{ApiError, Result};
use crate::web::forwarded::hops;

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
        Ok(Self(address(parts, &app.config.server)))
    }
}

/// The nearest hop that is no proxy of ours; what stands behind it anyone could have written.
pub fn address(parts: &Parts, server: &config::Server) -> IpAddr {
    let peer = parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    if !server.trusts(peer) {
        return peer;
    }
    let mut last = peer;
    for hop in hops(&parts.headers) {
        last = hop;
        if !server.trusts(hop) {
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

/// Whether a page of this server asks: one of the dashboard's, or the demo page. A page from elsewhere whose name was made
/// to lead here sends a `Host` that agrees with its `Origin`, too, so that counts only where no such page can come from.
pub fn is_own_page(app: &App, headers: &HeaderMap) -> bool {
    let Some(origin) = origin(headers).and_then(page::origin) else { return false };
    let same_host = host(headers).is_some_and(|host| {
        let is_same = origin.split_once("://").is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host));
        is_same && is_at_home(app, host)
    });
    let is_ours = same_host || page::origin(app.config.public_url()).is_some_and(|own| own == origin);
    // Under a path, the site's own pages have the same origin.
    is_ours && (app.config.path().is_empty() || asking_page(app, headers).is_some())
}

/// The path of this server's page that asks, as browsers tell it to the page's own host.
pub fn asking_page(app: &App, headers: &HeaderMap) -> Option<String> {
    let page = Url::parse(headers.get(header::REFERER)?.to_str().ok()?).ok()?;
    let inner = page.path().strip_prefix(app.config.path())?;
    (inner.is_empty() || inner.starts_with('/')).then(|| inner.to_owned())
}

/// Whether the request comes from this very machine, and from nobody for whom a proxy or a foreign page speaks.
pub fn is_from_here(app: &App, parts: &Parts) -> bool {
    let is_near = parts.extensions.get::<Peer>().is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    let forwarded = FORWARDED.iter().any(|name| parts.headers.contains_key(*name));
    is_near && !forwarded && host(&parts.headers).is_some_and(|host| is_at_home(app, host))
}

/// What proxies add.
const FORWARDED: [&str; 6] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// Whether nobody but this machine and its own network can answer under what a `Host` header names: an address is what it
/// is, and only names of the public internet are somebody else's to point here.
fn is_at_home(app: &App, host: &str) -> bool {
    match Url::parse(&format!("http://{host}")).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => !public_name(name.trim_end_matches('.')),
        Some(Host::Ipv4(ip)) => is_own_address(app, ip.into()),
        Some(Host::Ipv6(ip)) => is_own_address(app, ip.into()),
        None => false,
    }
}

/// A server that listens on every address may have any.
fn is_own_address(app: &App, ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    let listen = app.config.server.listen.parse::<SocketAddr>().ok().map(|listen| listen.ip());
    nearby(ip) || listen.is_some_and(|own| own == ip || own.is_unspecified())
}

//! The only way out: every HTTP request to an address that somebody else chose.

pub mod guard;
mod names;
#[cfg(test)]
pub mod script;
pub mod stream;
#[cfg(test)]
mod tests;

use std::io::{ErrorKind, Read};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ureq::tls::TlsConfig;
use ureq::unversioned::resolver::Resolver;
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport};
use ureq::{Agent, Body, Error, Timeout};

use crate::egress::guard::{Blocked, Guard, Policy};
use crate::egress::names::Names;

const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);
/// TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Room for a head and more; ureq clears all of it for each connection.
const BUFFER_BYTES: usize = 2 * HEAD_BYTES_MAX;
/// Read so that most receivers can finish writing, though less is kept.
const BODY_BYTES_READ: u64 = 16 * 1024 + 1;
const BODY_BYTES_KEPT: usize = 4 * 1024;

#[derive(Clone)]
pub struct Egress {
    policy: Arc<Policy>,
    names: Arc<dyn Resolver>,
    connector: SharedConnector,
    tls: TlsConfig,
}

/// A POST to an endpoint that is not trusted.
pub struct Request<'a> {
    pub url: &'a str,
    pub headers: &'a [(&'a str, String)],
    pub body: &'a [u8],
    /// For everything, from the first lookup to the last byte.
    pub timeout_ms: u64,
}

/// What came of it. There is an error exactly if there is no status.
#[derive(Debug, Default)]
pub struct Outcome {
    pub status: Option<u16>,
    pub headers: Vec<(String, String)>,
    /// The first 4 KiB, as text.
    pub body: String,
    pub error: Option<Failure>,
    pub duration_ms: i64,
    /// Where the first connection went; for the operator, not for the endpoint's owner.
    pub remote: Option<IpAddr>,
    pub retry_after: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Dns,
    BlockedAddress,
    ConnectRefused,
    ConnectTimeout,
    Tls,
    Timeout,
    Protocol,
}

impl Failure {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns_error",
            Self::BlockedAddress => "blocked_address",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::Tls => "tls_error",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol_error",
        }
    }
}

impl Egress {
    pub fn new(policy: Policy) -> Self {
        Self::with_names(policy, Names::default())
    }

    fn with_names(policy: Policy, names: impl Resolver) -> Self {
        let connector = SharedConnector(Arc::new(DefaultConnector::new()));
        Self { policy: Arc::new(policy), names: Arc::new(names), connector, tls: TlsConfig::default() }
    }

    /// Sends, and waits for the answer. A status of any kind is an answer; it decides even if its body never ends.
    pub fn post(&self, request: &Request) -> Outcome {
        let started = Instant::now();
        let remote = Arc::new(OnceLock::new());
        let mut outcome = self.exchange(request, remote.clone()).unwrap_or_else(|error| {
            tracing::debug!(url = request.url, %error, "request failed");
            Outcome { error: Some(failure(&error)), ..Outcome::default() }
        });
        outcome.duration_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        outcome.remote = remote.get().copied();
        outcome
    }

    fn exchange(&self, request: &Request, remote: Arc<OnceLock<IpAddr>>) -> Result<Outcome, Error> {
        let agent = self.agent(CONNECT_TIMEOUT, Duration::from_millis(request.timeout_ms), remote);
        let mut call = agent.post(request.url).header("connection", "close");
        for (name, value) in request.headers {
            call = call.header(*name, value);
        }
        Ok(read(call.send(request.body)?))
    }

    /// An agent for one request, so without kept connections: one that the receiver is about to close would cost a
    /// failed attempt, and no call can see anything of another.
    fn agent(&self, connect_timeout: Duration, timeout: Duration, remote: Arc<OnceLock<IpAddr>>) -> Agent {
        let config = Agent::config_builder()
            // Through a proxy the guard would be asked about the proxy's address alone.
            .proxy(None)
            .tls_config(self.tls.clone())
            .https_only(!self.policy.allow_http)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent("ChatForge/1")
            .max_response_header_size(HEAD_BYTES_MAX)
            .input_buffer_size(BUFFER_BYTES)
            .output_buffer_size(BUFFER_BYTES)
            .max_idle_connections(0)
            .timeout_resolve(Some(RESOLVE_TIMEOUT))
            .timeout_connect(Some(connect_timeout))
            .timeout_global(Some(timeout))
            .build();
        let guard = Guard { policy: self.policy.clone(), names: self.names.clone(), remote };
        Agent::with_parts(config, self.connector.clone(), guard)
    }
}

fn read(mut response: ureq::http::Response<Body>) -> Outcome {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers: Vec<_> = response.headers().iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect();
    let mut body = Vec::new();
    // `take` counts what is read here; the limit of ureq's own reader counts bytes before decoding.
    let whole = response.body_mut().as_reader().take(BODY_BYTES_READ).read_to_end(&mut body);
    if let Err(error) = whole {
        tracing::debug!(%error, "the answer's body broke off");
    }
    body.truncate(BODY_BYTES_KEPT);
    Outcome {
        status: Some(response.status().as_u16()),
        retry_after: headers.iter().find(|(name, _)| name == "retry-after").map(|(_, value)| value.clone()),
        headers,
        body: text(&body),
        ..Outcome::default()
    }
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::HostNotFound | Error::Timeout(Timeout::Resolve) => Failure::Dns,
        Error::RequireHttpsOnly(_) => Failure::BlockedAddress,
        Error::Other(cause) if cause.is::<Blocked>() => Failure::BlockedAddress,
        Error::Timeout(Timeout::Connect) => Failure::ConnectTimeout,
        Error::Timeout(_) => Failure::Timeout,
        Error::Tls(_) | Error::Rustls(_) => Failure::Tls,
        Error::Io(cause) => io_failure(cause.kind()),
        _ => Failure::Protocol,
    }
}

fn io_failure(kind: ErrorKind) -> Failure {
    match kind {
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => Failure::ConnectRefused,
        ErrorKind::TimedOut => Failure::Timeout,
        // How rustls reports all that it finds wrong, certificates included, through the stream it wraps.
        ErrorKind::InvalidData => Failure::Tls,
        _ => Failure::Protocol,
    }
}

/// The connector outlives the agents because it holds the TLS configuration, which is slow to build.
#[derive(Clone, Debug)]
struct SharedConnector(Arc<DefaultConnector>);

impl Connector for SharedConnector {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<()>) -> Result<Option<Self::Out>, Error> {
        self.0.connect(details, chained)
    }
}

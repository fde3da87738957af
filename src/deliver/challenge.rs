//! Asks a new webhook's address to prove that it wants our events: it must send back a random value.

use serde_json::{Value, json};
use url::Url;

use crate::auth::{same, token};
use crate::deliver::Shared;
use crate::deliver::request::signatures;
use crate::deliver::sign::Secrets;
use crate::domain::id::{ALPHABET, RANDOM_CHARS, WebhookId};
use crate::domain::webhook::url::{FIRST_FREE_PORT, is_usual_port};
use crate::egress::{Failure, Outcome, Request};

#[derive(Debug, PartialEq, Eq)]
pub enum Unproven {
    /// Too many addresses are being asked at this moment.
    TooMany,
    /// What was seen instead of the challenge.
    Failed(String),
}

pub fn ask(shared: &Shared, webhook: &WebhookId, url: &str, secrets: &Secrets) -> Result<(), Unproven> {
    let Shared { world, egress, timeout_ms, .. } = shared;
    let challenge = token::generate(world);
    let body = json!({ "type": "webhook.verification", "challenge": challenge, "webhook_id": webhook.as_str() }).to_string();
    let id = format!("msg_{}", world.pick(ALPHABET, RANDOM_CHARS));
    let headers = signatures(secrets, &id, world.now(), body.as_bytes());
    let answer = egress.post(&Request { url, headers: &headers, body: body.as_bytes(), timeout_ms: *timeout_ms });
    judge(&answer, &challenge).map_err(|cause| Unproven::Failed(told(url, &answer, cause)))
}

/// What the caller hears. On other ports than those of webhooks it must not learn what listens there, if anything does: one
/// text for all, but for what says nothing of the port.
fn told(url: &str, answer: &Outcome, cause: String) -> String {
    let url = Url::parse(url).ok();
    let port = url.as_ref().and_then(Url::port_or_known_default).unwrap_or_default();
    let leads_nowhere = matches!(answer.error, Some(Failure::Dns | Failure::BlockedAddress));
    if is_usual_port(port, url.as_ref().is_some_and(|url| url.scheme() == "http")) {
        return cause;
    }
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    tracing::info!(host, port, cause, "a challenge was not confirmed");
    match leads_nowhere {
        true if port < FIRST_FREE_PORT => "its host has no address where this port is allowed".into(),
        true => cause,
        false => {
            "it did not send it back within 10 seconds. The server's log contains the cause; it is shown here only for port 443"
                .into()
        }
    }
}

fn judge(answer: &Outcome, challenge: &str) -> Result<(), String> {
    match (answer.status, answer.error) {
        (Some(200..=299), _) if confirms(&answer.body, challenge) => Ok(()),
        (Some(200..=299), _) => Err("it responded with a body other than the challenge".into()),
        (Some(status), _) => Err(format!("it responded with status {status}")),
        (None, failure) => Err(words(failure).into()),
    }
}

/// The value itself, or an object that holds it at its top: a service that blindly echoes the request proves nothing.
fn confirms(body: &str, challenge: &str) -> bool {
    let held = serde_json::from_str::<Value>(body).ok().filter(|value| value.get("type").is_none());
    let held = held.as_ref().and_then(|value| value.get("challenge")).and_then(Value::as_str);
    same(held.unwrap_or(body.trim()).as_bytes(), challenge.as_bytes())
}

/// Nothing here tells a name that leads inside from one that leads nowhere.
const fn words(failure: Option<Failure>) -> &'static str {
    match failure {
        Some(Failure::Timeout | Failure::ConnectTimeout) => "it did not respond within 10 seconds",
        Some(Failure::Tls) => "its TLS certificate or version was rejected",
        Some(Failure::ConnectRefused) => "the connection was refused",
        Some(Failure::Protocol) => "it did not respond with HTTP",
        Some(Failure::Dns | Failure::BlockedAddress) | None => "its host has no address on the public internet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d13_only_the_challenge_itself_confirms() {
        for right in ["abc", "abc\n", r#"{"challenge":"abc"}"#, r#"{"ok":true,"challenge":"abc"}"#] {
            assert!(confirms(right, "abc"), "{right}");
        }
        let echo = r#"{"type":"webhook.verification","challenge":"abc"}"#;
        for wrong in ["", "ab", "abcd", "\"abc\"", r#"{"data":{"challenge":"abc"}}"#, r#"["abc"]"#, echo] {
            assert!(!confirms(wrong, "abc"), "{wrong}");
        }
    }

    #[test]
    fn only_on_the_ports_of_webhooks_is_it_told_what_was_seen() {
        let failed = |error| Outcome { error: Some(error), ..Outcome::default() };
        let seen = [
            failed(Failure::ConnectRefused),
            failed(Failure::ConnectTimeout),
            failed(Failure::Timeout),
            failed(Failure::Tls),
            failed(Failure::Protocol),
            Outcome { status: Some(404), ..Outcome::default() },
            Outcome { status: Some(302), ..Outcome::default() },
            Outcome { status: Some(200), body: "SSH-2.0".into(), ..Outcome::default() },
        ];
        let texts = |url: &str| {
            let told = seen.iter().map(|answer| told(url, answer, judge(answer, "abc").unwrap_err()));
            told.collect::<std::collections::BTreeSet<_>>()
        };
        for url in ["https://example.com/", "https://example.com:443/x", "http://example.com/", "http://example.com:80/"] {
            assert!(texts(url).len() >= 7, "{url}: {:?}", texts(url));
        }
        for url in
            ["https://example.com:8443/", "https://[2606:4700::1111]:6379/", "http://example.com:8080/", "https://10.1.2.3:80/"]
        {
            assert_eq!(texts(url).len(), 1, "{url}: {:?}", texts(url));
        }
        let nowhere = |url: &str, error| told(url, &failed(error), words(Some(error)).into());
        for url in ["https://example.com/", "https://example.com:8443/", "https://example.com:25/"] {
            assert_eq!(nowhere(url, Failure::Dns), nowhere(url, Failure::BlockedAddress), "{url}");
        }
    }
}

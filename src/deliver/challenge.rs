//! Asks a new webhook's address to prove that it wants our events: it must send back a random value.

use serde_json::{Value, json};

use crate::auth::{same, token};
use crate::deliver::Shared;
use crate::deliver::request::signatures;
use crate::deliver::sign::Secrets;
use crate::domain::id::{ALPHABET, RANDOM_CHARS, WebhookId};
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
    judge(&answer, &challenge).map_err(Unproven::Failed)
}

fn judge(answer: &Outcome, challenge: &str) -> Result<(), String> {
    match (answer.status, answer.error) {
        (Some(200..=299), _) if confirms(&answer.body, challenge) => Ok(()),
        (Some(200..=299), _) => Err("it answered with another body than the challenge".into()),
        (Some(status), _) => Err(format!("it answered with status {status}")),
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
        Some(Failure::Timeout | Failure::ConnectTimeout) => "it did not answer within 10 seconds",
        Some(Failure::Tls) => "its TLS certificate or version is not accepted",
        Some(Failure::ConnectRefused) => "the connection was refused",
        Some(Failure::Protocol) => "it did not answer in HTTP",
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
}

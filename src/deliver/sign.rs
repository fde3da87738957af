//! Signatures of webhook requests: our own over the body, and the one of Standard Webhooks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::auth::vault::Vault;
use crate::auth::{hex, hmac};
use crate::domain::id::WebhookId;
use crate::domain::place;
use crate::domain::time::Time;
use crate::world::World;

const PREFIX: &str = "whsec_";
const RANDOM_CHARS: usize = 32;
const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What a webhook's receiver shares with us.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    text: String,
    /// What the text after the prefix stands for in base64: the key of Standard Webhooks.
    key: Vec<u8>,
}

/// The secret that signs, and during a rotation the one that is to follow: then both do.
#[derive(Clone)]
pub struct Secrets {
    pub current: Secret,
    pub next: Option<Secret>,
}

impl Secrets {
    pub const fn only(current: Secret) -> Self {
        Self { current, next: None }
    }

    /// Opens what the store keeps of a webhook.
    pub fn open(vault: &Vault, webhook: &WebhookId, current: &[u8], next: Option<&[u8]>) -> Option<Self> {
        let place = place::of_secret(webhook);
        let open = |sealed: &[u8]| vault.open(sealed, &place).ok().and_then(|text| Secret::parse(&text));
        Some(Self { current: open(current)?, next: next.and_then(open) })
    }
}

impl Secret {
    /// 32 letters and digits are also the base64 of 24 bytes, so one secret serves both signatures.
    pub fn generate(world: &World) -> Self {
        let text = format!("{PREFIX}{}", world.pick(ALPHANUMERIC, RANDOM_CHARS));
        Self::parse(&text).expect("letters and digits, in fours, are base64")
    }

    pub fn parse(text: &str) -> Option<Self> {
        let key = STANDARD.decode(text.strip_prefix(PREFIX)?).ok().filter(|key| !key.is_empty())?;
        Some(Self { text: text.to_owned(), key })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `X-ChatForge-Signature`: hexadecimal, keyed with the whole text, prefix included.
    pub fn sign_body(&self, body: &[u8]) -> String {
        hex(&hmac(self.text.as_bytes(), &[body]))
    }

    /// `webhook-signature`: also covers the id and the time, so that an old request cannot be sent again.
    pub fn sign_message(&self, id: &str, at: Time, body: &[u8]) -> String {
        let head = format!("{id}.{}.", at.seconds());
        format!("v1,{}", STANDARD.encode(hmac(&self.key, &[head.as_bytes(), body])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    #[test]
    fn e15_the_body_is_signed_as_documented() {
        let signature = Secret::parse(TEXT).unwrap().sign_body(BODY);
        assert_eq!(signature, "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c");
    }

    #[test]
    fn e15_the_message_is_signed_as_standard_webhooks_does() {
        let at = Time::from_ms(1_614_265_330_999);
        let signature = Secret::parse(TEXT).unwrap().sign_message("msg_p5jXN8AQM9LWM0D4loKWxJek", at, BODY);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_generated_secret_is_the_base64_of_24_bytes() {
        let secret = Secret::generate(&World::machine(0));
        assert_eq!((secret.as_str().len(), secret.key.len()), (38, 24));
        assert!(Secret::parse(secret.as_str()) == Some(secret));
    }

    #[test]
    fn what_is_no_secret_is_not_read() {
        for wrong in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_***", "whsec_abcde"] {
            assert!(Secret::parse(wrong).is_none(), "{wrong}");
        }
    }
}

//! Tokens: random ones that the store remembers by their hash, and signed ones that need no memory.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::auth::{hmac, same};
use crate::world::World;

const RANDOM_BYTES: usize = 32;

/// A token of 43 URL-safe characters that nobody can guess; stored as [`crate::auth::hash`] of it.
pub fn generate(world: &World) -> String {
    let mut bytes = [0; RANDOM_BYTES];
    world.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Writes payloads into tokens and reads them back from tokens that it wrote.
#[derive(Clone)]
pub struct Signer {
    key: [u8; 32],
}

impl Signer {
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// `payload.signature`, both base64url. Anyone can read the payload; nobody can change it.
    pub fn sign(&self, payload: &[u8]) -> String {
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let signature = URL_SAFE_NO_PAD.encode(self.signature(&payload));
        format!("{payload}.{signature}")
    }

    /// The payload, if this signer signed it.
    pub fn open(&self, token: &str) -> Option<Vec<u8>> {
        let (payload, signature) = token.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if !same(&signature, &self.signature(payload)) {
            return None;
        }
        URL_SAFE_NO_PAD.decode(payload).ok()
    }

    fn signature(&self, payload: &str) -> [u8; 32] {
        hmac(&self.key, &[payload.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_token_is_43_url_safe_characters() {
        let world = World::machine(0);
        let token = generate(&world);
        assert_eq!(token.len(), 43);
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_ne!(token, generate(&world));
    }

    #[test]
    fn a_signed_payload_comes_back() {
        let signer = Signer::new([7; 32]);
        for payload in [b"".as_slice(), b"vis_a1b2c3d4e5|1773563400", &[0, 255, b'.', 128]] {
            assert_eq!(signer.open(&signer.sign(payload)).as_deref(), Some(payload));
        }
    }

    #[test]
    fn a_changed_or_foreign_token_does_not_open() {
        let signer = Signer::new([7; 32]);
        let token = signer.sign(b"vis_a1b2c3d4e5");
        assert_eq!(Signer::new([8; 32]).open(&token), None);
        for position in 0..token.len() {
            let other = if token.as_bytes()[position] == b'A' { "B" } else { "A" };
            let mut wrong = token.clone();
            wrong.replace_range(position..=position, other);
            assert_eq!(signer.open(&wrong), None, "{wrong}");
        }
        let (payload, signature) = token.split_once('.').unwrap();
        for wrong in ["", ".", payload, &format!("{payload}."), &format!(".{signature}"), &format!("{token}=")] {
            assert_eq!(signer.open(wrong), None, "{wrong}");
        }
    }
}

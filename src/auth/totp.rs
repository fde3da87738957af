//! Codes that an authenticator computes from a shared secret and the time (RFC 6238): SHA-1, 30 seconds, 6 digits, as every
//! authenticator knows them.

use totp_rs::{Builder, Secret, Totp};

use crate::domain::time::Time;
use crate::world::World;

pub const DIGITS: usize = 6;
const SECRET_BYTES: usize = 20;
const ISSUER: &str = "ChatForge";
/// An authenticator's clock may be half a minute off, and people type slowly.
const STEPS_AROUND: u16 = 1;

/// A secret in base32, as people can type it.
pub fn generate(world: &World) -> String {
    let mut bytes = [0; SECRET_BYTES];
    world.fill(&mut bytes);
    Secret::new_stack(bytes).to_base32()
}

/// The address that a QR code tells an authenticator; `None` where the secret is none.
pub fn uri(secret: &str, email: &str) -> Option<String> {
    // A colon would end the issuer's name.
    let builder = builder(secret)?.with_issuer(Some(ISSUER)).with_account_name(email.replace(':', " "));
    builder.build().ok()?.to_url().ok()
}

/// The step of time whose code this is, if it is that of now, of the step before or of the step after.
pub fn step(secret: &str, code: &str, now: Time) -> Option<i64> {
    let totp: Totp = builder(secret)?.build().ok()?;
    let step = totp.check(code, u64::try_from(now.seconds()).ok()?)?;
    i64::try_from(step).ok()
}

/// Six digits, however they are spaced.
pub fn read(text: &str) -> Option<String> {
    let code: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    (code.len() == DIGITS && code.bytes().all(|b| b.is_ascii_digit())).then_some(code)
}

fn builder(secret: &str) -> Option<Builder> {
    Some(Builder::new().with_secret(Secret::try_from_base32(secret).ok()?).with_skew(STEPS_AROUND))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's test vectors: "12345678901234567890".
    const RFC_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn step_at(code: &str, seconds: i64) -> Option<i64> {
        step(RFC_SECRET, code, Time::from_ms(seconds * 1_000))
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // The last six of the eight digits that the RFC shows.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_at(code, seconds), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_one_around_it() {
        let first = 1_234_567_890;
        let step = Some(first / 30);
        assert_eq!([first - 30, first, first + 29, first + 59].map(|at| step_at("005924", at)), [step; 4]);
        assert_eq!([first - 31, first + 60].map(|at| step_at("005924", at)), [None; 2]);
    }

    #[test]
    fn what_is_no_code_is_none() {
        for text in ["", "12345", "1234567", "12345a", "１２３４５６", "-12345", "abcd-efgh-jkmn-pqrs"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(" 005 924\n").as_deref(), Some("005924"));
        for code in ["", "5924", "00592４"] {
            assert_eq!(step_at(code, 1_234_567_890), None, "{code}");
        }
    }

    #[test]
    fn a_secret_has_160_bits_and_is_told_to_authenticators() {
        let world = World::machine(0);
        let secret = generate(&world);
        assert_eq!(secret.len(), 32);
        assert_ne!(secret, generate(&world));
        let expected = format!("otpauth://totp/ChatForge:jane%2Bx%40example.com?secret={secret}&issuer=ChatForge");
        assert_eq!(uri(&secret, "jane+x@example.com").as_deref(), Some(expected.as_str()));
        assert_eq!((uri("not base32!", "jane@example.com"), step("", "005924", Time::default())), (None, None));
    }
}

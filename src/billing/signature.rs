//! The signature of Stripe's events: `t=1492774577,v1=5257a8…,v0=6ffbb5…`.

use crate::auth::{hex, hmac, same};
use crate::domain::time::Time;

/// How far Stripe's clock and ours may be apart, and how long a request may be kept and sent again.
const AGE_SECONDS_MAX: u64 = 300;

/// Whether one of the secrets signed this body, a moment ago.
pub fn is_genuine<'a>(header: &str, body: &[u8], secrets: impl IntoIterator<Item = &'a str>, now: Time) -> bool {
    let fields = || header.split(',').filter_map(|field| field.split_once('='));
    let values = |name: &'static str| fields().filter(move |(found, _)| *found == name).map(|(_, value)| value);
    let mut times = values("t");
    // Of two times, which was signed? Stripe sends one.
    let (Some(time), None) = (times.next(), times.next()) else { return false };
    if !is_recent(time, now) {
        return false;
    }
    secrets.into_iter().any(|secret| {
        let expected = hex(&hmac(secret.as_bytes(), &[time.as_bytes(), b".", body]));
        values("v1").any(|signature| same(signature.as_bytes(), expected.as_bytes()))
    })
}

fn is_recent(time: &str, now: Time) -> bool {
    let digits = !time.is_empty() && time.bytes().all(|b| b.is_ascii_digit());
    let seconds = time.parse::<i64>().ok().filter(|_| digits);
    seconds.is_some_and(|seconds| now.seconds().abs_diff(seconds) <= AGE_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const TIME: i64 = 1_492_774_577;
    // Computed by the official library for Python.
    const SIGNATURE: &str = "7656fc2882a7ca0a651666b36bf2f2f22ee204f54f608f227498a2419f2890b2";

    fn genuine(header: &str, now_seconds: i64) -> bool {
        is_genuine(header, BODY, ["whsec_old", "whsec_test"], Time::from_ms(now_seconds * 1000))
    }

    #[test]
    fn what_a_secret_signed_is_genuine() {
        assert!(genuine(&format!("t={TIME},v1={SIGNATURE}"), TIME));
        assert!(genuine(&format!("t={TIME},v1=00,v1={SIGNATURE},v0=ff"), TIME));
        assert!(genuine(&format!("v1={SIGNATURE},t={TIME}"), TIME));
        assert!(!is_genuine(&format!("t={TIME},v1={SIGNATURE}"), BODY, ["whsec_other"], Time::from_ms(TIME * 1000)));
        assert!(!is_genuine(&format!("t={TIME},v1={SIGNATURE}"), BODY, [], Time::from_ms(TIME * 1000)));
    }

    #[test]
    fn a_signature_is_as_old_as_five_minutes() {
        let header = format!("t={TIME},v1={SIGNATURE}");
        for (apart, expected) in [(300, true), (-300, true), (301, false), (-301, false)] {
            assert_eq!(genuine(&header, TIME + apart), expected, "{apart}");
        }
    }

    #[test]
    fn anything_else_is_forged() {
        let upper = SIGNATURE.to_uppercase();
        for header in [
            String::new(),
            format!("v1={SIGNATURE}"),
            format!("t={TIME}"),
            format!("t={TIME},v1="),
            format!("t={TIME},v1"),
            format!("t={TIME},v1={}", &SIGNATURE[..32]),
            format!("t={TIME},v1={SIGNATURE}00"),
            format!("t={TIME},v1={upper}"),
            format!("t={TIME},v0={SIGNATURE}"),
            format!("t={TIME},t={TIME},v1={SIGNATURE}"),
            format!("t=+{TIME},v1={SIGNATURE}"),
            format!("t=,v1={SIGNATURE}"),
            format!("t=99999999999999999999,v1={SIGNATURE}"),
        ] {
            assert!(!genuine(&header, TIME), "{header}");
        }
    }
}

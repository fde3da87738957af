//! API keys: `cfk_`, 32 random characters, and a checksum that tells a typing error from a key that was revoked.

use crate::world::World;

const PREFIX: &str = "cfk_";
const RANDOM_CHARS: usize = 32;
const CHECKSUM_CHARS: usize = 6;
const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub fn generate(world: &World) -> String {
    let random = world.pick(BASE_62, RANDOM_CHARS);
    format!("{PREFIX}{random}{}", checksum(&random))
}

/// Whether a text has the form of a key and its checksum is right; needs no database.
pub fn well_formed(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX).filter(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric())) else {
        return false;
    };
    rest.len() == RANDOM_CHARS + CHECKSUM_CHARS && checksum(&rest[..RANDOM_CHARS]) == rest[RANDOM_CHARS..]
}

/// `cfk_a1b2...x9y0`: enough to recognise a key, not to use it.
pub fn prefix(key: &str) -> String {
    let rest = key.strip_prefix(PREFIX).unwrap_or(key);
    let start: String = rest.chars().take(4).collect();
    let end: String = rest.chars().skip(rest.chars().count().saturating_sub(4)).collect();
    format!("{PREFIX}{start}...{end}")
}

/// The CRC-32 in base 62, most significant digit first.
fn checksum(random: &str) -> String {
    let crc = crc32fast::hash(random.as_bytes());
    let digit = |place: u32| char::from(BASE_62[(crc / 62_u32.pow(place) % 62) as usize]);
    // 62 to the sixth is more than 32 bits hold, to the fifth is not.
    (0..CHECKSUM_CHARS as u32).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_well_formed_and_unlike_the_next() {
        let world = World::machine(0);
        let key = generate(&world);
        assert_eq!(key.len(), 42);
        assert!(well_formed(&key));
        assert_ne!(key, generate(&world));
    }

    #[test]
    fn any_changed_character_is_noticed() {
        let key = generate(&World::machine(0));
        for position in 0..key.len() {
            let other = if key.as_bytes()[position] == b'x' { "y" } else { "x" };
            let mut wrong = key.clone();
            wrong.replace_range(position..=position, other);
            assert!(!well_formed(&wrong), "{wrong}");
        }
    }

    #[test]
    fn the_checksum_is_the_crc_of_the_random_part() {
        // CRC-32 of "123456789" is 0xCBF43926 = 3421780262.
        assert_eq!(checksum("123456789"), "3jZRME");
        assert_eq!(checksum(""), "000000");
    }

    #[test]
    fn texts_of_another_form_are_no_keys() {
        for wrong in ["", "cfk_", "cfk_a1b2c3d4", "sk_live_abc", "cfk_ééééééééééééééééééé"] {
            assert!(!well_formed(wrong), "{wrong}");
        }
        assert!(!well_formed(&format!("{} ", generate(&World::machine(0)))));
    }

    #[test]
    fn the_prefix_shows_both_ends() {
        assert_eq!(prefix("cfk_a1b2MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMx9y0"), "cfk_a1b2...x9y0");
    }
}

//! Codes that stand in for an authenticator that is lost: each opens once.
//!
//! They are drawn from 80 bits of chance, which nobody tries out; so SHA-256 keeps them as safely as a slow hash would.

use crate::auth;
use crate::world::World;

pub const COUNT: usize = 10;
const CHARS: usize = 16;
const GROUP_CHARS: usize = 4;
/// 32 signs, 5 bits each, without those that are mistaken for others.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// New codes, as people read them: `abcd-efgh-jkmn-pqrs`.
pub fn draw(world: &World) -> Vec<String> {
    let spaced = |code: String| code.as_bytes().chunks(GROUP_CHARS).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-");
    (0..COUNT).map(|_| spaced(world.pick(ALPHABET, CHARS))).collect()
}

/// What is kept of a code, however it is typed; `None` where the text is no code.
pub fn hash(text: &str) -> Option<[u8; 32]> {
    let code: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_lowercase();
    let fits = code.len() == CHARS && code.bytes().all(|b| ALPHABET.contains(&b));
    fits.then(|| auth::hash(&code))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ten_codes_of_80_bits_are_drawn() {
        let codes = draw(&World::machine(0));
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), 10);
        assert_eq!(ALPHABET.iter().collect::<HashSet<_>>().len(), 32);
        assert!(codes.iter().all(|code| code.len() == 19 && code.matches('-').count() == 3 && hash(code).is_some()), "{codes:?}");
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let kept = hash("abcd-efgh-jkmn-pqrs");
        assert_eq!([" ABCD efgh jkmn pqrs\n", "abcdefghjkmnpqrs", "a-bcdefghjkmnpqrS"].map(hash), [kept; 3]);
        for text in ["", "abcd-efgh-jkmn-pqr", "abcd-efgh-jkmn-pqrst", "abcd-efgh-jkmn-pqr0", "abcd-efgh-jkmn-pqrß", "123456"] {
            assert_eq!(hash(text), None, "{text}");
        }
    }
}

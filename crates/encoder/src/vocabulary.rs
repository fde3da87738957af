//! The tokens that the model knows, found by their letters through a hash table that lies in the weights' file.

pub const SLOTS: usize = 1 << 16;
const FREE: u16 = u16::MAX;

pub struct Vocabulary {
    /// The letters of all tokens, one after the other.
    pub text: &'static [u8],
    /// Where the letters of each token end.
    pub ends: &'static [u32],
    /// For each hash the token, or the next slot's when it is taken.
    pub slots: &'static [u16; SLOTS],
}

impl Vocabulary {
    /// The number of the token that is spelt `prefix` and then `rest`.
    pub fn find(&self, prefix: &str, rest: &str) -> Option<u16> {
        let first = usize::from(hash(prefix.bytes().chain(rest.bytes())));
        let probed = self.slots[first..].iter().chain(&self.slots[..first]);
        let mut candidates = probed.take_while(|token| **token != FREE);
        candidates.find(|token| self.letters(**token).strip_prefix(prefix.as_bytes()) == Some(rest.as_bytes())).copied()
    }

    fn letters(&self, token: u16) -> &'static [u8] {
        let number = usize::from(token);
        let begin = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.text[begin as usize..self.ends[number] as usize]
    }

    /// Whether every token and every slot leads somewhere.
    pub fn is_sound(&self) -> bool {
        let tokens = self.ends.len();
        self.ends.is_sorted()
            && self.ends.last().is_some_and(|end| *end as usize == self.text.len())
            && self.slots.iter().all(|token| *token == FREE || usize::from(*token) < tokens)
    }
}

/// FNV-1a in 32 bits, folded to 16. `scripts/pack-model` has the same.
fn hash(letters: impl Iterator<Item = u8>) -> u16 {
    let value = letters.fold(0x811C_9DC5_u32, |value, letter| (value ^ u32::from(letter)).wrapping_mul(0x0100_0193));
    (value >> 16) as u16 ^ value as u16
}

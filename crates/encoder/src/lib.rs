//! From a text to a vector that says what it means: all-MiniLM-L6-v2 in int8, on the calling thread, with nothing beside it.
//!
//! A text gives the same vector on every machine, bit for bit: sums of products are whole numbers, and the rest is done in an
//! order that no instruction set changes. So vectors may be kept, and moved to another machine with the database.

mod attention;
mod characters;
mod forward;
mod kernels;
mod lanes;
mod matrix;
mod tokenizer;
mod vector;
mod vocabulary;
mod weights;

use std::sync::OnceLock;

pub use crate::kernels::Path;
pub use crate::vector::{Vector, cosines};
use crate::weights::Weights;

/// The numbers of a vector.
pub const DIMENSIONS: usize = 384;
/// What follows these tokens of a text is not read; the first and the last are the model's own.
pub const TOKENS_MAX: usize = weights::POSITIONS;

pub struct Encoder {
    weights: Weights,
}

impl Encoder {
    /// The encoder that this binary carries; none when it was built without the feature `model`.
    pub fn embedded() -> Option<&'static Encoder> {
        static EMBEDDED: OnceLock<Option<Encoder>> = OnceLock::new();
        EMBEDDED.get_or_init(|| weights::embedded().map(|weights| Encoder { weights })).as_ref()
    }

    /// What a text means. Only its first 256 tokens count, about 190 words.
    pub fn encode(&self, text: &str) -> Vector {
        self.encode_by(Path::fastest(), text)
    }

    /// The same by a path of one's choice; one that this machine lacks is replaced by the scalar path.
    pub fn encode_by(&self, path: Path, text: &str) -> Vector {
        let tokens = self.tokens(text);
        Vector::of(&path.run(forward::Forward { weights: &self.weights, tokens: &tokens }))
    }

    /// The numbers of the tokens that a text is read as.
    pub fn tokens(&self, text: &str) -> Vec<u16> {
        tokenizer::tokens(&self.weights.vocabulary, text, TOKENS_MAX)
    }

    /// Whether a lower-case word is one that the model knows as a whole.
    pub fn knows(&self, word: &str) -> bool {
        word.chars().all(char::is_alphanumeric) && self.weights.vocabulary.find("", word).is_some()
    }
}

//! The weights in one file, used where they lie. `scripts/pack-model` writes it and describes its layout.

use bytemuck::{AnyBitPattern, try_cast_slice};

use crate::DIMENSIONS;
use crate::kernels::{BLOCK, GROUP};
use crate::matrix::Matrix;
use crate::vocabulary::{SLOTS, Vocabulary};

pub const WIDTH: usize = DIMENSIONS;
pub const WIDE: usize = 1536;
pub const LAYERS: usize = 6;
pub const HEADS: usize = 12;
pub const HEAD: usize = WIDTH / HEADS;
pub const POSITIONS: usize = 256;

const MAGIC: &[u8] = b"CFMINILM";
const VERSION: u32 = 1;
/// Sections begin at multiples of this, so that a kernel's loads never cross a cache line.
const ALIGNMENT: usize = 64;

pub struct Weights {
    pub vocabulary: Vocabulary,
    pub embeddings: Embeddings,
    pub layers: Vec<Layer>,
}

pub struct Embeddings {
    pub tokens: &'static [[i8; WIDTH]],
    pub scales: &'static [f32],
    pub positions: &'static [[f32; WIDTH]],
    pub norm: Norm,
}

pub struct Layer {
    pub query_key_value: Matrix<WIDTH, { 3 * WIDTH }>,
    pub attended: Matrix<WIDTH, WIDTH>,
    pub attended_norm: Norm,
    pub widening: Matrix<WIDTH, WIDE>,
    pub narrowing: Matrix<WIDE, WIDTH>,
    pub narrowed_norm: Norm,
}

pub struct Norm {
    pub scale: &'static [f32; WIDTH],
    pub shift: &'static [f32; WIDTH],
}

/// Those that the binary carries, if any. Nothing of them is read from the disk before it is used.
pub fn embedded() -> Option<Weights> {
    Weights::read(&FILE.0)
}

#[cfg(feature = "model")]
static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("../model/all-minilm-l6-v2.int8"));
#[cfg(not(feature = "model"))]
static FILE: &Aligned<[u8]> = &Aligned([]);

#[repr(C, align(64))]
struct Aligned<T: ?Sized>(T);

impl Weights {
    /// Nothing when this is not such a file, or when this machine reads numbers the other way round.
    pub fn read(file: &'static [u8]) -> Option<Weights> {
        let mut sections = Sections { rest: file };
        let (tokens, letters) = sections.header()?;
        let vocabulary = Vocabulary {
            text: sections.take(letters)?,
            ends: sections.take(tokens)?,
            slots: sections.take(SLOTS)?.try_into().ok()?,
        };
        let embeddings = Embeddings {
            tokens: sections.take(tokens)?,
            scales: sections.take(tokens)?,
            positions: sections.take(POSITIONS)?,
            norm: sections.norm()?,
        };
        let layers = (0..LAYERS).map(|_| sections.layer()).collect::<Option<Vec<_>>>()?;
        let is_whole = sections.rest.is_empty() && vocabulary.is_sound();
        is_whole.then_some(Weights { vocabulary, embeddings, layers })
    }
}

/// What is left of the file.
struct Sections {
    rest: &'static [u8],
}

impl Sections {
    /// How many tokens there are, and how many bytes of text.
    fn header(&mut self) -> Option<(usize, usize)> {
        let header: &[u8] = self.take(MAGIC.len() + 9 * size_of::<u32>())?;
        let numbers: &[u32] = try_cast_slice(header.strip_prefix(MAGIC)?).ok()?;
        let [VERSION, tokens, ref sizes @ .., text] = *numbers else { return None };
        let expected = [WIDTH, LAYERS, WIDE, HEADS, POSITIONS, SLOTS];
        let as_expected = sizes.iter().map(|size| *size as usize).eq(expected);
        as_expected.then_some((tokens as usize, text as usize))
    }

    fn take<T: AnyBitPattern>(&mut self, count: usize) -> Option<&'static [T]> {
        let size = count.checked_mul(size_of::<T>())?;
        let (section, rest) = self.rest.split_at_checked(size.checked_next_multiple_of(ALIGNMENT)?)?;
        self.rest = rest;
        try_cast_slice(&section[..size]).ok()
    }

    fn matrix<const IN: usize, const OUT: usize>(&mut self) -> Option<Matrix<IN, OUT>> {
        Some(Matrix {
            groups: self.take(IN * OUT / (BLOCK * GROUP))?,
            scales: self.take(OUT)?,
            sums: self.take(OUT)?,
            biases: self.take(OUT)?,
            factors: self.take(IN)?.as_array()?,
        })
    }

    fn norm(&mut self) -> Option<Norm> {
        Some(Norm { scale: self.take(WIDTH)?.as_array()?, shift: self.take(WIDTH)?.as_array()? })
    }

    fn layer(&mut self) -> Option<Layer> {
        Some(Layer {
            query_key_value: self.matrix()?,
            attended: self.matrix()?,
            attended_norm: self.norm()?,
            widening: self.matrix()?,
            narrowing: self.matrix()?,
            narrowed_norm: self.norm()?,
        })
    }
}

#[cfg(test)]
#[cfg(feature = "model")]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// As `scripts/pack-model` printed it.
    const SHA256: &str = "e2db01aedfbfaf43c45562553b4d47b2a6a420cba6904597dc65f0286c46449c";

    #[test]
    fn the_weights_are_those_that_were_packed() {
        let digest: String = Sha256::digest(&FILE.0).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, SHA256);
        assert!(FILE.0.len() < 25_000_000);
        assert_eq!(FILE.0.as_ptr().addr() % ALIGNMENT, 0);
    }

    #[test]
    fn a_file_that_is_cut_or_of_another_version_is_refused() {
        assert!(Weights::read(&FILE.0).is_some());
        for length in [0, 63, 64, 1000, 1 << 20, FILE.0.len() - ALIGNMENT] {
            assert!(Weights::read(&FILE.0[..length]).is_none(), "{length}");
        }
        for changed in [0, 8, 12, 16] {
            // A whole file, but for one byte of its header.
            let file: &'static mut [u64] = vec![0; FILE.0.len() / 8].leak();
            let bytes: &mut [u8] = bytemuck::cast_slice_mut(file);
            bytes.copy_from_slice(&FILE.0);
            bytes[changed] ^= 1;
            assert!(Weights::read(bytes).is_none(), "{changed}");
        }
    }
}

//! A vector of length one, in a byte for each dimension.

use crate::DIMENSIONS;
use crate::kernels::{Kernel, Path, Work};

/// A vector of length one. What is stored is its direction, in whole numbers, and the length of these.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector {
    values: [i8; DIMENSIONS],
    /// Makes the values a vector of length one.
    scale: f32,
}

impl Vector {
    /// The direction of `exact`, which is not zero.
    pub(crate) fn of(exact: &[f32; DIMENSIONS]) -> Vector {
        let most = exact.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let values = exact.map(|value| (value / most * 127.0).round() as i8);
        Vector { values, scale: scale(&values) }
    }

    #[inline(always)]
    /// From -1 (the opposite) to 1 (the same).
    pub fn cosine(&self, other: &Vector) -> f32 {
        product(&self.values, &other.values) as f32 * self.scale * other.scale
    }

    /// 384 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytemuck::cast_slice(&self.values).to_vec()
    }

    /// What `to_bytes` gave; nothing when it cannot have been that.
    pub fn from_bytes(bytes: &[u8]) -> Option<Vector> {
        let values = *bytemuck::cast_slice(bytes).as_array()?;
        let has_direction = values.iter().any(|value| *value != 0);
        has_direction.then(|| Vector { values, scale: scale(&values) })
    }
}

/// How alike a vector is to each of many, in their order; what `out` held before is gone.
pub fn cosines(query: &Vector, of: &[Vector], out: &mut Vec<f32>) {
    Path::fastest().run(Cosines { query, of, out });
}

struct Cosines<'a> {
    query: &'a Vector,
    of: &'a [Vector],
    out: &'a mut Vec<f32>,
}

impl Work for Cosines<'_> {
    type Output = ();

    #[inline(always)]
    fn run<K: Kernel>(self, _: K) {
        self.out.clear();
        self.out.extend(self.of.iter().map(|vector| self.query.cosine(vector)));
    }
}

fn scale(values: &[i8; DIMENSIONS]) -> f32 {
    1.0 / (product(values, values) as f32).sqrt()
}

/// Whole numbers: the compiler may add them in any order, and turns this into vector instructions by itself.
#[inline(always)]
fn product(a: &[i8; DIMENSIONS], b: &[i8; DIMENSIONS]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

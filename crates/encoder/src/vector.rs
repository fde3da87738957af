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

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(number: impl Fn(usize) -> f32) -> Vector {
        Vector::of(&std::array::from_fn(number))
    }

    #[test]
    fn a_vector_is_as_alike_to_others_as_its_angle_says() {
        let (ramp, wave) = (vector(|n| n as f32), vector(|n| (n as f32 * 0.1).sin()));
        assert!((ramp.cosine(&ramp) - 1.0).abs() < 1e-6);
        assert!((ramp.cosine(&vector(|n| -(n as f32))) + 1.0).abs() < 1e-6);
        assert!((ramp.cosine(&vector(|n| n as f32 * 7.0)) - 1.0).abs() < 1e-6);
        assert!(vector(|n| f32::from(n == 1)).cosine(&vector(|n| f32::from(n == 2))).abs() < 1e-6);

        let exact: f64 = (0..DIMENSIONS).map(|n| n as f64 * (n as f64 * 0.1).sin()).sum();
        let length = |f: &dyn Fn(f64) -> f64| (0..DIMENSIONS).map(|n| f(n as f64).powi(2)).sum::<f64>().sqrt();
        let exact = exact / length(&|n| n) / length(&|n| (n * 0.1).sin());
        assert!((f64::from(ramp.cosine(&wave)) - exact).abs() < 2e-3);
    }

    #[test]
    fn many_are_compared_as_one_is() {
        let many: Vec<Vector> = (1..100).map(|step| vector(|n| ((n * step) as f32).sin())).collect();
        let mut found = vec![9.0];
        cosines(&many[5], &many, &mut found);
        assert_eq!(found, many.iter().map(|one| many[5].cosine(one)).collect::<Vec<_>>());
        cosines(&many[5], &[], &mut found);
        assert!(found.is_empty());
    }

    #[test]
    fn bytes_give_the_vector_back() {
        let vector = vector(|n| (n as f32).cos());
        assert_eq!(vector.to_bytes().len(), DIMENSIONS);
        assert_eq!(Vector::from_bytes(&vector.to_bytes()), Some(vector));
        assert_eq!(Vector::from_bytes(&[1; DIMENSIONS - 1]), None);
        assert_eq!(Vector::from_bytes(&[1; DIMENSIONS + 1]), None);
        assert_eq!(Vector::from_bytes(&[0; DIMENSIONS]), None);
        assert_eq!(Vector::from_bytes(&[]), None);
    }
}

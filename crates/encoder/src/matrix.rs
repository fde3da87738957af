//! A matrix of the model in int8, and what it makes of tokens.

use crate::kernels::{BLOCK, GROUP, Group, Kernel, PANEL, Panel};
use crate::lanes::{LANES, ROUND, largest, least};

/// One less than -127 to 127 would have room for, for the middle is rounded too.
const STEPS: f32 = 253.0;

/// A layer that gives `OUT` numbers for `IN`: each row of the matrix makes one.
pub struct Matrix<const IN: usize, const OUT: usize> {
    pub groups: &'static [Group],
    /// A row's values times its scale are what the model was trained to.
    pub scales: &'static [f32],
    /// What each row's values add up to.
    pub sums: &'static [i32],
    pub biases: &'static [f32],
    /// What a token's numbers are multiplied by, so that none is too small beside the others. The rows make up for it.
    pub factors: &'static [f32; IN],
}

impl<const IN: usize, const OUT: usize> Matrix<IN, OUT> {
    #[inline(always)]
    pub fn apply<K: Kernel>(&self, kernel: K, tokens: &[[f32; IN]], out: &mut [[f32; OUT]]) {
        let tokens = Quantised::of::<K, IN>(tokens, self.factors);
        let mut products = vec![[0; PANEL]; out.len()];
        for (number, panel) in self.panels().enumerate() {
            kernel.multiply(&tokens.values, panel, &mut products);
            let scales = &self.scales.as_chunks::<PANEL>().0[number];
            let biases = &self.biases.as_chunks::<PANEL>().0[number];
            for ((out, products), range) in out.iter_mut().zip(&products).zip(&tokens.ranges) {
                let out = &mut out.as_chunks_mut::<PANEL>().0[number];
                for row in 0..PANEL {
                    let product = products[row] + panel.sums[row] * range.middle;
                    out[row] = product as f32 * (scales[row] * range.step) + biases[row];
                }
            }
        }
    }

    #[inline(always)]
    fn panels(&self) -> impl Iterator<Item = Panel<'static>> {
        const { assert!(IN.is_multiple_of(LANES) && OUT.is_multiple_of(PANEL) && PANEL == 2 * BLOCK) };
        let panels = self.groups.chunks_exact(2 * IN / GROUP);
        panels.zip(self.sums.as_chunks::<PANEL>().0).map(|(groups, sums)| {
            let (first, second) = groups.split_at(IN / GROUP);
            Panel { blocks: [first, second], sums }
        })
    }
}

/// Tokens in bytes, as a kernel wants them.
struct Quantised {
    values: Vec<[u8; GROUP]>,
    ranges: Vec<Range>,
}

/// What a token's whole numbers stand for: a number is (whole + middle) * step.
struct Range {
    step: f32,
    middle: i32,
}

impl Quantised {
    #[inline(always)]
    fn of<K: Kernel, const IN: usize>(tokens: &[[f32; IN]], factors: &[f32; IN]) -> Quantised {
        let mut values = vec![[0; GROUP]; tokens.len() * IN / GROUP];
        let mut ranges = Vec::with_capacity(tokens.len());
        for (token, bytes) in tokens.iter().zip(values.as_flattened_mut().chunks_exact_mut(IN)) {
            let mut balanced = *token;
            for n in 0..IN {
                balanced[n] *= factors[n];
            }
            ranges.push(Range::fill::<K>(&balanced, bytes));
        }
        Quantised { values, ranges }
    }
}

impl Range {
    /// Whole numbers from -127 to 127 go into the bytes, between the token's least and largest number. Zero is between them
    /// too, so that the middle is never far away.
    #[inline(always)]
    fn fill<K: Kernel>(token: &[f32], bytes: &mut [u8]) -> Range {
        let (least, most) = (least(token).min(0.0), largest(token).max(0.0));
        let step = if most > least { (most - least) / STEPS } else { 1.0 };
        let inverse = 1.0 / step;
        let middle = ((least + most) * 0.5 * inverse + ROUND) - ROUND;
        for (byte, value) in bytes.iter_mut().zip(token) {
            // The low byte of a rounded number is the number, in two's complement.
            *byte = ((value * inverse - middle + ROUND).to_bits() as u8).wrapping_add(K::OFFSET);
        }
        Range { step, middle: middle as i32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{Path, Work};

    struct Quantise([f32; 16]);

    impl Work for Quantise {
        type Output = [f32; 16];

        /// There and back.
        #[inline(always)]
        fn run<K: Kernel>(self, _: K) -> [f32; 16] {
            let mut bytes = [0; 16];
            let range = Range::fill::<K>(&self.0, &mut bytes);
            bytes.map(|byte| (i32::from(byte.wrapping_sub(K::OFFSET) as i8) + range.middle) as f32 * range.step)
        }
    }

    #[track_caller]
    fn check(numbers: [f32; 16]) {
        let span =
            numbers.iter().fold(0.0, |most: f32, n| most.max(*n)) - numbers.iter().fold(0.0, |least: f32, n| least.min(*n));
        for path in Path::available() {
            for (before, after) in numbers.iter().zip(path.run(Quantise(numbers))) {
                assert!((before - after).abs() <= span / STEPS * 0.51, "{path:?}: {before} became {after}");
            }
        }
    }

    #[test]
    fn a_number_is_kept_to_half_a_step() {
        check(std::array::from_fn(|n| n as f32 - 8.0));
        check(std::array::from_fn(|n| n as f32 * 0.37));
        check(std::array::from_fn(|n| -1e-3 * n as f32));
        check(std::array::from_fn(|n| if n == 3 { 1e6 } else { -0.17 }));
        check([0.0; 16]);
        check([1234.5; 16]);
    }
}

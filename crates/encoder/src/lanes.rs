//! Arithmetic on many numbers at once, written so that the compiler makes vector instructions of it.
//!
//! Sums are kept in sixteen lanes and added up in a fixed order, nothing is fused, and rounding is done by adding: so each
//! instruction set gives the same bits. A call of `floor` or a saturating cast would also keep a loop from being vectorised.

pub const LANES: usize = 16;

/// Adding this rounds to the nearest whole number, ties to even, which then stands in the low bits: 1.5 * 2^23.
pub const ROUND: f32 = 12_582_912.0;

#[inline(always)]
pub fn sum(values: &[f32]) -> f32 {
    total(lane_by_lane(values, [0.0; LANES], |sum, value| sum + value))
}

#[inline(always)]
pub fn sum_of_squares(values: &[f32]) -> f32 {
    total(lane_by_lane(values, [0.0; LANES], |sum, value| sum + value * value))
}

#[inline(always)]
pub fn largest(values: &[f32]) -> f32 {
    lane_by_lane(values, [f32::MIN; LANES], larger).into_iter().fold(f32::MIN, larger)
}

#[inline(always)]
pub fn least(values: &[f32]) -> f32 {
    lane_by_lane(values, [f32::MAX; LANES], smaller).into_iter().fold(f32::MAX, smaller)
}

/// Unlike `f32::max` this is one instruction: there is no NaN here.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// All callers have whole lanes: rows of the model, and rows that were padded.
#[inline(always)]
fn lane_by_lane(values: &[f32], mut lanes: [f32; LANES], step: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    let (chunks, rest) = values.as_chunks::<LANES>();
    debug_assert!(rest.is_empty());
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = step(lanes[lane], chunk[lane]);
        }
    }
    lanes
}

#[inline(always)]
fn total(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// e^x for x up to 88, to six digits; below -87 it stays at what -87 gives, which is next to nothing.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // The logarithm of 2 in two parts: of the first, a multiple is exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = if x < -87.0 { -87.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let powers = rounded - ROUND;
    let r = x - powers * LN_2[0] - powers * LN_2[1];
    // Taylor's series is enough within half a power of two.
    let series = 1.0 + r * (1.0 + r * (1.0 / 2.0 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r / 720.0)))));
    // The whole power of two goes straight into the exponent's bits.
    let power = rounded.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    f32::from_bits(power) * series
}

/// x times the share of a normal distribution below x, with the error function of Abramowitz and Stegun 7.1.26 (1.5e-7).
#[inline(always)]
pub fn gelu(x: f32) -> f32 {
    let z = x * std::f32::consts::FRAC_1_SQRT_2;
    let size = z.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let series = t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_8 + t * (-1.453_152 + t * 1.061_405_4))));
    let erf = 1.0 - series * exp(-size * size);
    0.5 * x * (1.0 + erf.copysign(z))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exact_to_six_digits() {
        for step in -870..=200 {
            let x = step as f32 / 10.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 1e-6, "{x}: {} is not {exact}", exp(x));
        }
        assert!(exp(-1e30) < 1e-37);
    }

    #[test]
    fn gelu_keeps_what_is_large_and_drops_what_is_small() {
        assert_eq!(gelu(10.0), 10.0);
        assert_eq!(gelu(0.0), 0.0);
        assert!((gelu(1.0) - 0.841_344_7).abs() < 1e-6);
        assert!((gelu(-1.0) + 0.158_655_3).abs() < 1e-6);
        assert!(gelu(-10.0).abs() < 1e-6);
    }

    #[test]
    fn sums_take_every_lane() {
        let values: Vec<f32> = (1..=48).map(|value| value as f32).collect();
        assert_eq!(sum(&values), 1176.0);
        assert_eq!(sum_of_squares(&values), 38_024.0);
        assert_eq!(largest(&values), 48.0);
        assert_eq!(least(&values), 1.0);
    }
}

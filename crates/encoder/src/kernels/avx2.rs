//! AVX2: 32 products an instruction, signed numbers by way of unsigned ones.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use bytemuck::must_cast;

use crate::kernels::{GROUP, Group, Kernel, PANEL, Panel, Work};

/// Only `detected` makes one.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    pub fn detected() -> Option<Avx2> {
        is_x86_feature_detected!("avx2").then_some(Avx2(()))
    }

    pub fn run<W: Work>(self, work: W) -> W::Output {
        #[target_feature(enable = "avx2")]
        fn with_avx2<W: Work>(kernel: Avx2, work: W) -> W::Output {
            work.run(kernel)
        }
        // SAFETY: AVX2 was detected, else there were no `self`.
        unsafe { with_avx2(self, work) }
    }
}

impl Kernel for Avx2 {
    const OFFSET: u8 = 0;

    #[inline(always)]
    fn multiply(self, tokens: &[[u8; GROUP]], panel: Panel, sums: &mut [[i32; PANEL]]) {
        // SAFETY: AVX2 was detected, else there were no `self`.
        unsafe { multiply(tokens, panel, sums) }
    }
}

#[target_feature(enable = "avx2")]
fn multiply(tokens: &[[u8; GROUP]], panel: Panel, sums: &mut [[i32; PANEL]]) {
    let groups = panel.blocks[0].len();
    let mut done = 0;
    for size in [4, 2, 1] {
        while sums.len() - done >= size {
            let tokens = &tokens[done * groups..(done + size) * groups];
            let sums = &mut sums[done..done + size];
            for (half, block) in panel.blocks.into_iter().enumerate() {
                match size {
                    4 => multiply_block::<4>(tokens, block, half, sums),
                    2 => multiply_block::<2>(tokens, block, half, sums),
                    _ => multiply_block::<1>(tokens, block, half, sums),
                }
            }
            done += size;
        }
    }
}

/// As many tokens together as there are registers for: each load of the block then serves them all.
#[inline]
#[target_feature(enable = "avx2")]
fn multiply_block<const TOKENS: usize>(tokens: &[[u8; GROUP]], block: &[Group], half: usize, sums: &mut [[i32; PANEL]]) {
    let groups = block.len();
    let tokens: [&[[u8; GROUP]]; TOKENS] = std::array::from_fn(|t| &tokens[t * groups..(t + 1) * groups]);
    let mut totals = [[_mm256_setzero_si256(); 2]; TOKENS];
    for (g, group) in block.iter().enumerate() {
        let rows: [__m256i; 2] = must_cast(*group);
        for t in 0..TOKENS {
            let values = _mm256_set1_epi32(i32::from_ne_bytes(tokens[t][g]));
            for part in 0..2 {
                totals[t][part] = _mm256_add_epi32(totals[t][part], products(values, rows[part]));
            }
        }
    }
    for (totals, sums) in totals.into_iter().zip(sums) {
        sums.as_chunks_mut::<16>().0[half] = must_cast(totals);
    }
}

/// For each of eight rows the sum of four products.
///
/// The instruction wants unsigned times signed, so the token's signs move to the rows: |a| * (b with a's sign). It adds two
/// products in 16 bits and saturates: 2 * 127 * 127 just fits, which is why no value is -128.
#[inline]
#[target_feature(enable = "avx2")]
fn products(values: __m256i, rows: __m256i) -> __m256i {
    let pairs = _mm256_maddubs_epi16(_mm256_sign_epi8(values, values), _mm256_sign_epi8(rows, values));
    _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))
}

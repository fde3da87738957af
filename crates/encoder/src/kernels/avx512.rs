//! AVX-512 with VNNI: 64 products, summed by fours, an instruction.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use bytemuck::must_cast;

use crate::kernels::{GROUP, Kernel, PANEL, Panel, Work};

/// Only `detected` makes one.
#[derive(Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    pub fn detected() -> Option<Avx512> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni");
        has_all.then_some(Avx512(()))
    }

    pub fn run<W: Work>(self, work: W) -> W::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
        fn with_avx512<W: Work>(kernel: Avx512, work: W) -> W::Output {
            work.run(kernel)
        }
        // SAFETY: all five were detected, else there were no `self`.
        unsafe { with_avx512(self, work) }
    }
}

impl Kernel for Avx512 {
    /// The instruction multiplies unsigned by signed.
    const OFFSET: u8 = 128;

    #[inline(always)]
    fn multiply(self, tokens: &[[u8; GROUP]], panel: Panel, sums: &mut [[i32; PANEL]]) {
        // SAFETY: all five were detected, else there were no `self`.
        unsafe { multiply(tokens, panel, sums) }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn multiply(tokens: &[[u8; GROUP]], panel: Panel, sums: &mut [[i32; PANEL]]) {
    let groups = panel.blocks[0].len();
    let mut done = 0;
    for size in [8, 4, 2, 1] {
        while sums.len() - done >= size {
            let tokens = &tokens[done * groups..(done + size) * groups];
            let sums = &mut sums[done..done + size];
            match size {
                8 => multiply_together::<8>(tokens, panel, sums),
                4 => multiply_together::<4>(tokens, panel, sums),
                2 => multiply_together::<2>(tokens, panel, sums),
                _ => multiply_together::<1>(tokens, panel, sums),
            }
            done += size;
        }
    }
}

/// As many tokens together as there are registers for: each load of the panel then serves them all.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn multiply_together<const TOKENS: usize>(tokens: &[[u8; GROUP]], panel: Panel, sums: &mut [[i32; PANEL]]) {
    let groups = panel.blocks[0].len();
    let tokens: [&[[u8; GROUP]]; TOKENS] = std::array::from_fn(|t| &tokens[t * groups..(t + 1) * groups]);
    let blocks = panel.blocks.map(|block| &block[..groups]);
    // They begin with what the offset adds, taken away.
    let added: [__m512i; 2] = must_cast(panel.sums.map(|sum| -sum * i32::from(Avx512::OFFSET)));
    let mut totals = [added; TOKENS];
    for g in 0..groups {
        let rows: [__m512i; 2] = [must_cast(blocks[0][g]), must_cast(blocks[1][g])];
        for t in 0..TOKENS {
            let values = _mm512_set1_epi32(i32::from_ne_bytes(tokens[t][g]));
            for part in 0..2 {
                totals[t][part] = _mm512_dpbusd_epi32(totals[t][part], values, rows[part]);
            }
        }
    }
    for (totals, sums) in totals.into_iter().zip(sums) {
        *sums = must_cast(totals);
    }
}

//! NEON, which each 64-bit ARM has, and its dot products, which all but the oldest have.
#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::asm;

use bytemuck::must_cast;

use crate::kernels::{BLOCK, GROUP, Group, Kernel, PANEL, Panel, Work};

/// Part of the architecture, so there is nothing to detect.
#[derive(Clone, Copy)]
pub struct Neon;

/// Only `detected` makes one.
#[derive(Clone, Copy)]
pub struct NeonDot(());

impl Neon {
    pub fn detected() -> Option<Neon> {
        Some(Neon)
    }

    pub fn run<W: Work>(self, work: W) -> W::Output {
        work.run(self)
    }
}

impl NeonDot {
    pub fn detected() -> Option<NeonDot> {
        std::arch::is_aarch64_feature_detected!("dotprod").then_some(NeonDot(()))
    }

    pub fn run<W: Work>(self, work: W) -> W::Output {
        #[target_feature(enable = "dotprod")]
        fn with_dotprod<W: Work>(kernel: NeonDot, work: W) -> W::Output {
            work.run(kernel)
        }
        // SAFETY: the dot products were detected, else there were no `self`.
        unsafe { with_dotprod(self, work) }
    }
}

impl Kernel for Neon {
    const OFFSET: u8 = 0;

    #[inline(always)]
    fn multiply(self, tokens: &[[u8; GROUP]], panel: Panel, sums: &mut [[i32; PANEL]]) {
        multiply(self, tokens, panel, sums);
    }
}

impl Kernel for NeonDot {
    const OFFSET: u8 = 0;

    #[inline(always)]
    fn multiply(self, tokens: &[[u8; GROUP]], panel: Panel, sums: &mut [[i32; PANEL]]) {
        multiply(self, tokens, panel, sums);
    }
}

/// What one instruction, or a few, do.
trait Step: Copy {
    /// Adds to each of four sums the four products of a row.
    fn add(self, sums: int32x4_t, values: int8x16_t, rows: int8x16_t) -> int32x4_t;
}

impl Step for Neon {
    /// Two products are added in 16 bits: 2 * 127 * 127 just fits, which is why no value is -128.
    #[inline(always)]
    fn add(self, sums: int32x4_t, values: int8x16_t, rows: int8x16_t) -> int32x4_t {
        // SAFETY: NEON is part of the architecture.
        unsafe {
            let low = vmull_s8(vget_low_s8(values), vget_low_s8(rows));
            let high = vmull_high_s8(values, rows);
            vpadalq_s16(sums, vpaddq_s16(low, high))
        }
    }
}

impl Step for NeonDot {
    #[inline(always)]
    fn add(self, sums: int32x4_t, values: int8x16_t, rows: int8x16_t) -> int32x4_t {
        // SAFETY: the dot products were detected, else there were no `self`.
        unsafe { dot(sums, values, rows) }
    }
}

/// What `vdotq_s32` would be; that is not stable in the oldest compiler that we build with.
#[inline]
#[target_feature(enable = "dotprod")]
fn dot(mut sums: int32x4_t, values: int8x16_t, rows: int8x16_t) -> int32x4_t {
    // SAFETY: one instruction on registers, which this function's feature has.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {values:v}.16b, {rows:v}.16b",
            sums = inout(vreg) sums,
            values = in(vreg) values,
            rows = in(vreg) rows,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

#[inline(always)]
fn multiply<S: Step>(step: S, tokens: &[[u8; GROUP]], panel: Panel, sums: &mut [[i32; PANEL]]) {
    let groups = panel.blocks[0].len();
    let mut done = 0;
    for size in [4, 2, 1] {
        while sums.len() - done >= size {
            let tokens = &tokens[done * groups..(done + size) * groups];
            let sums = &mut sums[done..done + size];
            for (half, block) in panel.blocks.into_iter().enumerate() {
                match size {
                    4 => multiply_block::<S, 4>(step, tokens, block, half, sums),
                    2 => multiply_block::<S, 2>(step, tokens, block, half, sums),
                    _ => multiply_block::<S, 1>(step, tokens, block, half, sums),
                }
            }
            done += size;
        }
    }
}

/// As many tokens together as there are registers for: each load of the block then serves them all.
#[inline(always)]
fn multiply_block<S: Step, const TOKENS: usize>(
    step: S,
    tokens: &[[u8; GROUP]],
    block: &[Group],
    half: usize,
    sums: &mut [[i32; PANEL]],
) {
    let groups = block.len();
    let tokens: [&[[u8; GROUP]]; TOKENS] = std::array::from_fn(|t| &tokens[t * groups..(t + 1) * groups]);
    let mut totals: [[int32x4_t; 4]; TOKENS] = [must_cast([0i32; BLOCK]); TOKENS];
    for (g, group) in block.iter().enumerate() {
        let rows: [int8x16_t; 4] = must_cast(*group);
        for t in 0..TOKENS {
            let values: int8x16_t = must_cast([tokens[t][g]; 4]);
            for part in 0..4 {
                totals[t][part] = step.add(totals[t][part], values, rows[part]);
            }
        }
    }
    for (totals, sums) in totals.into_iter().zip(sums) {
        sums.as_chunks_mut::<BLOCK>().0[half] = must_cast(totals);
    }
}

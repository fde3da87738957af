//! The way that every machine has, and that the others are compared with.

use crate::kernels::{BLOCK, GROUP, Kernel, PANEL, Panel};

#[derive(Clone, Copy)]
pub struct Scalar;

impl Kernel for Scalar {
    const OFFSET: u8 = 0;

    fn multiply(self, tokens: &[[u8; GROUP]], panel: Panel, sums: &mut [[i32; PANEL]]) {
        let groups = panel.blocks[0].len();
        for (token, sums) in tokens.chunks_exact(groups).zip(sums) {
            for (block, sums) in panel.blocks.iter().zip(sums.as_chunks_mut::<BLOCK>().0) {
                *sums = products(token, block);
            }
        }
    }
}

fn products(token: &[[u8; GROUP]], block: &[[i8; BLOCK * GROUP]]) -> [i32; BLOCK] {
    let mut sums = [0; BLOCK];
    for (values, group) in token.iter().zip(block) {
        for (sum, row) in sums.iter_mut().zip(group.as_chunks::<GROUP>().0) {
            *sum += values.iter().zip(row).map(|(a, b)| i32::from(*a as i8) * i32::from(*b)).sum::<i32>();
        }
    }
    sums
}

//! The innermost loop, whole numbers times whole numbers, once for each instruction set; and the choice between them.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(test)]
mod tests;

/// The rows of a matrix that are multiplied together: two blocks of sixteen.
pub const PANEL: usize = 32;
pub const BLOCK: usize = 16;
/// The columns that lie together, row by row, in a block.
pub const GROUP: usize = 4;

/// Four columns of the sixteen rows of a block, as they lie in the file.
pub type Group = [i8; BLOCK * GROUP];

/// Thirty-two rows of a matrix, as they lie in the file. No value is -128.
#[derive(Clone, Copy)]
pub struct Panel<'a> {
    pub blocks: [&'a [Group]; 2],
    /// The sum of each row's values: so often is an `OFFSET` added that has to be taken away again.
    pub sums: &'a [i32; PANEL],
}

/// A way to multiply. Having a value of the type means that this machine has the instructions.
pub trait Kernel: Copy {
    /// Added to each token's values (-127 to 127) for an instruction that wants them unsigned.
    const OFFSET: u8;

    /// For each token the exact sums of products with the panel's rows. A token is a row of bytes, as long as the panel's.
    fn multiply(self, tokens: &[[u8; GROUP]], panel: Panel, sums: &mut [[i32; PANEL]]);
}

/// Something to compute, compiled once for each instruction set.
///
/// Everything that `run` calls in a loop has to be `#[inline(always)]`: only so is it compiled for that set.
pub trait Work {
    type Output;

    fn run<K: Kernel>(self, kernel: K) -> Self::Output;
}

/// The instruction sets for which there is a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// With VNNI, its dot products of bytes.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
    #[cfg(target_arch = "aarch64")]
    NeonDot,
}

impl Path {
    /// From the slowest to the fastest.
    const ALL: &[Path] = &[
        Path::Scalar,
        #[cfg(target_arch = "x86_64")]
        Path::Avx2,
        #[cfg(target_arch = "x86_64")]
        Path::Avx512,
        #[cfg(target_arch = "aarch64")]
        Path::Neon,
        #[cfg(target_arch = "aarch64")]
        Path::NeonDot,
    ];

    /// Those that this machine has, from the slowest to the fastest.
    pub fn available() -> impl DoubleEndedIterator<Item = Path> {
        Path::ALL.iter().copied().filter(|path| path.is_available())
    }

    pub fn fastest() -> Path {
        Path::available().next_back().unwrap_or(Path::Scalar)
    }

    fn is_available(self) -> bool {
        match self {
            Path::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => avx2::Avx2::detected().is_some(),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => avx512::Avx512::detected().is_some(),
            #[cfg(target_arch = "aarch64")]
            Path::Neon => neon::Neon::detected().is_some(),
            #[cfg(target_arch = "aarch64")]
            Path::NeonDot => neon::NeonDot::detected().is_some(),
        }
    }

    /// By the scalar path where this one is not to be had.
    pub(crate) fn run<W: Work>(self, work: W) -> W::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 if let Some(kernel) = avx2::Avx2::detected() => kernel.run(work),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 if let Some(kernel) = avx512::Avx512::detected() => kernel.run(work),
            #[cfg(target_arch = "aarch64")]
            Path::Neon if let Some(kernel) = neon::Neon::detected() => kernel.run(work),
            #[cfg(target_arch = "aarch64")]
            Path::NeonDot if let Some(kernel) = neon::NeonDot::detected() => kernel.run(work),
            _ => work.run(scalar::Scalar),
        }
    }
}

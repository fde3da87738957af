//! Numbers of bytes, as people read them.

use std::fmt;

/// Written short, in powers of ten: `812 B`, `24.5 kB`, `5.7 MB`, `1.2 GB`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    /// As a setting counts them.
    pub const fn from_mb(megabytes: u64) -> Self {
        Self(megabytes.saturating_mul(1 << 20))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as f64;
        // A unit ends where its rounded number would have four digits.
        match self.0 {
            bytes @ 0..1_000 => write!(f, "{bytes} B"),
            1_000..999_950 => write!(f, "{:.1} kB", bytes / 1e3),
            999_950..999_950_000 => write!(f, "{:.1} MB", bytes / 1e6),
            999_950_000..999_950_000_000 => write!(f, "{:.1} GB", bytes / 1e9),
            _ => write!(f, "{:.1} TB", bytes / 1e12),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_short_and_rounded() {
        let check = |bytes, expected: &str| assert_eq!(Size(bytes).to_string(), expected);
        check(0, "0 B");
        check(999, "999 B");
        check(1_000, "1.0 kB");
        check(24_500, "24.5 kB");
        check(999_949, "999.9 kB");
        check(999_950, "1.0 MB");
        check(5_742_592, "5.7 MB");
        check(67_108_864, "67.1 MB");
        check(999_950_000, "1.0 GB");
        check(48_500_000_000, "48.5 GB");
        check(2_000_000_000_000, "2.0 TB");
    }
}

//! A QR code as a picture that a page can hold: one path of an SVG, with attributes only.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Cameras need a light margin.
const MARGIN: usize = 4;

pub struct Qr {
    /// Width and height, margin included, in modules.
    pub side: usize,
    /// The dark modules.
    pub path: String,
}

impl Qr {
    /// `None` for more text than a code can hold.
    pub fn new(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let (width, modules) = (code.width(), code.to_colors());
        let mut path = String::new();
        for (y, row) in modules.chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|left, right| left == right) {
                if run[0] == Color::Dark {
                    // Writing to a string does not fail.
                    let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + MARGIN, y + MARGIN, length = run.len());
                }
                x += run.len();
            }
        }
        Some(Self { side: width + 2 * MARGIN, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_path_with_its_finder_in_the_corner() {
        let qr = Qr::new("otpauth://totp/ChatForge:jane%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert!(qr.path.starts_with("M4 4h7v1h-7z"), "{}", qr.path);
        assert!(qr.path.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'M' | b'h' | b'v' | b'z' | b'-' | b' ')));
        assert!((21 + 8..80).contains(&qr.side), "{}", qr.side);
        assert!(Qr::new(&"x".repeat(5_000)).is_none());
    }
}

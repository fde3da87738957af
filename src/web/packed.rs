//! An answer that is the same for everyone: made once, packed once for each coding, and not sent again to who has it.

use std::io::Write;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::web::conditional::{matches, tag_of};
use crate::web::error::ApiError;

const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;
const BUFFER_BYTES: usize = 4096;

pub struct Packed {
    kind: &'static str,
    plain: Bytes,
    tag: String,
    brotli: OnceCell<Bytes>,
    gzip: OnceCell<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Brotli,
    Gzip,
}

impl Packed {
    pub fn new(kind: &'static str, plain: Bytes) -> Self {
        Self { kind, tag: tag_of(&plain), plain, brotli: OnceCell::new(), gzip: OnceCell::new() }
    }

    pub async fn answer(&self, headers: &HeaderMap, caching: &'static str) -> Response {
        let common = [
            (header::ETAG, self.tag.clone()),
            (header::CACHE_CONTROL, caching.to_owned()),
            (header::VARY, "accept-encoding".to_owned()),
        ];
        if headers.get(header::IF_NONE_MATCH).is_some_and(|known| matches(known, &self.tag)) {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        let kind = [(header::CONTENT_TYPE, self.kind)];
        let Some(coding) = Coding::wanted(headers) else {
            return (common, kind, Body::from(self.plain.clone())).into_response();
        };
        match self.packed(coding).await {
            Some(bytes) => (common, kind, [(header::CONTENT_ENCODING, coding.name())], Body::from(bytes)).into_response(),
            None => ApiError::internal().into_response(),
        }
    }

    async fn packed(&self, coding: Coding) -> Option<Bytes> {
        let kept = match coding {
            Coding::Brotli => &self.brotli,
            Coding::Gzip => &self.gzip,
        };
        // At its best, packing takes too long for a thread that serves sockets.
        let pack = || {
            let plain = self.plain.clone();
            spawn_blocking(move || coding.pack(&plain))
        };
        kept.get_or_try_init(pack).await.ok().cloned()
    }
}

impl Coding {
    /// The better one of those that the caller reads.
    fn wanted(headers: &HeaderMap) -> Option<Self> {
        [Self::Brotli, Self::Gzip].into_iter().find(|coding| accepts(headers, coding.name()))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    fn pack(self, plain: &[u8]) -> Bytes {
        match self {
            Self::Brotli => brotli(plain),
            Self::Gzip => {
                let mut writer = GzEncoder::new(Vec::new(), Compression::best());
                // Writing to memory does not fail.
                let _ = writer.write_all(plain);
                Bytes::from(writer.finish().unwrap_or_default())
            }
        }
    }
}

pub fn brotli(plain: &[u8]) -> Bytes {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), BUFFER_BYTES, BROTLI_QUALITY, BROTLI_WINDOW);
    // Writing to memory does not fail.
    let _ = writer.write_all(plain);
    Bytes::from(writer.into_inner())
}

/// Whether the caller names a coding, and not to say that it does not read it.
pub fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        is_named && weight.is_none_or(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::http::HeaderValue;
    use flate2::read::GzDecoder;

    use super::*;

    fn accepting(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(text))])
    }

    #[test]
    fn the_best_coding_is_taken_that_the_caller_reads() {
        for (text, wanted) in [
            ("", None),
            ("identity", None),
            ("gzip", Some(Coding::Gzip)),
            ("gzip, deflate, br, zstd", Some(Coding::Brotli)),
            ("GZIP;q=0.5", Some(Coding::Gzip)),
            ("br;q=0, gzip;q=1.0", Some(Coding::Gzip)),
            ("br; q=0.0", None),
            ("br;q=nonsense", None),
            ("*", None),
            ("brotli", None),
        ] {
            assert_eq!(Coding::wanted(&accepting(text)), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_packed_is_what_was_said_and_is_packed_once() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let said = "the same for everyone ".repeat(100);
        let packed = Packed::new("text/plain", Bytes::from(said.clone()));
        let bytes = |coding| runtime.block_on(packed.packed(coding)).unwrap();
        let (mut unpacked, gzip, brotli) = (String::new(), bytes(Coding::Gzip), bytes(Coding::Brotli));
        GzDecoder::new(&gzip[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, said);
        unpacked.clear();
        brotli::Decompressor::new(&brotli[..], 4096).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, said);
        assert_eq!((bytes(Coding::Gzip).as_ptr(), bytes(Coding::Brotli).as_ptr()), (gzip.as_ptr(), brotli.as_ptr()));
    }
}

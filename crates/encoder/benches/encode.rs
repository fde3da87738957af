//! How long a text takes by each path, on one thread, and how long it takes to compare a vector with 50,000.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use chatforge_encoder::{Encoder, Path, Vector, cosines};

const SENTENCE: &str = "Whatever you send back within thirty days of delivery is refunded to the card that it was paid with. ";
const TEXTS: [(&str, usize); 3] = [("what time do you close on Fridays in winter?", 1), (SENTENCE, 2), (SENTENCE, 10)];
const ROUNDS: usize = 21;
const CHUNKS: usize = 50_000;

fn main() {
    let Some(encoder) = Encoder::embedded() else {
        return println!("built without the feature model: nothing to measure");
    };
    for (text, times) in TEXTS {
        let text = text.repeat(times);
        println!("{} tokens", encoder.tokens(&text).len());
        let of = |path| {
            median(|| {
                black_box(encoder.encode_by(path, black_box(&text)));
            })
        };
        let times: Vec<(Path, f64)> = Path::available().map(|path| (path, of(path))).collect();
        for (path, ms) in &times {
            println!("  {:<8} {ms:8.2} ms, {:5.1} times as fast as scalar", format!("{path:?}"), times[0].1 / ms);
        }
    }
    compare(encoder);
}

fn compare(encoder: &Encoder) {
    let query = encoder.encode(SENTENCE);
    let chunks: Vec<Vector> = TEXTS.map(|(text, _)| encoder.encode(text)).into_iter().cycle().take(CHUNKS).collect();
    let mut found = Vec::new();
    let together = median(|| cosines(&query, black_box(&chunks), &mut found));
    let mut singly = Vec::new();
    let apart = median(|| {
        singly.clear();
        singly.extend(black_box(&chunks).iter().map(|chunk| query.cosine(chunk)));
    });
    assert_eq!(found, singly);
    println!("{CHUNKS} vectors\n  together {together:.2} ms, {:.1} times as fast as one by one", apart / together);
}

/// In milliseconds.
fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

//! The encoder beside another implementation: `scripts/encoder-reference` computed what is expected, in float32.
#![cfg(feature = "model")]
#![allow(clippy::unwrap_used)]

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chatforge_encoder::{DIMENSIONS, Encoder, Path};
use serde_json::Value;

struct Expected {
    text: String,
    tokens: Vec<u16>,
    /// Of length one.
    vector: Vec<f32>,
}

fn expected() -> Vec<Expected> {
    let rows = include_str!("data/reference.jsonl").lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        let tokens = row["tokens"].as_array().unwrap().iter().map(|token| token.as_u64().unwrap() as u16);
        let bytes = BASE64_STANDARD.decode(row["vector"].as_str().unwrap()).unwrap();
        let vector = bytes.as_chunks::<2>().0.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32767.0);
        Expected { text: row["text"].as_str().unwrap().to_owned(), tokens: tokens.collect(), vector: vector.collect() }
    });
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), 200);
    assert!(rows.iter().all(|row| row.vector.len() == DIMENSIONS));
    rows
}

fn cosine(bytes: &[u8], exact: &[f32]) -> f32 {
    let values: Vec<f32> = bytes.iter().map(|byte| f32::from(*byte as i8)).collect();
    let length = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter().zip(exact).map(|(a, b)| a * b).sum::<f32>() / length(&values) / length(exact)
}

#[test]
fn every_text_is_read_as_the_tokens_that_the_model_was_trained_on() {
    let encoder = Encoder::embedded().unwrap();
    for row in expected() {
        assert_eq!(encoder.tokens(&row.text), row.tokens, "{:?}", row.text);
    }
}

#[test]
fn every_vector_points_where_the_exact_model_points() {
    let encoder = Encoder::embedded().unwrap();
    let cosines: Vec<f32> = expected().iter().map(|row| cosine(&encoder.encode(&row.text).to_bytes(), &row.vector)).collect();
    let least = cosines.iter().copied().fold(1.0, f32::min);
    println!("cosine: least {least:.5}, mean {:.5}", cosines.iter().sum::<f32>() / cosines.len() as f32);
    assert!(least > 0.995, "{least}");
}

#[test]
fn every_path_gives_the_same_vector() {
    let encoder = Encoder::embedded().unwrap();
    for row in expected().iter().filter(|row| row.tokens.len() < 40).step_by(4) {
        let scalar = encoder.encode_by(Path::Scalar, &row.text);
        for path in Path::available() {
            assert_eq!(encoder.encode_by(path, &row.text), scalar, "{path:?} on {:?}", row.text);
        }
    }
}

#[test]
fn a_word_is_known_when_the_model_has_it_whole() {
    let encoder = Encoder::embedded().unwrap();
    for word in ["payment", "delivery", "the", "42"] {
        assert!(encoder.knows(word), "{word}");
    }
    for word in ["", "refnud", "Refund", "##ing", "[CLS]", "two words", "tidepool"] {
        assert!(!encoder.knows(word), "{word}");
    }
}

#[test]
fn likeness_of_meaning_is_likeness_of_vectors() {
    let encoder = Encoder::embedded().unwrap();
    let [asked, near, far] =
        ["Can I get my money back?", "Refunds are paid within two weeks.", "Dogs are welcome on the terrace."]
            .map(|text| encoder.encode(text));
    assert!(asked.cosine(&near) > asked.cosine(&far) + 0.2);
}

#[test]
fn a_text_that_goes_on_for_ever_is_read_to_its_256th_token() {
    let encoder = Encoder::embedded().unwrap();
    let (long, longer) = ("a ".repeat(300), "a ".repeat(300_000));
    assert_eq!(encoder.tokens(&longer).len(), 256);
    assert_eq!(encoder.tokens(&longer), encoder.tokens(&long));
}

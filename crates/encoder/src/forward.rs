//! The forward pass: from tokens to a vector, in the order in which the model was trained to do it.

use crate::attention::attend;
use crate::kernels::{Kernel, Work};
use crate::lanes::{gelu, sum, sum_of_squares};
use crate::weights::{Embeddings, Layer, Norm, WIDE, WIDTH, Weights};

type Row = [f32; WIDTH];

/// The vector of these tokens; there is at least one, and no more than the model has positions.
pub struct Forward<'a> {
    pub weights: &'a Weights,
    pub tokens: &'a [u16],
}

impl Work for Forward<'_> {
    type Output = Row;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Row {
        let mut rows = embed(&self.weights.embeddings, self.tokens);
        let mut room = Room::new(rows.len());
        for layer in &self.weights.layers {
            room.pass(kernel, layer, &mut rows);
        }
        mean(&rows)
    }
}

#[inline(always)]
fn embed(embeddings: &Embeddings, tokens: &[u16]) -> Vec<Row> {
    let mut rows = vec![[0.0; WIDTH]; tokens.len()];
    for ((row, token), position) in rows.iter_mut().zip(tokens).zip(embeddings.positions) {
        let token = usize::from(*token);
        let (values, scale) = (&embeddings.tokens[token], embeddings.scales[token]);
        for n in 0..WIDTH {
            row[n] = f32::from(values[n]) * scale + position[n];
        }
    }
    normalise(&mut rows, &embeddings.norm);
    rows
}

/// What a layer computes between its input and its output.
struct Room {
    asked: Vec<[f32; 3 * WIDTH]>,
    taken: Vec<Row>,
    wide: Vec<[f32; WIDE]>,
    change: Vec<Row>,
}

impl Room {
    #[inline(always)]
    fn new(tokens: usize) -> Room {
        Room {
            asked: vec![[0.0; 3 * WIDTH]; tokens],
            taken: vec![[0.0; WIDTH]; tokens],
            wide: vec![[0.0; WIDE]; tokens],
            change: vec![[0.0; WIDTH]; tokens],
        }
    }

    #[inline(always)]
    fn pass<K: Kernel>(&mut self, kernel: K, layer: &Layer, rows: &mut [Row]) {
        layer.query_key_value.apply(kernel, rows, &mut self.asked);
        attend(&self.asked, &mut self.taken);
        layer.attended.apply(kernel, &self.taken, &mut self.change);
        add(rows, &self.change);
        normalise(rows, &layer.attended_norm);

        layer.widening.apply(kernel, rows, &mut self.wide);
        for value in self.wide.as_flattened_mut() {
            *value = gelu(*value);
        }
        layer.narrowing.apply(kernel, &self.wide, &mut self.change);
        add(rows, &self.change);
        normalise(rows, &layer.narrowed_norm);
    }
}

#[inline(always)]
fn add(rows: &mut [Row], change: &[Row]) {
    for (value, change) in rows.as_flattened_mut().iter_mut().zip(change.as_flattened()) {
        *value += change;
    }
}

/// Layer normalisation: each row to mean 0 and deviation 1, then as the model learnt it.
#[inline(always)]
fn normalise(rows: &mut [Row], norm: &Norm) {
    for row in rows {
        let mean = sum(row) / WIDTH as f32;
        for value in row.iter_mut() {
            *value -= mean;
        }
        let deviation = (sum_of_squares(row) / WIDTH as f32 + 1e-12).sqrt();
        for ((value, scale), shift) in row.iter_mut().zip(norm.scale).zip(norm.shift) {
            *value = *value / deviation * scale + shift;
        }
    }
}

/// Not divided by anything: only its direction counts.
#[inline(always)]
fn mean(rows: &[Row]) -> Row {
    let mut total = [0.0; WIDTH];
    for row in rows {
        for (total, value) in total.iter_mut().zip(row) {
            *total += value;
        }
    }
    total
}

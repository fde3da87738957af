//! Attention: what each token takes from all others.

use crate::lanes::{LANES, exp, largest, sum};
use crate::weights::{HEAD, HEADS, WIDTH};

/// Queries that are handled together, so that each load of a key or value serves them all.
const TOGETHER: usize = 4;

/// A token's query, key and value, of all heads.
type Asked = [f32; 3 * WIDTH];

/// From each token's query, key and value to the mix of values that it takes.
#[inline(always)]
pub fn attend(tokens: &[Asked], out: &mut [[f32; WIDTH]]) {
    let mut head = Head::new(tokens.len());
    let mut scores = vec![0.0; TOGETHER * head.padded];
    for number in 0..HEADS {
        let at = number * HEAD;
        head.fill(tokens, at);
        for (tokens, out) in tokens.chunks(TOGETHER).zip(out.chunks_mut(TOGETHER)) {
            head.answer(tokens, at, &mut scores, out);
        }
    }
}

/// One head's keys and values, in columns of sixteen, as `tile` reads them.
struct Head {
    tokens: usize,
    /// Whole lanes.
    padded: usize,
    /// For sixteen tokens each: a row for each of their numbers.
    keys: Vec<[f32; LANES]>,
    /// For sixteen numbers each: a row for each token.
    values: Vec<[f32; LANES]>,
}

impl Head {
    #[inline(always)]
    fn new(tokens: usize) -> Head {
        let padded = tokens.next_multiple_of(LANES);
        let keys = vec![[0.0; LANES]; padded / LANES * HEAD];
        let values = vec![[0.0; LANES]; HEAD / LANES * padded];
        Head { tokens, padded, keys, values }
    }

    #[inline(always)]
    fn fill(&mut self, tokens: &[Asked], at: usize) {
        for (number, token) in tokens.iter().enumerate() {
            let rows = &mut self.keys[number / LANES * HEAD..][..HEAD];
            for (row, key) in rows.iter_mut().zip(&token[WIDTH + at..]) {
                row[number % LANES] = *key;
            }
            let value = &token[2 * WIDTH + at..][..HEAD];
            for (half, part) in value.as_chunks::<LANES>().0.iter().enumerate() {
                self.values[half * self.padded + number] = *part;
            }
        }
    }

    /// For up to four tokens; the place of one that is missing is computed and dropped.
    #[inline(always)]
    fn answer(&self, tokens: &[Asked], at: usize, scores: &mut [f32], out: &mut [[f32; WIDTH]]) {
        let mut queries = [[0.0; HEAD]; TOGETHER];
        for (query, token) in queries.iter_mut().zip(tokens) {
            let scale = 1.0 / (HEAD as f32).sqrt();
            for (number, asked) in query.iter_mut().zip(&token[at..]) {
                *number = asked * scale;
            }
        }
        for (column, keys) in self.keys.chunks_exact(HEAD).enumerate() {
            let tile = tile(queries.as_flattened(), keys);
            for (row, scores) in tile.iter().zip(scores.chunks_exact_mut(self.padded)) {
                scores[column * LANES..][..LANES].copy_from_slice(row);
            }
        }
        let mut shares = [0.0; TOGETHER];
        for (share, scores) in shares.iter_mut().zip(scores.chunks_exact_mut(self.padded)) {
            *share = 1.0 / weigh(scores, self.tokens);
        }
        for (half, values) in self.values.chunks_exact(self.padded).enumerate() {
            let tile = tile(scores, values);
            for ((row, share), out) in tile.iter().zip(shares).zip(out.iter_mut()) {
                let out = &mut out[at + half * LANES..][..LANES];
                for (out, value) in out.iter_mut().zip(row) {
                    *out = value * share;
                }
            }
        }
    }
}

/// The first half of softmax, in place: scores become weights, and their sum is returned. Those after the last token count
/// for nothing.
#[inline(always)]
fn weigh(scores: &mut [f32], tokens: usize) -> f32 {
    scores[tokens..].fill(f32::MIN);
    let most = largest(scores);
    for score in scores.iter_mut() {
        *score = exp(*score - most);
    }
    sum(scores)
}

/// Four rows times sixteen columns. `rows` holds them one after the other, each as long as there are `columns`.
#[inline(always)]
fn tile(rows: &[f32], columns: &[[f32; LANES]]) -> [[f32; LANES]; TOGETHER] {
    let rows: [&[f32]; TOGETHER] = std::array::from_fn(|row| &rows[row * columns.len()..][..columns.len()]);
    let mut sums = [[0.0; LANES]; TOGETHER];
    for (n, column) in columns.iter().enumerate() {
        // By index and not by iterators: so the compiler keeps all sums in registers, which makes it three times as fast.
        for row in 0..TOGETHER {
            let factor = rows[row][n];
            for lane in 0..LANES {
                sums[row][lane] += factor * column[lane];
            }
        }
    }
    sums
}

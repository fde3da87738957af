//! Every path beside plain arithmetic, to the last bit.

use super::*;

/// Tokens as whole numbers from -127 to 127, and a panel's rows.
struct Case {
    tokens: Vec<Vec<i8>>,
    rows: Vec<Vec<i8>>,
}

impl Case {
    fn made(tokens: usize, columns: usize, mut value: impl FnMut() -> i8) -> Case {
        let mut matrix = |rows: usize| (0..rows).map(|_| (0..columns).map(|_| value()).collect()).collect();
        Case { tokens: matrix(tokens), rows: matrix(PANEL) }
    }

    fn exact(&self) -> Vec<[i32; PANEL]> {
        let product = |a: &[i8], b: &[i8]| a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        self.tokens.iter().map(|token| std::array::from_fn(|row| product(token, &self.rows[row]))).collect()
    }

    /// Sixteen rows as they lie in the file.
    fn block(&self, half: usize) -> Vec<Group> {
        let columns = self.rows[0].len();
        let group = |g: usize| std::array::from_fn(|n| self.rows[half * BLOCK + n / GROUP][g * GROUP + n % GROUP]);
        (0..columns / GROUP).map(group).collect()
    }
}

impl Work for &Case {
    type Output = Vec<[i32; PANEL]>;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Vec<[i32; PANEL]> {
        let bytes: Vec<u8> = self.tokens.iter().flatten().map(|value| (*value as u8).wrapping_add(K::OFFSET)).collect();
        let sums = std::array::from_fn(|row| self.rows[row].iter().map(|value| i32::from(*value)).sum());
        let (first, second) = (self.block(0), self.block(1));
        let mut products = vec![[0; PANEL]; self.tokens.len()];
        let panel = Panel { blocks: [&first, &second], sums: &sums };
        kernel.multiply(bytes.as_chunks::<GROUP>().0, panel, &mut products);
        products
    }
}

#[track_caller]
fn check(case: &Case) {
    let exact = case.exact();
    for path in Path::available() {
        let (tokens, columns) = (case.tokens.len(), case.rows[0].len());
        assert!(path.run(case) == exact, "{path:?}, {tokens} tokens of {columns} numbers");
    }
}

/// Numbers that look drawn by chance, the same each time.
fn scattered() -> impl FnMut() -> i8 {
    let mut state = 1u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) % 255) as u8 as i8 ^ i8::MIN
    }
}

#[test]
fn every_path_multiplies_any_number_of_tokens_exactly() {
    let mut next = scattered();
    // -128 does not occur: neither in the file nor in a token.
    let mut value = || next().max(-127);
    for tokens in 0..=19 {
        for columns in [4, 12, 384] {
            check(&Case::made(tokens, columns, &mut value));
        }
    }
    check(&Case::made(3, 1536, &mut value));
}

#[test]
fn no_path_overflows_where_all_is_as_large_as_can_be() {
    let mut alternating = 1;
    check(&Case::made(5, 1536, || 127));
    check(&Case::made(5, 1536, || -127));
    check(&Case::made(5, 1536, || {
        alternating = -alternating;
        127 * alternating
    }));
}

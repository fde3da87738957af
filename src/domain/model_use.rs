//! What models have taken to write answers, and how much of that is allowed.

use std::ops::AddAssign;

/// A sum over some answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelUse {
    pub answers: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    /// Millionths of a dollar.
    pub cost_micros: i64,
}

impl ModelUse {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for ModelUse {
    fn add_assign(&mut self, other: Self) {
        self.answers += other.answers;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cost_micros += other.cost_micros;
    }
}

/// Of one day: the agent's, those of all agents of its account, and those of the whole server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayUse {
    pub agent: ModelUse,
    pub account: ModelUse,
    pub server: ModelUse,
}

/// What may be used in a day; 0 is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    pub answers: i64,
    pub cost_micros: i64,
}

impl Budget {
    pub const fn is_unlimited(self) -> bool {
        self.answers == 0 && self.cost_micros == 0
    }

    pub const fn is_used_up(self, used: &ModelUse) -> bool {
        (self.answers > 0 && used.answers >= self.answers) || (self.cost_micros > 0 && used.cost_micros >= self.cost_micros)
    }
}

/// What tokens cost, in dollars for a million of them.
pub fn cost_micros(input_tokens: i64, output_tokens: i64, input_price: f64, output_price: f64) -> i64 {
    // Dollars for a million tokens are millionths of a dollar for one.
    (input_tokens as f64 * input_price + output_tokens as f64 * output_price).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_when_either_of_its_limits_is_reached() {
        let used = |answers, cost_micros| ModelUse { answers, cost_micros, ..ModelUse::default() };
        let check =
            |budget: Budget, used: ModelUse, expected| assert_eq!(budget.is_used_up(&used), expected, "{budget:?} {used:?}");
        check(Budget::default(), used(1_000_000, 1_000_000), false);
        check(Budget { answers: 2, cost_micros: 0 }, used(1, 9), false);
        check(Budget { answers: 2, cost_micros: 0 }, used(2, 0), true);
        check(Budget { answers: 0, cost_micros: 5 }, used(9, 4), false);
        check(Budget { answers: 9, cost_micros: 5 }, used(1, 5), true);
    }

    #[test]
    fn a_million_tokens_cost_their_price() {
        assert_eq!(cost_micros(1_000_000, 0, 2.5, 10.0), 2_500_000);
        assert_eq!(cost_micros(1_000, 100, 0.15, 0.6), 210);
        assert_eq!(cost_micros(5, 5, 0.0, 0.0), 0);
    }
}

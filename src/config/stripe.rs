//! Payments by Stripe: who signs its events, and which plan a price stands for.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Value;

use crate::config::secret::Secret;
use crate::config::{Error, PlanLimits};
use crate::domain::account::Account;
use crate::domain::page;
use crate::domain::stripe::Prices;

const SECRET_PREFIX: &str = "whsec_";

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Stripe {
    #[serde(deserialize_with = "secrets")]
    webhook_secrets: Vec<Secret>,
    pub mode: String,
    pub prices: Vec<String>,
    pub canceled_plan: String,
    pub payment_link: String,
}

/// In words of our own: the library's would repeat the value that is wrong.
fn secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    let wrong = || D::Error::custom("stripe.webhook_secrets: must be a list of strings");
    let Value::Array(items) = Value::deserialize(deserializer).map_err(|_| wrong())? else { return Err(wrong()) };
    let read = |item| match item {
        Value::String(text) => Ok(Secret(text)),
        _ => Err(wrong()),
    };
    items.into_iter().map(read).collect()
}

impl Default for Stripe {
    fn default() -> Self {
        Self {
            webhook_secrets: Vec::new(),
            mode: "live".into(),
            prices: Vec::new(),
            canceled_plan: "free".into(),
            payment_link: String::new(),
        }
    }
}

impl Stripe {
    pub(in crate::config) fn check(&self, plans: &BTreeMap<String, PlanLimits>) -> Result<(), Error> {
        let fail = |key: &str, message: String| Err(Error::Key { key: format!("stripe.{key}"), message });
        let malformed = |secret: &&Secret| secret.0.len() <= SECRET_PREFIX.len() || !secret.0.starts_with(SECRET_PREFIX);
        if self.webhook_secrets.iter().any(|secret| malformed(&secret)) {
            return fail("webhook_secrets", format!("each must start with {SECRET_PREFIX}, as Stripe shows it for the endpoint"));
        }
        if !matches!(self.mode.as_str(), "live" | "test") {
            return fail("mode", format!("`{}` is not live or test", self.mode));
        }
        let known = || plans.keys().cloned().collect::<Vec<_>>().join(", ");
        let mut seen = Vec::new();
        for pair in &self.prices {
            let Some((price, plan)) = split(pair) else {
                return fail("prices", format!("`{pair}` is not a price and its plan such as price_123=starter"));
            };
            if !plans.contains_key(plan) {
                return fail("prices", format!("`{pair}`: unknown plan `{plan}`; the plans are {}", known()));
            }
            if seen.contains(&price) {
                return fail("prices", format!("`{price}` is listed twice"));
            }
            seen.push(price);
        }
        if !plans.contains_key(&self.canceled_plan) {
            return fail("canceled_plan", format!("unknown plan `{}`; the plans are {}", self.canceled_plan, known()));
        }
        if !self.payment_link.is_empty() && page::page_url(&self.payment_link).is_none() {
            return fail("payment_link", format!("`{}` is not an http or https address", self.payment_link));
        }
        Ok(())
    }

    pub fn with_secrets(self, secrets: &[&str]) -> Self {
        Self { webhook_secrets: secrets.iter().map(|secret| Secret((*secret).to_owned())).collect(), ..self }
    }

    pub fn is_on(&self) -> bool {
        !self.webhook_secrets.is_empty()
    }

    pub fn is_live(&self) -> bool {
        self.mode == "live"
    }

    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.webhook_secrets.iter().map(|secret| secret.0.as_str())
    }

    pub fn prices(&self) -> Prices {
        let plans = self.prices.iter().filter_map(|pair| split(pair));
        Prices {
            plans: plans.map(|(price, plan)| (price.to_owned(), plan.to_owned())).collect(),
            canceled_plan: self.canceled_plan.clone(),
        }
    }

    /// Where somebody pays for this account; none where no link is configured.
    pub fn payment_link(&self, account: &Account) -> Option<String> {
        let separator = if self.payment_link.contains('?') { '&' } else { '?' };
        let link = || format!("{}{separator}client_reference_id={}", self.payment_link, account.id);
        (!self.payment_link.is_empty()).then(link)
    }
}

fn split(pair: &str) -> Option<(&str, &str)> {
    let (price, plan) = pair.split_once('=')?;
    let (price, plan) = (price.trim(), plan.trim());
    (!price.is_empty() && !plan.is_empty()).then_some((price, plan))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{AccountId, Identifier};
    use crate::domain::time::Time;

    #[test]
    fn the_payment_link_names_the_account() {
        let account = Account {
            id: AccountId::from_random("a1b2c3d4e5"),
            name: String::new(),
            email: String::new(),
            plan: "free".into(),
            created_at: Time::default(),
        };
        let link = |link: &str| Stripe { payment_link: link.into(), ..Stripe::default() }.payment_link(&account);
        assert_eq!(link(""), None);
        let named = |start: &str| Some(format!("https://buy.stripe.com/x{start}client_reference_id=acc_a1b2c3d4e5"));
        assert_eq!(link("https://buy.stripe.com/x"), named("?"));
        assert_eq!(link("https://buy.stripe.com/x?locale=de"), named("?locale=de&"));
    }
}

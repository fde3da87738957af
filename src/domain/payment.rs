//! Payments for an account: how much, for which plan and which time.

use crate::domain::Rejection;
use crate::domain::id::{AccountId, PaymentId};
use crate::domain::input::{Text, line, text_of_form};
use crate::domain::page;
use crate::domain::time::Time;

pub const INVOICE: Text = line(1..=255);

#[derive(Clone, Debug)]
pub struct Payment {
    pub id: PaymentId,
    pub account: AccountId,
    /// Of the payment provider, or of the operator's books; the payment's own id where there is none.
    pub invoice: String,
    pub amount_cents: i64,
    /// Three letters, lower-case.
    pub currency: String,
    pub plan: String,
    pub period_start: Time,
    pub period_end: Time,
    pub invoice_url: Option<String>,
    pub paid_at: Time,
}

/// A payment that is not on record yet.
#[derive(Clone, Debug)]
pub struct NewPayment {
    pub invoice: Option<String>,
    pub amount_cents: i64,
    pub currency: String,
    pub plan: String,
    pub period_start: Time,
    pub period_end: Time,
    pub invoice_url: Option<String>,
    pub paid_at: Time,
}

impl NewPayment {
    /// As a person wrote it, checked.
    pub fn checked(mut self) -> Result<Self, Rejection> {
        self.currency = currency(&self.currency).map_err(|message| Rejection::one("currency", message))?;
        if self.amount_cents < 1 {
            return Err(Rejection::one("amount-cents", "must be at least 1"));
        }
        if self.period_end <= self.period_start {
            let message = format!("must be later than the start, {}", self.period_start);
            return Err(Rejection::one("period-end", message));
        }
        if let Some(invoice) = &mut self.invoice {
            *invoice = text_of_form(invoice, &INVOICE).map_err(|message| Rejection::one("invoice", message))?;
        }
        if let Some(url) = &mut self.invoice_url {
            let read = page::page_url(url).ok_or_else(|| Rejection::one("invoice-url", "must be an http or https address"));
            *url = read?;
        }
        Ok(self)
    }
}

/// A currency as ISO 4217 writes it, in the lower case of the API.
fn currency(text: &str) -> Result<String, &'static str> {
    let fits = text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic());
    fits.then(|| text.to_ascii_lowercase()).ok_or("must be three letters, such as usd")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_letters() {
        assert_eq!(currency("USD"), Ok("usd".to_owned()));
        for wrong in ["", "us", "usdt", "u5d", "€€€", "u d"] {
            assert!(currency(wrong).is_err(), "{wrong}");
        }
    }
}

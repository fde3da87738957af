//! `chatforge payment`

use clap::{Args, Subcommand};
use pollster::block_on;

use crate::cli::{Context, account, known_plan, record, terminal};
use crate::config::Config;
use crate::domain::payment::{NewPayment, Payment};
use crate::domain::time::Time;
use crate::storage::{Error, Store};
use crate::world::World;

#[derive(Subcommand)]
pub enum Command {
    /// Record a payment made outside Stripe, notify the account's webhooks, and print its id
    Record(Record),
    /// List an account's payments, newest first: id, time, cents, currency, plan, start, end, invoice, address
    List {
        /// The account's id or the e-mail address it was created with
        #[arg(long)]
        account: String,
    },
}

#[derive(Args)]
pub struct Record {
    /// The account's id or the e-mail address it was created with
    #[arg(long)]
    account: String,
    /// The amount in the currency's smallest unit: 9700 is $97.00
    #[arg(long, allow_negative_numbers = true)]
    amount_cents: i64,
    /// The currency code, three letters such as usd
    #[arg(long)]
    currency: String,
    /// The plan that was paid for; does not change the account's plan [default: the account's plan]
    #[arg(long)]
    plan: Option<String>,
    /// The start of the paid period, such as 2026-03-01T00:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    period_start: Option<String>,
    /// The end of the paid period [default: a month after the start]
    #[arg(long, value_name = "TIME")]
    period_end: Option<String>,
    /// Your invoice number; a second payment with the same number is rejected
    #[arg(long, value_name = "ID")]
    invoice: Option<String>,
    /// The URL of the invoice
    #[arg(long, value_name = "URL")]
    invoice_url: Option<String>,
}

impl Command {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let (store, config, world) = context.open()?;
        let done = block_on(async {
            match self {
                Self::Record(record) => record.run(&store, &config, &world).await,
                Self::List { account } => list(&store, &account).await,
            }
        });
        store.close();
        done
    }
}

impl Record {
    async fn run(self, store: &Store, config: &Config, world: &World) -> anyhow::Result<()> {
        let payer = account::named(store, &self.account).await?;
        if let Some(plan) = &self.plan {
            known_plan(config, plan)?;
        }
        let now = world.now();
        let start = self.period_start.as_deref().map(|text| instant("period-start", text)).transpose()?.unwrap_or(now);
        let end = self.period_end.as_deref().map(|text| instant("period-end", text)).transpose()?;
        let new = NewPayment {
            invoice: self.invoice.clone(),
            amount_cents: self.amount_cents,
            currency: self.currency,
            plan: self.plan.unwrap_or(payer.plan),
            period_start: start,
            period_end: end.unwrap_or_else(|| start.a_month_later()),
            invoice_url: self.invoice_url,
            paid_at: now,
        };
        let new = new.checked().map_err(|wrong| anyhow::anyhow!("--{}", wrong.summary()))?;
        let recorded = store.record_payment(payer.id.clone(), new).await.map_err(|error| match (error, self.invoice) {
            (Error::Conflict, Some(invoice)) => anyhow::anyhow!("the invoice {invoice} was already recorded"),
            (other, _) => other.into(),
        })?;
        record(store, payer.id, "account.payment_recorded", &recorded, "").await?;
        println!("{recorded}");
        Ok(())
    }
}

fn instant(flag: &str, text: &str) -> anyhow::Result<Time> {
    Time::parse(text).ok_or_else(|| anyhow::anyhow!("--{flag}: `{text}` is not a time such as 2026-03-01T00:00:00Z"))
}

async fn list(store: &Store, account: &str) -> anyhow::Result<()> {
    let account = account::named(store, account).await?;
    for payment in store.payments(account.id).await? {
        println!("{}", line(&payment));
    }
    Ok(())
}

fn line(payment: &Payment) -> String {
    let Payment { id, amount_cents, currency, plan, period_start, period_end, invoice, paid_at, .. } = payment;
    let (invoice, url) = (terminal::cell(invoice), terminal::cell(payment.invoice_url.as_deref().unwrap_or("-")));
    format!("{id}\t{paid_at}\t{amount_cents}\t{currency}\t{plan}\t{period_start}\t{period_end}\t{invoice}\t{url}")
}

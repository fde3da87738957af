//! What Stripe tells: each event takes effect once, also one that comes before its customer is known here.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::id::{AccountId, Identifier};
use crate::domain::payment::NewPayment;
use crate::domain::stripe::{self, Billing, Checkout, Notice, PaidInvoice, Prices, State, Subscription};
use crate::storage::accounts;
use crate::storage::events::Outbox;
use crate::storage::payments;
use crate::storage::{Error, Result, Store};

/// Events that wait for an account; past that the oldest are forgotten, for Stripe may also serve other products.
const UNCLAIMED_MAX: i64 = 10_000;

/// What became of an event, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    Repeated,
    Linked {
        customer: String,
        account: AccountId,
    },
    OnPlan {
        account: AccountId,
        plan: String,
    },
    /// Kept until an account is linked to the customer.
    Unclaimed {
        customer: String,
    },
    UnknownAccount {
        customer: String,
    },
    /// Another account is linked to the customer; it keeps it.
    Taken {
        customer: String,
    },
    UnknownPrice {
        account: AccountId,
    },
    Unreadable {
        event: String,
    },
}

const SEEN: &str = "
    INSERT INTO stripe_events (id, received_at)
    VALUES (?1, ?2)
    ON CONFLICT (id) DO NOTHING";

const LINKED: &str = "
    SELECT id
    FROM accounts
    WHERE stripe_customer = ?1";

/// A second checkout gives an account another customer; the subscription of the first goes on.
const SUBSCRIBED: &str = "
    SELECT account
    FROM stripe_subscriptions
    WHERE customer = ?1
    LIMIT 1";

const LINK: &str = "
    UPDATE accounts
    SET stripe_customer = ?2
    WHERE id = ?1";

const KEEP: &str = "
    INSERT INTO stripe_unclaimed (event, customer, payload, received_at)
    VALUES (?1, ?2, ?3, ?4)";

const CROWDED_OUT: &str = "
    DELETE FROM stripe_unclaimed
    WHERE number <= ?1";

const UNCLAIMED: &str = "
    SELECT event, payload
    FROM stripe_unclaimed
    WHERE customer = ?1
    ORDER BY number";

const CLAIMED: &str = "
    DELETE FROM stripe_unclaimed
    WHERE customer = ?1";

/// An event that is older than what is known changes nothing.
const SUBSCRIPTION: &str = "
    INSERT INTO stripe_subscriptions (id, account, customer, state, plan, started_at, changed_at, change)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (id) DO UPDATE
    SET state = excluded.state, plan = excluded.plan, changed_at = excluded.changed_at, change = excluded.change
    WHERE account = excluded.account AND (changed_at, change) <= (excluded.changed_at, excluded.change)";

/// Who subscribes anew before the old subscription ends has two for a while: the newer one counts.
const LIVE: &str = "
    SELECT plan
    FROM stripe_subscriptions
    WHERE account = ?1 AND state = 'live'
    ORDER BY started_at DESC, id DESC
    LIMIT 1";

impl Store {
    /// Takes what an event tells, unless the event was already processed.
    pub async fn take_stripe_notice(&self, event: String, notice: Notice, prices: Prices) -> Result<Vec<Remark>> {
        let mut desk = self.desk(prices);
        self.write(move |db| {
            if db.prepare_cached(SEEN)?.execute(params![event, desk.outbox.world.now()])? == 0 {
                return Ok(vec![Remark::Repeated]);
            }
            match notice {
                Notice::Checkout(checkout) => desk.check_out(db, checkout)?,
                Notice::Billing(billing) => match owner(db, billing.customer())? {
                    Some(account) => desk.apply(db, &account, &billing)?,
                    None => desk.keep(db, &event, &billing)?,
                },
            }
            Ok(desk.remarks)
        })
        .await
    }

    /// Links an account to a customer, and takes what Stripe told of the customer before. A conflict if another
    /// account is linked to it.
    pub async fn link_stripe_customer(&self, account: AccountId, customer: String, prices: Prices) -> Result<Vec<Remark>> {
        let mut desk = self.desk(prices);
        self.write(move |db| {
            accounts::account(db, &account)?;
            if !desk.link(db, &account, &customer)? {
                return Err(Error::Conflict);
            }
            Ok(desk.remarks)
        })
        .await
    }

    fn desk(&self, prices: Prices) -> Desk {
        Desk { outbox: self.outbox(), prices, remarks: Vec::new() }
    }
}

fn owner(db: &Connection, customer: &str) -> Result<Option<AccountId>> {
    for find in [LINKED, SUBSCRIBED] {
        let found = db.prepare_cached(find)?.query_row([customer], |row| row.get(0)).optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// One transaction's work on what Stripe told.
struct Desk {
    outbox: Outbox,
    prices: Prices,
    remarks: Vec<Remark>,
}

impl Desk {
    fn check_out(&mut self, db: &Connection, checkout: Checkout) -> Result<()> {
        let Checkout { customer, account } = checkout;
        let named = AccountId::parse(&account).map(|id| accounts::account(db, &id)).transpose();
        let account = match named {
            Ok(Some(account)) => account.id,
            Ok(None) | Err(Error::NotFound) => {
                self.remarks.push(Remark::UnknownAccount { customer });
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if !self.link(db, &account, &customer)? {
            self.remarks.push(Remark::Taken { customer });
        }
        Ok(())
    }

    /// False if another account is linked to the customer.
    fn link(&mut self, db: &Connection, account: &AccountId, customer: &str) -> Result<bool> {
        if owner(db, customer)?.is_some_and(|owner| owner != *account) {
            return Ok(false);
        }
        db.prepare_cached(LINK)?.execute(params![account, customer])?;
        self.remarks.push(Remark::Linked { customer: customer.to_owned(), account: account.clone() });
        let waiting: Vec<(String, String)> = {
            let mut find = db.prepare_cached(UNCLAIMED)?;
            find.query_map([customer], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?
        };
        for (event, payload) in waiting {
            match serde_json::from_str(&payload) {
                Ok(billing) => self.apply(db, account, &billing)?,
                Err(_) => self.remarks.push(Remark::Unreadable { event }),
            }
        }
        db.prepare_cached(CLAIMED)?.execute([customer])?;
        Ok(true)
    }

    fn keep(&mut self, db: &Connection, event: &str, billing: &Billing) -> Result<()> {
        let payload = serde_json::to_string(billing).expect("text and numbers");
        let now = self.outbox.world.now();
        db.prepare_cached(KEEP)?.execute(params![event, billing.customer(), payload, now])?;
        db.prepare_cached(CROWDED_OUT)?.execute([db.last_insert_rowid() - UNCLAIMED_MAX])?;
        self.remarks.push(Remark::Unclaimed { customer: billing.customer().to_owned() });
        Ok(())
    }

    fn apply(&mut self, db: &Connection, account: &AccountId, billing: &Billing) -> Result<()> {
        match billing {
            Billing::Paid(invoice) => self.pay(db, account, invoice),
            Billing::Changed(subscription) => self.change(db, account, subscription),
        }
    }

    /// An invoice that is on record already, whichever event told of it, changes nothing.
    fn pay(&mut self, db: &Connection, account: &AccountId, invoice: &PaidInvoice) -> Result<()> {
        let line = self.prices.line(invoice);
        let plan = self.prices.plan(line.and_then(|line| line.price.as_ref()).into_iter()).map(str::to_owned);
        if plan.is_none() {
            self.remarks.push(Remark::UnknownPrice { account: account.clone() });
        }
        let paid_at = stripe::time(invoice.paid_at_seconds);
        let new = NewPayment {
            invoice: Some(invoice.invoice.clone()),
            amount_cents: invoice.amount_cents,
            currency: invoice.currency.clone(),
            plan: plan.map_or_else(|| accounts::account(db, account).map(|account| account.plan), Ok)?,
            period_start: line.map_or(paid_at, |line| stripe::time(line.start_seconds)),
            period_end: line.map_or(paid_at, |line| stripe::time(line.end_seconds)),
            invoice_url: invoice.invoice_url.clone(),
            paid_at,
        };
        payments::record(db, &self.outbox, account.clone(), new)?;
        Ok(())
    }

    fn change(&mut self, db: &Connection, account: &AccountId, told: &Subscription) -> Result<()> {
        let plan = self.prices.plan(told.prices.iter());
        if plan.is_none() && told.state == State::Live {
            self.remarks.push(Remark::UnknownPrice { account: account.clone() });
        }
        let changed = db.prepare_cached(SUBSCRIPTION)?.execute(params![
            told.id,
            account,
            told.customer,
            told.state.as_str(),
            plan,
            stripe::time(told.started_at_seconds),
            stripe::time(told.changed_at_seconds),
            told.change
        ])?;
        if changed == 0 || told.state == State::Open {
            return Ok(());
        }
        let live: Option<Option<String>> = db.prepare_cached(LIVE)?.query_row([account], |row| row.get(0)).optional()?;
        match live {
            Some(Some(plan)) => self.put_on(db, account, plan),
            // Something is paid for, and nobody knows what: the plan stays.
            Some(None) => Ok(()),
            None => self.put_on(db, account, self.prices.canceled_plan.clone()),
        }
    }

    fn put_on(&mut self, db: &Connection, account: &AccountId, plan: String) -> Result<()> {
        if accounts::account(db, account)?.plan != plan {
            accounts::set_plan(db, account, &plan)?;
            self.remarks.push(Remark::OnPlan { account: account.clone(), plan });
        }
        Ok(())
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Repeated => write!(f, "the event was already processed"),
            Self::Linked { customer, account } => write!(f, "{account} is linked to {customer}"),
            Self::OnPlan { account, plan } => write!(f, "{account} is on the plan {plan}"),
            Self::Unclaimed { customer } => write!(f, "no account is linked to {customer}; its event was saved"),
            Self::UnknownAccount { customer } => write!(f, "{customer} checked out for an account that does not exist"),
            Self::Taken { customer } => write!(f, "{customer} checked out for one account but is linked to another"),
            Self::UnknownPrice { account } => write!(f, "{account} paid a price without a plan; see [stripe] prices"),
            Self::Unreadable { event } => write!(f, "the saved data of {event} cannot be read and was dropped"),
        }
    }
}

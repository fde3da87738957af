//! Payments, each with the event that tells of it.

use rusqlite::{Connection, Row, params};

use crate::domain::event::Event;
use crate::domain::id::{AccountId, PaymentId};
use crate::domain::payment::{NewPayment, Payment};
use crate::domain::webhook::EventType;
use crate::storage::accounts;
use crate::storage::events::Outbox;
use crate::storage::{Error, Result, Store, draw};

/// Payments that one list shows: a century of months.
const LISTED_MAX: usize = 1_200;

const INSERT: &str = "
    INSERT INTO payments
        (id, account, invoice, amount_cents, currency, plan, period_start, period_end, invoice_url, paid_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT (invoice) DO NOTHING";

const LIST: &str = "
    SELECT id, account, invoice, amount_cents, currency, plan, period_start, period_end, invoice_url, paid_at
    FROM payments
    WHERE account = ?1
    ORDER BY paid_at DESC, id DESC
    LIMIT ?2";

impl Store {
    /// Records a payment and publishes it; a conflict if its invoice is on record already.
    pub async fn record_payment(&self, account: AccountId, new: NewPayment) -> Result<PaymentId> {
        let outbox = self.outbox();
        self.write(move |db| {
            accounts::account(db, &account)?;
            record(db, &outbox, account, new)?.ok_or(Error::Conflict)
        })
        .await
    }

    /// Newest first.
    pub async fn payments(&self, account: AccountId) -> Result<Vec<Payment>> {
        self.read(move |db| {
            let mut list = db.prepare_cached(LIST)?;
            let most = i64::try_from(LISTED_MAX).unwrap_or(i64::MAX);
            let rows = list.query_map(params![account, most], payment_of)?.collect::<rusqlite::Result<_>>()?;
            Ok(rows)
        })
        .await
    }
}

/// `None` if the invoice is on record already; then nothing changes.
pub fn record(db: &Connection, outbox: &Outbox, account: AccountId, new: NewPayment) -> Result<Option<PaymentId>> {
    let id: PaymentId = draw(db, &outbox.world, "payments")?;
    let payment = Payment {
        invoice: new.invoice.unwrap_or_else(|| id.to_string()),
        id,
        account,
        amount_cents: new.amount_cents,
        currency: new.currency,
        plan: new.plan,
        period_start: new.period_start,
        period_end: new.period_end,
        invoice_url: new.invoice_url,
        paid_at: new.paid_at,
    };
    let inserted = db.prepare_cached(INSERT)?.execute(params![
        payment.id,
        payment.account,
        payment.invoice,
        payment.amount_cents,
        payment.currency,
        payment.plan,
        payment.period_start,
        payment.period_end,
        payment.invoice_url,
        payment.paid_at
    ])?;
    if inserted == 0 {
        return Ok(None);
    }
    let event = outbox.event_id(db, EventType::PaymentReceived)?;
    outbox.publish(db, &Event::payment_received(event, &payment, outbox.world.now()))?;
    Ok(Some(payment.id))
}

fn payment_of(row: &Row) -> rusqlite::Result<Payment> {
    Ok(Payment {
        id: row.get(0)?,
        account: row.get(1)?,
        invoice: row.get(2)?,
        amount_cents: row.get(3)?,
        currency: row.get(4)?,
        plan: row.get(5)?,
        period_start: row.get(6)?,
        period_end: row.get(7)?,
        invoice_url: row.get(8)?,
        paid_at: row.get(9)?,
    })
}

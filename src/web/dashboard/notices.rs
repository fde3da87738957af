//! What the team should hear of on whichever page it looks at: webhooks that are in trouble, and a database that is.

use crate::domain::time::Time;
use crate::domain::webhook::Webhook;
use crate::storage::Store;
use crate::web::dashboard::display::When;

/// One sentence, and the page on which something can be done about it.
#[derive(Clone)]
pub struct Notice {
    pub text: String,
    /// None where whoever reads it can do nothing.
    pub href: Option<String>,
}

/// Of a webhook that was switched off for its failures, or is about to be.
pub fn of(webhook: &Webhook) -> Notice {
    Notice { text: text(webhook), href: Some(format!("/webhooks/{}", webhook.id)) }
}

/// Whoever keeps the server can mend it; the others should know why nothing is saved.
pub fn of_damage(store: &Store, keeps_server: bool) -> Option<Notice> {
    let damage = store.damage()?;
    let mut text = format!("The database was found damaged on {}. Changes are no longer saved.", moment(Some(damage.since)));
    if !keeps_server {
        text.push_str(" Please tell the server’s administrator.");
        return Some(Notice { text, href: None });
    }
    if let Some(remedy) = store.remedy() {
        text.push(' ');
        text.push_str(&remedy.sentence());
    }
    Some(Notice { text, href: Some("/settings/backups".to_owned()) })
}

fn text(webhook: &Webhook) -> String {
    let (url, off_at, failing) = (&webhook.url, moment(webhook.disabled_at), moment(webhook.failing_since));
    match webhook.disabled_reason.as_deref() {
        Some("gone") => format!("The webhook {url} answered 410 Gone and was disabled on {off_at}."),
        Some(_) => format!("The webhook {url} failed for five days and was disabled on {off_at}."),
        None => format!("The webhook {url} has failed since {failing}. It is disabled after five days of failures."),
    }
}

fn moment(time: Option<Time>) -> String {
    time.map(|time| format!("{} UTC", When::new(time).text)).unwrap_or_default()
}

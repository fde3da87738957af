//! What the team should hear of on whichever page it looks at: webhooks that are in trouble.

use crate::domain::time::Time;
use crate::domain::webhook::Webhook;
use crate::web::dashboard::display::When;

/// One sentence, and the page on which something can be done about it.
#[derive(Clone)]
pub struct Notice {
    pub text: String,
    pub href: String,
}

/// Of a webhook that was switched off for its failures, or is about to be.
pub fn of(webhook: &Webhook) -> Notice {
    Notice { text: text(webhook), href: format!("/webhooks/{}", webhook.id) }
}

fn text(webhook: &Webhook) -> String {
    let (url, off_at, failing) = (&webhook.url, moment(webhook.disabled_at), moment(webhook.failing_since));
    match webhook.disabled_reason.as_deref() {
        Some("gone") => format!("The webhook {url} answered that it is gone. It was switched off on {off_at}."),
        Some(_) => format!("The webhook {url} did nothing but fail for five days. It was switched off on {off_at}."),
        None => format!("The webhook {url} has done nothing but fail since {failing}. After five days it is switched off."),
    }
}

fn moment(time: Option<Time>) -> String {
    time.map(|time| format!("{} UTC", When::new(time).text)).unwrap_or_default()
}

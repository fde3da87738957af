//! Where an agent's embed code was loaded.

use crate::domain::id::VisitorId;
use crate::domain::time::{HOUR_MS, Time};

/// A stranger can forge the domain that a load claims, so new ones are counted: of an agent in a day…
pub const NEW_DOMAINS_A_DAY_MAX: i64 = 20;
/// …and in all; nobody hears of more.
pub const DOMAINS_MAX: i64 = 50;
/// Loads within this time of one that was noted are not noted.
pub const SEEN_AGAIN_MS: i64 = HOUR_MS;

/// A load of the embed code, as the browser told of it.
pub struct FirstLoad {
    pub domain: String,
    pub page_url: String,
    pub user_agent: Option<String>,
    pub visitor: VisitorId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    pub domain: String,
    /// The page of the first load, without what a query string says.
    pub page_url: String,
    pub first_seen_at: Time,
    /// To the hour.
    pub last_seen_at: Time,
}

//! Where an agent's embed code was loaded.

use crate::domain::id::VisitorId;
use crate::domain::time::{DAY_MS, HOUR_MS, Time};

/// A stranger can forge the domain that a load claims, so new ones are counted: of an agent in a day…
pub const NEW_DOMAINS_A_DAY_MAX: i64 = 20;
/// …and of them what is loaded from one address, and from any network, however large: others find room beside it.
pub const NEW_DOMAINS_PER_ADDRESS_DAY: u32 = 3;
pub const NEW_DOMAINS_PER_NETWORK_DAY: u32 = 5;
/// So many are kept. For another, one makes room on which nobody ever wrote: the one that was not loaded for longest…
pub const DOMAINS_MAX: i64 = 50;
/// …and where there is none, one that was not loaded for this long.
pub const UNSEEN_MS: i64 = 30 * DAY_MS;
/// Loads within this time of one that was noted are not noted.
pub const SEEN_AGAIN_MS: i64 = HOUR_MS;

/// How far a new domain is to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The agent's settings name it, or somebody of the team is signed in on the network that loads it.
    Vouched,
    /// A browser says so.
    Claimed,
}

/// What a load tells that was not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Domain(Standing),
    SeenAgain,
    Nothing,
}

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
    /// When a conversation first began there.
    pub written_at: Option<Time>,
}

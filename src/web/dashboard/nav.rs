//! What every signed-in page shares: where it stands in the navigation, who is signed in, and paging.

use std::collections::HashMap;

use crate::domain::page::OFFSET_MAX;
use crate::web::dashboard::notices::Notice;

/// The navigation around a signed-in page.
pub struct Nav {
    pub section: Section,
    pub account: String,
    pub email: String,
    pub csrf: String,
    /// What the last form did, shown once above the page.
    pub flash: Option<String>,
    /// Shown above every page until what they tell of is over.
    pub notices: Vec<Notice>,
}

/// An entry of the navigation; the page's own one is marked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Section {
    Home,
    Agents,
    Conversations,
    Leads,
    Webhooks,
    Events,
    ApiKeys,
    Activity,
    Settings,
    Search,
}

impl Section {
    pub fn as_str(self) -> &'static str {
        match self {
            Section::Home => "home",
            Section::Agents => "agents",
            Section::Conversations => "conversations",
            Section::Leads => "leads",
            Section::Webhooks => "webhooks",
            Section::Events => "events",
            Section::ApiKeys => "keys",
            Section::Activity => "activity",
            Section::Settings => "settings",
            Section::Search => "search",
        }
    }
}

/// Rows of a list on one page.
pub const ROWS: i64 = 25;

/// Where a page of a list begins; nonsense is the beginning.
pub fn offset_of(query: &HashMap<String, String>) -> i64 {
    query.get("offset").and_then(|text| text.parse().ok()).filter(|offset| (0..=OFFSET_MAX).contains(offset)).unwrap_or(0)
}

/// Which rows of a list are shown, and the addresses of the neighbouring pages.
#[derive(PartialEq, Eq, Debug)]
pub struct Pager {
    pub first: u64,
    pub last: u64,
    pub total: u64,
    pub newer: Option<String>,
    pub older: Option<String>,
}

impl Pager {
    /// `filter` is a ready query string such as `agent=agt_a1b2c3d4e5`, or empty.
    pub fn new(path: &str, filter: &str, limit: u64, offset: u64, total: u64) -> Pager {
        let at = |offset: u64| match (filter, offset) {
            ("", 0) => path.to_owned(),
            ("", offset) => format!("{path}?offset={offset}"),
            (filter, 0) => format!("{path}?{filter}"),
            (filter, offset) => format!("{path}?{filter}&offset={offset}"),
        };
        let last = offset.saturating_add(limit).min(total);
        Pager {
            first: (offset + 1).min(total),
            last,
            total,
            newer: (0 < offset).then(|| at(offset.saturating_sub(limit))),
            older: (last < total).then(|| at(last)),
        }
    }

    pub fn is_needed(&self) -> bool {
        self.newer.is_some() || self.older.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(offset: u64, first: u64, last: u64, newer: Option<&str>, older: Option<&str>) {
        let expected = Pager { first, last, total: 60, newer: newer.map(str::to_owned), older: older.map(str::to_owned) };
        assert_eq!(Pager::new("/leads", "", 25, offset, 60), expected);
    }

    #[test]
    fn a_pager_names_its_rows_and_neighbours() {
        check(0, 1, 25, None, Some("/leads?offset=25"));
        check(25, 26, 50, Some("/leads"), Some("/leads?offset=50"));
        check(50, 51, 60, Some("/leads?offset=25"), None);
    }

    #[test]
    fn a_filter_stays_in_the_addresses() {
        let pager = Pager::new("/conversations", "agent=agt_1", 25, 25, 60);
        assert_eq!(pager.newer.as_deref(), Some("/conversations?agent=agt_1"));
        assert_eq!(pager.older.as_deref(), Some("/conversations?agent=agt_1&offset=50"));
    }

    #[test]
    fn an_empty_list_needs_no_pager() {
        let pager = Pager::new("/leads", "", 25, 0, 0);
        assert_eq!((pager.first, pager.last, pager.is_needed()), (0, 0, false));
    }
}

//! What every signed-in page shares: where it stands in the navigation, who is signed in, and paging.

use url::form_urlencoded::Serializer;

use crate::domain::account::Role;
use crate::domain::inbox::WANTING_MAX;
use crate::web::dashboard::access::{self, Does};
use crate::web::dashboard::notices::Notice;
use crate::web::dashboard::search::{PAGES, Place};

/// The navigation around a signed-in page.
pub struct Nav {
    pub section: Section,
    pub account: String,
    pub email: String,
    pub role: Role,
    pub csrf: String,
    /// What the last form did, shown once above the page.
    pub flash: Option<String>,
    /// Conversations that want somebody of the team.
    pub wanting: i64,
    /// Shown above every page until what they tell of is over.
    pub notices: Vec<Notice>,
}

impl Nav {
    /// Where this person can go.
    pub fn places(&self) -> impl Iterator<Item = &'static Place> {
        PAGES.iter().filter(|place| match place.href.split_once('#') {
            Some((page, _)) => self.may(page),
            None => self.sees(place.href),
        })
    }

    /// How many conversations want somebody, as the navigation shows it.
    pub fn wanting_text(&self) -> String {
        if self.wanting < WANTING_MAX { self.wanting.to_string() } else { format!("{}+", WANTING_MAX - 1) }
    }

    /// Whether the form of the route `path` may be sent, so that a page need not show it in vain.
    pub fn may(&self, path: &str) -> bool {
        self.is_admitted(Does::Change, path)
    }

    /// Whether the page at `path` may be seen. What is not in the table may.
    pub fn sees(&self, path: &str) -> bool {
        access::find(Does::Show, path).is_none() || self.is_admitted(Does::Show, path)
    }

    fn is_admitted(&self, does: Does, path: &str) -> bool {
        access::find(does, path).and_then(|rule| rule.least).is_some_and(|least| least <= self.role)
    }
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

/// The addresses of a list's first page, if this is another one, and of the next.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Neighbours {
    pub newest: Option<String>,
    pub older: Option<String>,
}

impl Neighbours {
    /// `filter` stays in the addresses; `after` is the row that this page follows, `last` the one that the next follows.
    pub fn new(path: &str, filter: &[(&str, &str)], after: Option<&str>, last: Option<&str>) -> Self {
        let at = |after: Option<&str>| {
            let mut pairs = Serializer::new(String::new());
            pairs.extend_pairs(filter.iter().filter(|(_, value)| !value.is_empty()));
            after.map(|after| pairs.append_pair("after", after));
            match pairs.finish() {
                query if query.is_empty() => path.to_owned(),
                query => format!("{path}?{query}"),
            }
        };
        Self { newest: after.map(|_| at(None)), older: last.map(|last| at(Some(last))) }
    }
}

/// One row more than a page shows says whether there is a next one: takes it away, and gives the last that is shown.
pub fn last_of_more<T>(rows: &mut Vec<T>) -> Option<&T> {
    let shown = usize::try_from(ROWS).unwrap_or_default();
    let more = shown < rows.len();
    rows.truncate(shown);
    rows.last().filter(|_| more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &[(&str, &str)], after: Option<&str>, last: Option<&str>, newest: Option<&str>, older: Option<&str>) {
        let expected = Neighbours { newest: newest.map(str::to_owned), older: older.map(str::to_owned) };
        assert_eq!(Neighbours::new("/events", filter, after, last), expected);
    }

    #[test]
    fn a_list_names_its_neighbours() {
        check(&[], None, None, None, None);
        check(&[], None, Some("evt_1"), None, Some("/events?after=evt_1"));
        check(&[], Some("evt_1"), Some("evt_2"), Some("/events"), Some("/events?after=evt_2"));
    }

    #[test]
    fn a_filter_stays_in_the_addresses() {
        let filter = [("type", "a&b"), ("key", "")];
        check(&filter, Some("evt_1"), Some("evt_2"), Some("/events?type=a%26b"), Some("/events?type=a%26b&after=evt_2"));
    }

    #[test]
    fn the_row_too_many_is_not_shown() {
        let full = usize::try_from(ROWS).unwrap();
        for (found, shown, last) in [(0, 0, None), (full, full, None), (full + 1, full, Some(full - 1))] {
            let mut rows: Vec<usize> = (0..found).collect();
            assert_eq!(last_of_more(&mut rows).copied(), last);
            assert_eq!(rows.len(), shown);
        }
    }
}

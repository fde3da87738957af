//! Leads: visitors who gave their contact details.

use serde_json::{Map, Value};

use crate::domain::Rejection;
use crate::domain::contact;
use crate::domain::id::{AccountId, AgentId, ConversationId, LeadId, VisitorId};
use crate::domain::input::{Fields, Text, line, lines, text_of_form};
use crate::domain::link;
use crate::domain::time::Time;

pub const MESSAGE_CHARS_MAX: usize = 4_000;

const SHORT: Text = line(0..=200);
const MESSAGE: Text = lines(0..=MESSAGE_CHARS_MAX);

#[derive(Clone, Debug)]
pub struct Lead {
    pub id: LeadId,
    pub account: AccountId,
    pub agent: AgentId,
    /// `None` where the conversation was over the plan's limit and not kept.
    pub conversation: Option<ConversationId>,
    pub visitor: VisitorId,
    pub details: LeadDetails,
    pub page_url: Option<String>,
    pub captured_at: Time,
    /// One of [`LEAD_STATUSES`].
    pub status: String,
    /// From a trial of the team's own.
    pub trial: bool,
}

/// How far the team has come with a lead; it begins with the first.
pub const LEAD_STATUSES: &[&str] = &["new", "contacted", "won", "lost"];

/// What a visitor told of himself or herself; at least an e-mail address or a phone number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadDetails {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub company: Option<String>,
    pub message: Option<String>,
}

impl LeadDetails {
    /// The widget's form.
    pub fn parse(body: &Map<String, Value>) -> Result<Self, Rejection> {
        let mut fields = Fields::new(body);
        let details = Self {
            name: optional(&mut fields, "name", &SHORT),
            email: fields.parsed("email", |text| checked(text, contact::typed_email, "must be an e-mail address")).flatten(),
            phone: fields.parsed("phone", |text| checked(text, contact::typed_phone, "must be a phone number")).flatten(),
            company: optional(&mut fields, "company", &SHORT),
            message: optional(&mut fields, "message", &MESSAGE),
        };
        let named_wrong =
            ["email", "phone"].iter().any(|f| fields.sent(f).and_then(Value::as_str).is_some_and(|t| !t.trim().is_empty()));
        if !details.can_be_reached() && !named_wrong {
            fields.fail("email", "give an e-mail address or a phone number");
        }
        fields.finish()?;
        Ok(details)
    }

    /// Contact details in a visitor's own words, if there are any.
    pub fn in_message(text: &str) -> Option<Self> {
        let found = contact::find(text);
        let details = Self { email: found.email, phone: found.phone, message: Some(text.to_owned()), ..Self::default() };
        details.can_be_reached().then(|| Self { name: contact::name(text), ..details })
    }

    const fn can_be_reached(&self) -> bool {
        self.email.is_some() || self.phone.is_some()
    }

    /// Whether every detail of `later` is told already. Words beside them are none.
    pub fn tells(&self, later: &Self) -> bool {
        let said = |detail: &str| self.message.as_deref().is_some_and(|message| message.contains(detail));
        let mine = [&self.name, &self.email, &self.phone, &self.company];
        let theirs = [&later.name, &later.email, &later.phone, &later.company];
        mine.iter()
            .zip(theirs)
            .all(|(mine, theirs)| theirs.as_deref().is_none_or(|detail| mine.as_deref() == theirs.as_deref() || said(detail)))
    }

    /// Fills what is still empty with what came later. What differs is kept beside it, in the message: a corrected
    /// address must not be lost, and which of two is right only a person can say. True if anything changed.
    pub fn complete_with(&mut self, later: &Self) -> bool {
        let before = self.clone();
        self.message = joined(self.message.take(), later.message.as_deref());
        for (label, mine, theirs) in [
            ("Name", &mut self.name, &later.name),
            ("E-mail", &mut self.email, &later.email),
            ("Phone", &mut self.phone, &later.phone),
            ("Company", &mut self.company, &later.company),
        ] {
            match (&mine, theirs) {
                (None, _) => mine.clone_from(theirs),
                (Some(mine), Some(theirs)) if mine != theirs => {
                    let told = self.message.as_ref().is_some_and(|message| message.contains(theirs.as_str()));
                    if !told {
                        self.message = joined(self.message.take(), Some(&format!("{label}: {theirs}")));
                    }
                }
                _ => {}
            }
        }
        *self != before
    }
}

/// Both messages, one a line, unless the first says the second already or there is no room for it.
fn joined(first: Option<String>, second: Option<&str>) -> Option<String> {
    match (first, second) {
        (None, second) => second.map(str::to_owned),
        (Some(first), Some(second)) if !first.contains(second) => {
            let both = format!("{first}\n{second}");
            Some(if both.chars().count() <= MESSAGE_CHARS_MAX { both } else { first })
        }
        (first, _) => first,
    }
}

/// A form sends empty fields for what was left out.
fn optional(fields: &mut Fields, name: &str, form: &Text) -> Option<String> {
    let text = fields.parsed(name, |text| text_of_form(text, form))?;
    (!text.trim().is_empty()).then_some(text)
}

fn checked(text: &str, read: impl Fn(&str) -> Option<String>, message: &str) -> Result<Option<String>, String> {
    let blank = text.chars().all(|c| c.is_whitespace() || link::is_invisible(c));
    if blank { Ok(None) } else { read(text).map(Some).ok_or_else(|| message.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_later_completes_and_nothing_is_lost() {
        let mut lead = LeadDetails::in_message("mail me: jane@gmial.example").unwrap();
        assert!(lead.complete_with(&LeadDetails::in_message("sorry, jane@gmail.example, or 555-012-3456").unwrap()));
        assert_eq!((lead.email.as_deref(), lead.phone.as_deref()), (Some("jane@gmial.example"), Some("555-012-3456")));
        let both = "mail me: jane@gmial.example\nsorry, jane@gmail.example, or 555-012-3456";
        assert_eq!(lead.message.as_deref(), Some(both));
        let form = LeadDetails { name: Some("Jane".into()), email: Some("j@work.example".into()), ..LeadDetails::default() };
        assert!(lead.complete_with(&form) && !lead.complete_with(&form));
        assert_eq!(lead.name.as_deref(), Some("Jane"));
        assert_eq!(lead.message, Some(format!("{both}\nE-mail: j@work.example")));
    }

    #[test]
    fn a_lead_tells_what_it_was_given_in_whatever_words() {
        let mut lead = LeadDetails::in_message("I'm at jane@work.example").unwrap();
        let form = |name: Option<&str>, email: &str| LeadDetails {
            name: name.map(str::to_owned),
            email: Some(email.into()),
            message: Some("Call me".into()),
            ..LeadDetails::default()
        };
        let known = LeadDetails::in_message("As I said: jane@work.example").unwrap();
        assert!(lead.tells(&known) && lead.tells(&form(None, "jane@work.example")));
        for news in [form(Some("Jane"), "jane@work.example"), form(None, "jane@home.example"), form(None, "jane@work.exampl")] {
            let told = lead.tells(&news);
            assert_eq!(told, news.email.as_deref() == Some("jane@work.exampl"), "{news:?}");
            lead.complete_with(&news);
            assert!(lead.tells(&news), "{news:?}");
        }
        let phone = LeadDetails::in_message("jane@work.example, or 555-012-3456").unwrap();
        assert!(!lead.tells(&phone));
    }
}

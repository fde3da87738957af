//! Identifiers: a prefix that names the kind and ten random characters.

use std::fmt;

pub const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
pub const RANDOM_CHARS: usize = 10;

/// An identifier that can be drawn and recognised by its prefix.
pub trait Identifier: Sized {
    const PREFIX: &'static str;

    fn from_text(text: String) -> Self;

    /// `random` holds ten characters of [`ALPHABET`].
    fn from_random(random: &str) -> Self {
        Self::from_text(format!("{}{random}", Self::PREFIX))
    }

    fn parse(text: &str) -> Option<Self> {
        let random = text.strip_prefix(Self::PREFIX)?;
        let fits = random.len() == RANDOM_CHARS && random.bytes().all(|b| ALPHABET.contains(&b));
        fits.then(|| Self::from_text(text.to_owned()))
    }
}

macro_rules! identifiers {
    ($($name:ident = $prefix:literal),+ $(,)?) => {$(
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl Identifier for $name {
            const PREFIX: &'static str = $prefix;

            fn from_text(text: String) -> Self {
                Self(text)
            }
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

identifiers! {
    AccountId = "acc_",
    UserId = "usr_",
    KeyId = "key_",
    AgentId = "agt_",
    KnowledgeId = "kb_",
    VisitorId = "vis_",
    ConversationId = "conv_",
    MessageId = "msg_",
    LeadId = "lead_",
    WebhookId = "wh_",
    DeliveryId = "dlv_",
    EventId = "evt_",
    PaymentId = "pay_",
    SavedQuestionId = "qst_",
    NoteId = "note_",
    CannedReplyId = "rpl_",
    InviteId = "inv_",
}

impl EventId {
    /// Whether a text has the form of an event's id, with or without its code.
    pub fn is_one(text: &str) -> bool {
        let rest = text.strip_prefix("evt_").unwrap_or_default();
        let random = rest.split_once('_').map_or(rest, |(_, random)| random);
        random.len() == RANDOM_CHARS && random.bytes().all(|b| ALPHABET.contains(&b))
    }

    /// `code` is the two letters of the event's type: `evt_lc_a1b2c3d4e5`.
    pub fn coded(code: &str, random: &str) -> Self {
        Self(format!("evt_{code}_{random}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_form_is_an_identifier() {
        let taken = |text: &str| AgentId::parse(text).is_some();
        assert!(taken("agt_a1b2c3d4e5"));
        for wrong in ["agt_", "agt_a1b2c3d4e", "agt_a1b2c3d4e55", "agt_A1b2c3d4e5", "wh_a1b2c3d4e5", "agt_a1b2c3d4é"] {
            assert!(!taken(wrong), "{wrong}");
        }
    }
}

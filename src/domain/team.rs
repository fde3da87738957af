//! The people of an account, and those who are invited to it.

use crate::domain::account::{Role, email_address};
use crate::domain::id::{InviteId, UserId};
use crate::domain::time::{DAY_MS, Time};
use crate::domain::{Invalid, Rejection};

/// People of one account.
pub const PEOPLE_MAX: i64 = 100;
/// Invites of one account that nobody has accepted yet.
pub const INVITES_OPEN_MAX: i64 = 25;
pub const INVITE_AGE_MS: i64 = 7 * DAY_MS;

/// Said of an address that somebody signs in with, and of one that an invite keeps: nobody needs to know which.
pub const ADDRESS_TAKEN: &str = "is already in use on this server";

#[derive(Clone, Debug)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub joined_at: Time,
    pub seen_at: Option<Time>,
    /// Signs in with a second step.
    pub two_step: bool,
}

/// An invite that can still be accepted.
#[derive(Clone, Debug)]
pub struct Invite {
    pub id: InviteId,
    pub email: String,
    pub role: Role,
    /// The name of whoever made it.
    pub by: String,
    pub expires_at: Time,
}

/// Who is to be invited, checked.
#[derive(Clone, Debug)]
pub struct NewInvite {
    pub email: String,
    pub role: Role,
}

impl NewInvite {
    pub fn parse(email: &str, role: &str) -> Result<Self, Rejection> {
        let role = Role::parse(role).ok_or_else(|| "choose one of the roles".to_owned());
        match (email_address(email), role) {
            (Ok(email), Ok(role)) => Ok(Self { email, role }),
            (email, role) => {
                let named = [("email", email.err()), ("role", role.err())];
                let failures = named.into_iter().filter_map(|(field, message)| Some(Invalid::new(field, message?)));
                Err(Rejection { lacks_required: false, failures: failures.collect() })
            }
        }
    }
}

/// Why the team stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An admin has nothing to say about owners.
    AboveYou,
    LastOwner,
    AlreadyIn,
    AlreadyInvited,
    TooManyPeople,
    TooManyInvites,
    /// Somebody of this server signs in with the address.
    AddressTaken,
}

impl Refusal {
    pub fn message(self) -> String {
        match self {
            Self::AboveYou => "Only owners can add, change or remove owners.".into(),
            Self::LastOwner => "An account needs at least one owner. Make someone else an owner first.".into(),
            Self::AlreadyIn => "is already in your team".into(),
            Self::AlreadyInvited => "has a pending invite; revoke it to create a new one".into(),
            Self::TooManyPeople => format!("A team can have at most {PEOPLE_MAX} people. Remove someone first."),
            Self::TooManyInvites => format!("A team can have at most {INVITES_OPEN_MAX} pending invites. Revoke one first."),
            Self::AddressTaken => ADDRESS_TAKEN.into(),
        }
    }
}

/// Whether somebody may give `now` to a person who has the role `before`.
pub fn may_change(own: Role, before: Role, now: Role) -> bool {
    Role::Admin <= own && before <= own && now <= own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gives_or_takes_more_than_they_have() {
        use Role::{Admin, Member, Owner, Viewer};
        let taken = |own, before, now| may_change(own, before, now);
        assert!(taken(Owner, Owner, Viewer) && taken(Owner, Viewer, Owner) && taken(Admin, Admin, Member));
        assert!(!taken(Admin, Owner, Member) && !taken(Admin, Member, Owner));
        assert!(!taken(Member, Viewer, Viewer) && !taken(Viewer, Viewer, Viewer));
    }
}

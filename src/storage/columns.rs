//! How values of the domain stand in columns, and how SQLite's errors become ours.

use rusqlite::ErrorCode;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::domain::account::Role;
use crate::domain::id::{
    AccountId, AgentId, CannedReplyId, ConversationId, DeliveryId, EventId, Identifier, InviteId, KeyId, KnowledgeId, LeadId,
    MessageId, NoteId, PaymentId, SavedQuestionId, UserId, VisitorId, WebhookId,
};
use crate::domain::pace::Lane;
use crate::domain::time::Time;
use crate::storage::Error;

macro_rules! text_columns {
    ($($name:ident),+ $(,)?) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.as_str()))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str().map(|text| Self::from_text(text.to_owned()))
            }
        }
    )+};
}

text_columns!(
    AccountId,
    AgentId,
    CannedReplyId,
    ConversationId,
    DeliveryId,
    EventId,
    InviteId,
    KeyId,
    KnowledgeId,
    LeadId,
    MessageId,
    NoteId,
    PaymentId,
    SavedQuestionId,
    UserId,
    VisitorId,
    WebhookId,
);

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.ms()))
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self::from_ms)
    }
}

impl ToSql for Role {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.as_str()))
    }
}

impl FromSql for Role {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).ok_or_else(|| FromSqlError::Other("unreadable role".into()))
    }
}

pub fn lane_of(text: &str) -> rusqlite::Result<Lane> {
    Lane::parse(text).ok_or_else(|| unreadable("lane"))
}

/// A column whose text is not one of ours: the file was written by something else.
pub fn unreadable(what: &'static str) -> rusqlite::Error {
    let error = FromSqlError::Other(format!("unreadable {what}").into());
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        match code {
            _ if matches!(error, rusqlite::Error::QueryReturnedNoRows) => Self::NotFound,
            Some(ErrorCode::ConstraintViolation) if unique(&error) => Self::Conflict,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                Self::Disk(error.to_string())
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            _ => Self::Sqlite(error.to_string()),
        }
    }
}

fn unique(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    let code = error.sqlite_error().map(|e| e.extended_code);
    matches!(code, Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE))
}

impl Error {
    /// The same failure for every caller of a group.
    pub fn again(&self) -> Self {
        match self {
            Self::Disk(text) => Self::Disk(text.clone()),
            Self::Corrupt(text) => Self::Corrupt(text.clone()),
            Self::Sqlite(text) => Self::Sqlite(text.clone()),
            _ => Self::Busy,
        }
    }
}

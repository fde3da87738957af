//! Notes among the team, and the replies that operators keep at hand.

use rusqlite::{Connection, params};

use crate::domain::account::User;
use crate::domain::id::{AccountId, CannedReplyId, NoteId};
use crate::domain::inbox::{CANNED_REPLIES_MAX, CannedReply, NOTES_SHOWN_MAX, Note, NoteOn};
use crate::storage::{Error, Result, Store, conversations, draw, leads};

const ADD: &str = "
    INSERT INTO notes (id, account, conversation, lead, author, content, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const OF_CONVERSATION: &str = "
    SELECT id, author, content, created_at
    FROM notes
    WHERE conversation = ?2 AND account = ?1
    ORDER BY created_at DESC, id DESC
    LIMIT ?3";

const OF_LEAD: &str = "
    SELECT id, author, content, created_at
    FROM notes
    WHERE lead = ?2 AND account = ?1
    ORDER BY created_at DESC, id DESC
    LIMIT ?3";

const KEEP_REPLY: &str = "
    INSERT INTO canned_replies (id, account, title, content, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5)";

const REPLIES: &str = "
    SELECT id, title, content
    FROM canned_replies
    WHERE account = ?1
    ORDER BY title COLLATE NOCASE, id";

impl Store {
    pub async fn add_note(&self, user: User, on: NoteOn, content: String) -> Result<()> {
        let world = self.world().clone();
        self.write(move |db| {
            let (conversation, lead) = match &on {
                NoteOn::Conversation(id) => (Some(conversations::conversation(db, &user.account, id)?.id), None),
                NoteOn::Lead(id) => (None, Some(leads::lead(db, &user.account, id)?.id)),
            };
            let id: NoteId = draw(db, &world, "notes")?;
            let values = params![id, user.account, conversation, lead, user.name, content, world.now()];
            db.prepare_cached(ADD)?.execute(values)?;
            Ok(())
        })
        .await
    }

    /// The newest notes, oldest of them first.
    pub async fn notes(&self, account: AccountId, on: NoteOn) -> Result<Vec<Note>> {
        self.read(move |db| {
            let (list, id) = match &on {
                NoteOn::Conversation(id) => (OF_CONVERSATION, id.as_str()),
                NoteOn::Lead(id) => (OF_LEAD, id.as_str()),
            };
            let mut list = db.prepare_cached(list)?;
            let rows = list.query_map(params![account, id, NOTES_SHOWN_MAX], |row| {
                Ok(Note { id: row.get(0)?, author: row.get(1)?, content: row.get(2)?, created_at: row.get(3)? })
            })?;
            let mut notes: Vec<Note> = rows.collect::<rusqlite::Result<_>>()?;
            notes.reverse();
            Ok(notes)
        })
        .await
    }

    pub async fn delete_note(&self, account: AccountId, id: NoteId) -> Result<()> {
        self.write(move |db| match db.execute("DELETE FROM notes WHERE account = ?1 AND id = ?2", params![account, id])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        })
        .await
    }

    pub async fn canned_replies(&self, account: AccountId) -> Result<Vec<CannedReply>> {
        self.read(move |db| replies(db, &account)).await
    }

    /// A conflict where another reply has the same title.
    pub async fn add_canned_reply(&self, account: AccountId, title: String, content: String) -> Result<()> {
        let world = self.world().clone();
        self.write(move |db| {
            let kept: i64 =
                db.query_row("SELECT count(*) FROM canned_replies WHERE account = ?1", [&account], |row| row.get(0))?;
            if CANNED_REPLIES_MAX <= kept {
                return Err(Error::LimitReached);
            }
            let id: CannedReplyId = draw(db, &world, "canned_replies")?;
            db.prepare_cached(KEEP_REPLY)?.execute(params![id, account, title, content, world.now()])?;
            Ok(())
        })
        .await
    }

    pub async fn delete_canned_reply(&self, account: AccountId, id: CannedReplyId) -> Result<()> {
        self.write(move |db| {
            match db.execute("DELETE FROM canned_replies WHERE account = ?1 AND id = ?2", params![account, id])? {
                0 => Err(Error::NotFound),
                _ => Ok(()),
            }
        })
        .await
    }
}

fn replies(db: &Connection, account: &AccountId) -> Result<Vec<CannedReply>> {
    let mut list = db.prepare_cached(REPLIES)?;
    let rows = list.query_map([account], |row| Ok(CannedReply { id: row.get(0)?, title: row.get(1)?, content: row.get(2)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

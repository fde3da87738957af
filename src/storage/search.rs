//! Finds conversations by words that were said in them: SQLite's own word index, which holds no text.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::id::{AccountId, ConversationId, Identifier, MessageId};
use crate::storage::Result;

/// Words of a search; more find nothing else.
const WORDS_MAX: usize = 8;
const QUOTE: char = '\u{22}';

/// The newest messages of an account that hold all words, as far as one search looks back.
pub const FOUND: &str = "
    SELECT s.conversation
    FROM (SELECT rowid AS number FROM message_words WHERE message_words MATCH ?6 ORDER BY rowid DESC LIMIT 2000) w
    CROSS JOIN searched_messages s
    WHERE s.number = w.number AND s.account = ?1";

const NUMBER: &str = "
    INSERT INTO searched_messages (account, conversation, message)
    VALUES (?1, ?2, ?3)";

const ADD: &str = "
    INSERT INTO message_words (rowid, account, content)
    VALUES (?1, ?2, ?3)";

/// An index without text has to be told what it held.
const REMOVE: &str = "
    INSERT INTO message_words (message_words, rowid, account, content)
    VALUES ('delete', ?1, ?2, ?3)";

const KNOWN: &str = "
    SELECT s.number, m.content
    FROM searched_messages s
    JOIN messages m ON m.id = s.message AND m.account = s.account
    WHERE s.account = ?1 AND s.conversation = ?2 AND (?3 IS NULL OR s.message = ?3)";

const FORGET: &str = "
    DELETE FROM searched_messages
    WHERE account = ?1 AND conversation = ?2";

/// Makes a message of a conversation that exists findable.
pub fn add(db: &Connection, account: &AccountId, conversation: &ConversationId, id: &MessageId, content: &str) -> Result<()> {
    db.prepare_cached(NUMBER)?.execute(params![account, conversation, id])?;
    db.prepare_cached(ADD)?.execute(params![db.last_insert_rowid(), word_of(account), content])?;
    Ok(())
}

/// Before the text of a message is replaced.
pub fn replace(
    db: &Connection,
    account: &AccountId,
    conversation: &ConversationId,
    message: &MessageId,
    content: &str,
) -> Result<()> {
    let known: Option<(i64, String)> = db
        .prepare_cached(KNOWN)?
        .query_row(params![account, conversation, message], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((number, before)) = known {
        db.prepare_cached(REMOVE)?.execute(params![number, word_of(account), before])?;
        db.prepare_cached(ADD)?.execute(params![number, word_of(account), content])?;
    }
    Ok(())
}

/// Before the messages of a conversation are deleted.
pub fn forget(db: &Connection, account: &AccountId, conversation: &ConversationId) -> Result<()> {
    let mut find = db.prepare_cached(KNOWN)?;
    let known = find.query_map(params![account, conversation, None::<&str>], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let known: Vec<(i64, String)> = known.collect::<rusqlite::Result<_>>()?;
    for (number, content) in &known {
        db.prepare_cached(REMOVE)?.execute(params![number, word_of(account), content])?;
    }
    db.prepare_cached(FORGET)?.execute(params![account, conversation])?;
    Ok(())
}

/// What somebody typed as a question to the index: all of the words, the last one perhaps only begun. Nothing where no
/// word is in it.
pub fn pattern(account: &AccountId, words: &str) -> Option<String> {
    let words = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(WORDS_MAX);
    let quoted: Vec<_> = words.map(|word| format!("{QUOTE}{word}{QUOTE}")).collect();
    let all = quoted.join(" AND ");
    (!quoted.is_empty()).then(|| format!("account : {QUOTE}{}{QUOTE} AND content : ({all} *)", word_of(account)))
}

/// The account as one word of the index.
fn word_of(account: &AccountId) -> &str {
    account.as_str().trim_start_matches(AccountId::PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_typed_is_words() {
        let account = AccountId::from_text("acc_a1b2c3d4e5".into());
        let check = |words: &str, expected: Option<&str>| {
            let expected = expected.map(|expected| format!("account : \"a1b2c3d4e5\" AND content : ({expected})"));
            assert_eq!(pattern(&account, words), expected);
        };
        check("opening", Some("\"opening\" *"));
        check("  jane@example.com\" OR account:x*", Some(r#""jane" AND "example" AND "com" AND "OR" AND "account" AND "x" *"#));
        check("Größe", Some("\"Größe\" *"));
        check(" \"*'( ", None);
    }
}

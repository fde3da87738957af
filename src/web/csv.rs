//! Lists as CSV: every matching row, streamed while it is read, safe to open in a spreadsheet.

mod defuse;

use std::future::Future;
use std::pin::Pin;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use csv::{QuoteStyle, WriterBuilder};
use tokio::sync::mpsc::channel;
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::agent::Agent;
use crate::domain::audit::{AuditFilter, Origin, Recorded};
use crate::domain::conversation::Transcript;
use crate::domain::id::{AccountId, AgentId};
use crate::domain::lead::Lead;
use crate::domain::page::{LIMIT_MAX, Page};
use crate::storage::Result;
use crate::web::App;
use crate::web::csv::defuse::defused;

/// Without it, Excel reads a file in the alphabet of its country.
const BYTE_ORDER_MARK: &str = "\u{feff}";
const CHUNKS_WAITING_MAX: usize = 4;

const LEAD_COLUMNS: &[&str] =
    &["id", "agent_id", "conversation_id", "name", "email", "phone", "company", "message", "page_url", "captured_at", "status"];

const AUDIT_COLUMNS: &[&str] =
    &["id", "at", "actor", "actor_name", "action", "target", "detail", "times", "address", "user_agent", "request_id"];

/// A list of which one page after the other is asked.
pub struct Rows {
    name: &'static str,
    columns: &'static [&'static str],
    next: Next,
}

type Next = Box<dyn FnMut(Page) -> Pin<Box<dyn Future<Output = Result<Vec<Row>>> + Send>> + Send>;

/// The first cell is the row's id, from which the next page goes on.
type Row = Vec<String>;

pub fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv")))
}

impl Rows {
    pub fn conversations(app: App, agent: Agent, first: Page) -> (Self, Page) {
        let next: Next = Box::new(move |page| {
            let (app, agent) = (app.clone(), agent.clone());
            Box::pin(async move {
                let listed = app.store.transcripts(agent.account, agent.id, page).await?;
                Ok(listed.rows.iter().map(conversation_cells).collect())
            })
        });
        let columns = &[
            "id",
            "agent_id",
            "visitor_id",
            "status",
            "messages_count",
            "lead_captured",
            "duration_seconds",
            "page_url",
            "started_at",
            "ended_at",
            "transcript",
        ];
        (Self { name: "conversations.csv", columns, next }, first)
    }

    pub fn leads(app: App, agent: Agent, first: Page) -> (Self, Page) {
        let next: Next = Box::new(move |page| {
            let (app, agent) = (app.clone(), agent.clone());
            Box::pin(async move {
                let listed = app.store.leads(agent.account, agent.id, page).await?;
                Ok(listed.rows.into_iter().map(lead_cells).collect())
            })
        });
        (Self { name: "leads.csv", columns: LEAD_COLUMNS, next }, first)
    }

    pub fn audit(app: App, account: AccountId, filter: AuditFilter, first: Page) -> (Self, Page) {
        let next: Next = Box::new(move |page| {
            let (app, account, filter) = (app.clone(), account.clone(), filter.clone());
            Box::pin(async move {
                let before = page.after.and_then(|id| id.parse().ok());
                let entries = app.store.audit(account, filter, before, page.limit).await?;
                Ok(entries.into_iter().map(audit_cells).collect())
            })
        });
        (Self { name: "audit-log.csv", columns: AUDIT_COLUMNS, next }, first)
    }

    /// Those of all agents of an account, or of one.
    pub fn team_leads(app: App, account: AccountId, agent: Option<AgentId>, first: Page) -> (Self, Page) {
        let next: Next = Box::new(move |page| {
            let (app, account, agent) = (app.clone(), account.clone(), agent.clone());
            Box::pin(async move {
                let rows = app.store.team_leads(account, agent, page).await?;
                Ok(rows.into_iter().map(lead_cells).collect())
            })
        });
        (Self { name: "leads.csv", columns: LEAD_COLUMNS, next }, first)
    }
}

/// As an answer to a program.
pub async fn answer(rows: (Rows, Page)) -> Result<Response> {
    stream(rows, "").await
}

/// As a file for people, who open it in a spreadsheet.
pub async fn download(rows: (Rows, Page)) -> Result<Response> {
    stream(rows, BYTE_ORDER_MARK).await
}

/// The first rows are there before the answer begins, so that a list that cannot be read is refused. The others are read
/// as fast as they are taken; a failure then breaks the body off: what came until then is not the whole list.
async fn stream((mut rows, mut page): (Rows, Page), mark: &'static str) -> Result<Response> {
    page.limit = LIMIT_MAX;
    page.counted = false;
    let mut found = (rows.next)(page.clone()).await?;
    let (chunks, body) = channel(CHUNKS_WAITING_MAX);
    let head = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", rows.name)),
    ];
    tokio::spawn(async move {
        let columns = rows.columns.iter().map(|name| (*name).to_owned()).collect();
        let mut text = Bytes::from([mark.as_bytes(), &lines(&[columns])].concat());
        // An error means that nobody listens any more.
        while chunks.send(Ok(text)).await.is_ok() && !found.is_empty() {
            page.after = found.last().and_then(|row| row.first().cloned());
            page.offset = 0;
            text = lines(&found).into();
            found = match (rows.next)(page.clone()).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::error!(%error, "an export was interrupted");
                    let _ = chunks.send(Err(std::io::Error::other("the export was interrupted"))).await;
                    return;
                }
            };
        }
    });
    Ok((head, Body::from_stream(ReceiverStream::new(body))).into_response())
}

/// Every cell stands in quotes: whether one needs them depends on the separator that its reader takes.
fn lines(rows: &[Row]) -> Vec<u8> {
    let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(Vec::new());
    for row in rows {
        // Writing to memory does not fail.
        let _ = writer.write_record(row.iter().map(|cell| defused(cell)));
    }
    writer.into_inner().unwrap_or_default()
}

fn conversation_cells(transcript: &Transcript) -> Row {
    let conversation = &transcript.conversation;
    let said = transcript.messages.iter().map(|m| format!("{}: {}", m.role.as_str(), m.content));
    vec![
        conversation.id.to_string(),
        conversation.agent.to_string(),
        conversation.visitor.to_string(),
        conversation.status().to_owned(),
        conversation.messages_count.to_string(),
        conversation.lead.is_some().to_string(),
        conversation.duration_seconds().to_string(),
        conversation.page_url.clone().unwrap_or_default(),
        conversation.started_at.to_string(),
        conversation.ended_at.map(|at| at.to_string()).unwrap_or_default(),
        said.collect::<Vec<_>>().join("\n"),
    ]
}

fn audit_cells(entry: Recorded) -> Row {
    let Origin { address, user_agent, request_id } = entry.origin;
    let (id, at, times) = (entry.id.to_string(), entry.at.to_string(), entry.times.to_string());
    let (actor, actor_name) = (entry.actor, entry.actor_name);
    let (action, target, detail) = (entry.action, entry.target, entry.detail);
    vec![id, at, actor, actor_name, action, target, detail, times, address, user_agent, request_id]
}

fn lead_cells(lead: Lead) -> Row {
    let details = lead.details;
    let text = Option::unwrap_or_default;
    vec![
        lead.id.to_string(),
        lead.agent.to_string(),
        lead.conversation.map(|id| id.to_string()).unwrap_or_default(),
        text(details.name),
        text(details.email),
        text(details.phone),
        text(details.company),
        text(details.message),
        text(lead.page_url),
        lead.captured_at.to_string(),
        lead.status,
    ]
}

#[cfg(test)]
mod tests;

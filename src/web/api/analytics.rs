//! The account's numbers, and how much of the plan they use up.

use axum::extract::State;
use serde::Serialize;

use crate::domain::account::Permission;
use crate::domain::analytics::Counts;
use crate::domain::time::{DAY_MS, SECOND_MS};
use crate::web::App;
use crate::web::caller::ApiCaller;
use crate::web::error::Result;
use crate::web::extract::Json;

#[derive(Serialize)]
pub struct AnalyticsView {
    period: String,
    agents_active: i64,
    agents_limit: Option<u32>,
    conversations: Conversations,
    leads: Leads,
    response_time: ResponseTime,
    top_pages: Vec<TopPage>,
}

#[derive(Serialize)]
struct Conversations {
    total: i64,
    this_month: i64,
    today: i64,
    limit: Option<u64>,
}

#[derive(Serialize)]
struct Leads {
    total: i64,
    this_month: i64,
    today: i64,
}

#[derive(Serialize)]
struct ResponseTime {
    avg_ms: Option<i64>,
    p95_ms: Option<i64>,
}

#[derive(Serialize)]
struct TopPage {
    url: String,
    conversations: i64,
}

pub async fn show(caller: ApiCaller, State(app): State<App>) -> Result<Json<AnalyticsView>> {
    caller.require(Permission::AnalyticsRead)?;
    let now = app.world.now();
    let analytics = app.store.analytics(caller.account_id(), now).await?;
    let end_of_today = now.day_start().plus_ms(DAY_MS - SECOND_MS);
    let (agents, each) = (caller.plan.agents_max, caller.plan.conversations_max);
    let Counts { total, this_month, today } = analytics.conversations;
    Ok(Json(AnalyticsView {
        period: format!("{}/{end_of_today}", now.month_start()),
        agents_active: analytics.agents_active,
        agents_limit: agents,
        conversations: Conversations {
            total,
            this_month,
            today,
            limit: agents.zip(each).map(|(agents, each)| u64::from(agents) * u64::from(each)),
        },
        leads: Leads { total: analytics.leads.total, this_month: analytics.leads.this_month, today: analytics.leads.today },
        response_time: ResponseTime {
            avg_ms: analytics.response_time.map(|time| time.avg_ms),
            p95_ms: analytics.response_time.map(|time| time.p95_ms),
        },
        top_pages: analytics.top_pages.into_iter().map(|(url, conversations)| TopPage { url, conversations }).collect(),
    }))
}

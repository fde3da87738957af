//! The account's numbers, and how much of the plan they use up.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::analytics::Counts;
use crate::domain::time::{DAY_MS, SECOND_MS};
use crate::web::App;
use crate::web::caller::ApiCaller;
use crate::web::error::Result;
use crate::web::extract::Json;

#[derive(Serialize, ToSchema)]
#[schema(as = Analytics)]
pub struct AnalyticsView {
    /// From the first of the current month to the end of today in UTC, as an ISO 8601 interval.
    period: String,
    agents_active: i64,
    /// Null if there is no limit.
    agents_limit: Option<u32>,
    conversations: Conversations,
    leads: Leads,
    response_time: ResponseTime,
    /// The pages where this period's conversations started. Up to ten pages, busiest first.
    top_pages: Vec<TopPage>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConversationCounts)]
struct Conversations {
    total: i64,
    this_month: i64,
    today: i64,
    /// The plan's monthly limit for all agents together. Null if there is no limit.
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LeadCounts)]
struct Leads {
    total: i64,
    this_month: i64,
    today: i64,
}

#[derive(Serialize, ToSchema)]
struct ResponseTime {
    /// Null until the first answer of this period.
    avg_ms: Option<i64>,
    /// The 95th percentile: 95% of answers were at least this fast.
    p95_ms: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct TopPage {
    /// The page's URL, without query string and fragment.
    url: String,
    conversations: i64,
}

/// Get analytics
///
/// Returns conversations, leads, response times, busiest pages and plan limits of the whole account.
#[utoipa::path(get, path = "/analytics", operation_id = "getAnalytics", tag = "Analytics",
    security(("apiKey" = ["analytics:read"])),
    responses((status = 200, body = AnalyticsView, description = "The account's analytics")))]
pub async fn show(caller: ApiCaller, State(app): State<App>) -> Result<Json<AnalyticsView>> {
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

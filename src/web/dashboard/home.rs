//! The first page: what happened today and this month, how well it was answered, and what to do next.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::agent::Agent;
use crate::domain::analytics::{Analytics, Overview, Unanswered, percent};
use crate::domain::webhook::Webhook;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::chart::Chart;
use crate::web::dashboard::display::{PageUrl, count, duration_ms};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::SignedIn;
use crate::web::dashboard::start;
use crate::web::dashboard::trends::trends;

/// From so many on, a share is told in percent.
const FEW: i64 = 10;

#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage {
    pub nav: Nav,
    pub numbers: Vec<Number>,
    /// What is left to do before the first conversation can come; empty once all is done.
    pub steps: Vec<Step>,
    pub charts: [Chart; 3],
    pub plan: PlanUse,
    pub pages: Vec<BusyPage>,
    pub questions: Vec<QuestionRow>,
    pub webhooks: WebhookHealth,
    pub models: Vec<ModelRow>,
}

/// A number with what it is compared with.
pub struct Number {
    pub label: &'static str,
    pub value: String,
    pub beside: String,
}

pub struct Step {
    pub done: bool,
    pub title: &'static str,
    pub about: &'static str,
    pub href: String,
}

/// How much of the plan is used up.
pub struct PlanUse {
    pub name: String,
    pub agents: Share,
    pub conversations: Share,
}

pub struct Share {
    pub used: u64,
    /// None is without limit.
    pub limit: Option<u64>,
}

impl Share {
    pub fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| limit <= self.used)
    }
}

pub struct BusyPage {
    pub page: PageUrl,
    pub conversations: u64,
}

pub struct QuestionRow {
    pub agent: String,
    pub text: String,
    pub times: u64,
}

/// A language model of the configuration, in the order in which they are asked.
pub struct ModelRow {
    pub name: String,
    /// It has failed of late, and is left alone for a while.
    pub rests: bool,
}

pub struct WebhookHealth {
    pub all: usize,
    pub active: usize,
    pub failing: usize,
    pub disabled: usize,
}

/// An account without an agent has nothing to see here yet: it is led to its first one, unless it wants to look around.
pub async fn show(member: SignedIn, State(app): State<App>, headers: HeaderMap) -> Result<Response> {
    let (account, now) = (member.0.account.id.clone(), app.world.now());
    let agents = app.store.agents(account.clone()).await?;
    let nav = member.nav(Section::Home);
    if agents.is_empty() && nav.may("/start") && !start::is_skipped(&app, &headers) {
        return Ok(Redirect::to("/start").into_response());
    }
    let analytics = app.store.analytics(account.clone(), now).await?;
    let overview = app.store.overview(account.clone(), now).await?;
    let webhooks = app.store.webhooks(account.clone()).await?;
    let installed = app.store.is_installed(account).await?;
    let plan = app.plan_of(&member.0.account);
    let limit = plan.agents_max.zip(plan.conversations_max).map(|(agents, each)| u64::from(agents) * u64::from(each));
    Ok(Page(HomePage {
        numbers: numbers(&analytics, &overview),
        steps: if nav.may("/start") { steps(&agents, installed, &webhooks) } else { Vec::new() },
        charts: trends(&overview.days),
        models: models(&app),
        plan: PlanUse {
            name: plan.name,
            agents: Share { used: count(analytics.agents_active), limit: plan.agents_max.map(u64::from) },
            conversations: Share { used: count(analytics.conversations.this_month), limit },
        },
        pages: analytics.top_pages.into_iter().map(BusyPage::new).collect(),
        questions: overview.questions.into_iter().map(QuestionRow::new).collect(),
        webhooks: WebhookHealth::of(&webhooks),
        nav,
    })
    .into_response())
}

fn numbers(analytics: &Analytics, overview: &Overview) -> Vec<Number> {
    let (conversations, leads) = (analytics.conversations, analytics.leads);
    let month = |rows: i64| format!("{rows} this month");
    let number = |label, value, beside| Number { label, value, beside };
    let none = || "–".to_owned();
    let answered = overview.answered_percent().map_or_else(none, |percent| format!("{percent} %"));
    let (average, p95) = match analytics.response_time {
        Some(time) => (duration_ms(count(time.avg_ms)), format!("95th percentile: {}", duration_ms(count(time.p95_ms)))),
        None => (none(), "this month".to_owned()),
    };
    vec![
        number("Conversations today", conversations.today.to_string(), month(conversations.this_month)),
        number("Leads today", leads.today.to_string(), lead_rate(leads.this_month, conversations.this_month)),
        number("Answered from knowledge", answered, format!("of {} answers this month", overview.answers)),
        number("Answer time", average, p95),
    ]
}

/// A share of so few that one more changes it by far is no share.
fn lead_rate(leads: i64, conversations: i64) -> String {
    match percent(leads, conversations) {
        Some(percent) if leads >= FEW => format!("{leads} this month, {percent} % of conversations"),
        // Visitors also leave their details without a conversation.
        Some(_) if leads <= conversations => format!("{leads} of {conversations} conversations this month"),
        _ => format!("{leads} this month"),
    }
}

fn models(app: &App) -> Vec<ModelRow> {
    app.answerer.models().resting().into_iter().map(|(name, rests)| ModelRow { name, rests }).collect()
}

fn steps(agents: &[Agent], installed: bool, webhooks: &[Webhook]) -> Vec<Step> {
    let taught = agents.iter().any(|agent| agent.knowledge_entries > 0);
    let page = |name| agents.first().map_or_else(|| "/start".into(), |agent| format!("/agents/{}/{name}", agent.id));
    let step = |done, title, about, href: &str| Step { done, title, about, href: href.to_owned() };
    let steps = vec![
        step(!agents.is_empty(), "Create an agent", "A chat widget with a name, a greeting and a colour.", "/start"),
        step(taught, "Add knowledge", "Paste your FAQ, prices and opening hours.", &page("knowledge")),
        step(installed, "Put it on your site", "Add one line of HTML to your pages.", &page("install")),
        step(!webhooks.is_empty(), "Choose where new leads are sent", "Add a webhook for your CRM or chat.", "/webhooks"),
    ];
    if steps.iter().all(|step| step.done) { Vec::new() } else { steps }
}

impl BusyPage {
    fn new((url, conversations): (String, i64)) -> Self {
        Self { page: PageUrl(url), conversations: count(conversations) }
    }
}

impl QuestionRow {
    fn new(question: Unanswered) -> Self {
        Self { agent: question.agent.to_string(), text: question.text, times: count(question.asked_count) }
    }
}

impl WebhookHealth {
    fn of(webhooks: &[Webhook]) -> Self {
        let active = |webhook: &&Webhook| webhook.status == "active";
        let failing = |webhook: &&Webhook| webhook.failing_since.is_some();
        let all = webhooks.len();
        let on = webhooks.iter().filter(active).count();
        Self { all, active: on, failing: webhooks.iter().filter(active).filter(failing).count(), disabled: all - on }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_leads_are_counted_and_many_are_a_share() {
        let check = |leads, conversations, expected: &str| assert_eq!(lead_rate(leads, conversations), expected);
        check(0, 0, "0 this month");
        check(0, 17, "0 of 17 conversations this month");
        check(1, 17, "1 of 17 conversations this month");
        check(1, 1, "1 of 1 conversations this month");
        check(9, 9, "9 of 9 conversations this month");
        check(3, 2, "3 this month");
        check(2, 0, "2 this month");
        check(10, 17, "10 this month, 59 % of conversations");
        check(12, 17, "12 this month, 71 % of conversations");
        check(199, 200, "199 this month, 100 % of conversations");
    }
}

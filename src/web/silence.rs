//! What follows where a person has left a visitor waiting: both sides are told, and the agent answers.

use crate::answer::{Finished, Progress, Watched};
use crate::domain::operator::{Left, Owed};
use crate::jobs::silence::Due;
use crate::storage::{Result, VisitorMessage, Writers};
use crate::web::App;
use crate::web::live::{TeamNews, VisitorNews};

pub async fn act(app: App, due: Due) {
    match due {
        Due::Tell(left) => tell(&app, &left),
        // Whose last message is still being answered gets this answer at the next round, if it is owed then.
        Due::Answer(owed) if app.answerer.is_answering(&owed.visitor) => {}
        Due::Answer(owed) => {
            if let Err(error) = answer(&app, owed).await {
                tracing::warn!(%error, "a waiting message was not answered yet");
            }
        }
    }
}

fn tell(app: &App, left: &Left) {
    app.live.tell_visitor(&left.visitor, VisitorNews::Changed);
    app.live.tell_team(&left.account, TeamNews::Changed(left.conversation.clone()));
}

async fn answer(app: &App, owed: Owed) -> Result<()> {
    let left = Left { account: owed.account.clone(), conversation: owed.conversation.clone(), visitor: owed.visitor.clone() };
    let Some(message) = message_of(app, owed).await? else { return Ok(()) };
    // Refused where too much is being answered: the next round asks again.
    let Ok(Watched { mut progress, .. }) = app.answerer.answer(message) else { return Ok(()) };
    while let Some(step) = progress.recv().await {
        match step {
            Progress::Done(Finished { message: Some(_), .. }) => tell(app, &left),
            Progress::Failed(error) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// None where the agent answers nobody.
async fn message_of(app: &App, owed: Owed) -> Result<Option<VisitorMessage>> {
    let agent = app.store.agent(owed.account.clone(), owed.agent).await?;
    let account = app.store.account(owed.account).await?;
    Ok(agent.is_active().then(|| VisitorMessage {
        plan: app.plan_of(&account),
        agent,
        visitor: owed.visitor,
        opened_at: app.world.now(),
        content: owed.content,
        client_id: None,
        page_url: None,
        referrer: None,
        user_agent: None,
        locale: None,
        inactivity_ms: app.config.inactivity_ms(),
        writers: Writers::ModelsToo,
        // A kept message's conversation says so.
        trial: false,
        lead: None,
        kept: Some(owed.message),
    }))
}

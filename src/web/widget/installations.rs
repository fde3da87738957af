//! Where the embed code is loaded: noted for the team, and no more of it than a stranger may make up.

use crate::domain::agent::Agent;
use crate::domain::installation::{FirstLoad, NEW_DOMAINS_PER_ADDRESS_DAY, NEW_DOMAINS_PER_NETWORK_DAY, News, Standing};
use crate::domain::page::{self, page_path};
use crate::domain::time::DAY_MS;
use crate::limits::Window;
use crate::limits::network::{Network, networks};
use crate::web::App;
use crate::web::client::{ClientAddress, is_own_page, origin, user_agent};
use crate::web::error::Result;
use crate::web::live::TeamNews;
use crate::web::widget::session::{Sent, Session};

/// Browsers name the page's origin; without one, the page's own word is taken. Pages of this server are no installation.
pub async fn note(app: &App, agent: &Agent, sent: &Sent, session: &Session) -> Result<()> {
    let from = origin(&sent.headers).map(str::to_owned).or_else(|| session.page_url.clone());
    let domain = from.as_deref().and_then(page::host);
    let (Some(domain), false) = (domain, is_own_page(app, &sent.headers)) else { return Ok(()) };
    let standing = match app.store.installation_news(agent.clone(), domain.clone(), sent.address.bucket()).await? {
        News::Nothing => return Ok(()),
        News::Domain(Standing::Claimed) if !may_claim(app, agent, sent.address) => return Ok(()),
        News::Domain(standing) => standing,
        News::SeenAgain => Standing::Claimed,
    };
    // A query string may name the visitor, and an installation outlives the visitor's data.
    let page_url = session.page_url.as_deref().and_then(page_path).or(from).unwrap_or_default();
    let load = FirstLoad { domain, page_url, user_agent: user_agent(&sent.headers), visitor: session.visitor.clone() };
    if app.store.note_installation(agent.clone(), load, standing).await? {
        app.live.tell_team(&agent.account, TeamNews::Installed(agent.id.clone()));
    }
    Ok(())
}

/// Each network of the address takes a place of the day's. A wider one has more, but not all that the agent has in a day.
fn may_claim(app: &App, agent: &Agent, address: ClientAddress) -> bool {
    let most = |network: &Network| NEW_DOMAINS_PER_ADDRESS_DAY.saturating_mul(network.share).min(NEW_DOMAINS_PER_NETWORK_DAY);
    networks(address.0).iter().all(|network| {
        let window = Window { limit: most(network), span_ms: DAY_MS };
        app.limit("domain", &format!("{}:{network}", agent.id), &[window]).is_ok()
    })
}

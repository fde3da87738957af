//! A program that calls the API with a key, and the agents that it may touch.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::domain::account::{Account, ApiKey, Plan};
use crate::domain::agent::Agent;
use crate::domain::id::{AccountId, AgentId};
use crate::limits::Verdict;
use crate::web::App;
use crate::web::error::{ApiError, Result};
use crate::web::extract::path_id;

/// Whose key it is and what the key may do; the gate has checked both before any handler runs.
#[derive(Clone)]
pub struct ApiCaller {
    pub key: ApiKey,
    pub account: Account,
    pub plan: Plan,
    pub verdict: Verdict,
}

impl ApiCaller {
    pub fn account_id(&self) -> AccountId {
        self.account.id.clone()
    }
}

impl<S: Sync> FromRequestParts<S> for ApiCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::unauthorized)
    }
}

/// The id of the path's agent, whoever owns it.
pub struct AgentPath(pub AgentId);

impl<S: Send + Sync> FromRequestParts<S> for AgentPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| ApiError::agent_not_found())?;
        path_id(&params, "agent", ApiError::agent_not_found).map(Self)
    }
}

/// The agent of the path, if it is the caller's; one of another account does not exist for this caller.
pub struct OwnedAgent(pub Agent);

impl FromRequestParts<App> for OwnedAgent {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let AgentPath(id) = AgentPath::from_request_parts(parts, app).await?;
        let caller = ApiCaller::from_request_parts(parts, app).await?;
        let agent = app.store.agent(caller.account_id(), id).await;
        agent.map(Self).map_err(|error| ApiError::or_missing(error, ApiError::agent_not_found()))
    }
}

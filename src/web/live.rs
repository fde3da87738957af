//! News for open event streams: agents that have changed, conversations that go on, people who are typing.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::domain::id::{AccountId, AgentId, ConversationId, VisitorId};

/// Streams that fall further behind look at what they show anyway.
const BACKLOG_MAX: usize = 256;
/// The same for the streams of one visitor, or of one team.
const TOPIC_BACKLOG_MAX: usize = 16;
/// Streams of one visitor, or of one team.
const STREAMS_MAX: usize = 64;

#[derive(Clone)]
pub struct Live {
    changes: broadcast::Sender<AgentId>,
    visitors: Topics<VisitorId, VisitorNews>,
    teams: Topics<AccountId, TeamNews>,
}

/// For the pages that a visitor has open.
#[derive(Clone, Debug)]
pub enum VisitorNews {
    /// An operator has done something in the visitor's conversation.
    Changed,
    /// This operator is typing.
    Typing(String),
}

/// For the pages that a team has open.
#[derive(Clone, Debug)]
pub enum TeamNews {
    Changed(ConversationId),
    /// Somebody of the team has read it.
    Seen(ConversationId),
    /// The visitor is typing.
    Typing(ConversationId),
    /// A website has loaded the agent's embed code.
    Installed(AgentId),
    /// Some session may have ended.
    Sessions,
}

impl Default for Live {
    fn default() -> Self {
        Self { changes: broadcast::channel(BACKLOG_MAX).0, visitors: Topics::default(), teams: Topics::default() }
    }
}

impl Live {
    pub fn agent_changed(&self, agent: &AgentId) {
        // An error only means that no stream is open.
        let _ = self.changes.send(agent.clone());
    }

    pub fn changes(&self) -> broadcast::Receiver<AgentId> {
        self.changes.subscribe()
    }

    pub fn tell_visitor(&self, visitor: &VisitorId, news: VisitorNews) {
        self.visitors.tell(visitor, news);
    }

    pub fn tell_team(&self, account: &AccountId, news: TeamNews) {
        self.teams.tell(account, news);
    }

    /// None where too many streams are open already.
    pub fn of_visitor(&self, visitor: &VisitorId) -> Option<Subscription<VisitorId, VisitorNews>> {
        self.visitors.subscribe(visitor)
    }

    /// None where too many streams are open already.
    pub fn of_team(&self, account: &AccountId) -> Option<Subscription<AccountId, TeamNews>> {
        self.teams.subscribe(account)
    }
}

/// Who listens for what. Only listeners of the same topic are woken, however many others there are.
struct Topics<K, N>(Arc<Mutex<HashMap<K, broadcast::Sender<N>>>>);

impl<K, N> Clone for Topics<K, N> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, N> Default for Topics<K, N> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Clone + Eq + Hash, N: Clone> Topics<K, N> {
    fn tell(&self, topic: &K, news: N) {
        if let Some(sender) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(topic) {
            // An error only means that the last stream is closing.
            let _ = sender.send(news);
        }
    }

    fn subscribe(&self, topic: &K) -> Option<Subscription<K, N>> {
        let mut topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = topics.entry(topic.clone()).or_insert_with(|| broadcast::channel(TOPIC_BACKLOG_MAX).0);
        let news = (sender.receiver_count() < STREAMS_MAX).then(|| sender.subscribe())?;
        Some(Subscription { news: Some(news), topic: topic.clone(), topics: self.clone() })
    }
}

/// An open ear; the last one of a topic that closes takes the topic away.
pub struct Subscription<K: Clone + Eq + Hash, N: Clone> {
    news: Option<broadcast::Receiver<N>>,
    topic: K,
    topics: Topics<K, N>,
}

impl<K: Clone + Eq + Hash, N: Clone> Subscription<K, N> {
    /// The next news; none where some were missed.
    pub async fn next(&mut self) -> Option<N> {
        match &mut self.news {
            Some(news) => news.recv().await.ok(),
            None => None,
        }
    }
}

impl<K: Clone + Eq + Hash, N: Clone> Drop for Subscription<K, N> {
    fn drop(&mut self) {
        let mut topics = self.topics.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.news = None;
        if topics.get(&self.topic).is_some_and(|sender| sender.receiver_count() == 0) {
            topics.remove(&self.topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Identifier;

    #[test]
    fn news_reach_their_topic_alone_and_nothing_is_kept_of_whoever_left() {
        let live = Live::default();
        let (mine, theirs) = (AccountId::from_text("acc_1".into()), AccountId::from_text("acc_2".into()));
        let (mut me, mut them) = (live.of_team(&mine).unwrap(), live.of_team(&theirs).unwrap());
        live.tell_team(&mine, TeamNews::Changed(ConversationId::from_text("conv_1".into())));
        assert!(matches!(pollster::block_on(me.next()), Some(TeamNews::Changed(_))));
        assert!(them.news.as_mut().unwrap().try_recv().is_err());
        drop((me, them));
        assert!(live.teams.0.lock().unwrap().is_empty());
    }

    #[test]
    fn a_topic_has_a_bounded_number_of_streams() {
        let (live, team) = (Live::default(), AccountId::from_text("acc_1".into()));
        let open: Vec<_> = (0..STREAMS_MAX).map(|_| live.of_team(&team).unwrap()).collect();
        assert!(live.of_team(&team).is_none());
        drop(open);
        assert!(live.of_team(&team).is_some());
    }
}

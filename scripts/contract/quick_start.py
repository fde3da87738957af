"""The quick start of the documentation, with the client that was made of the description."""

import os

from made import AuthenticatedClient
from made.api.account import get_me
from made.api.agents import create_agent, get_agent, list_agents, patch_agent
from made.api.conversations import list_conversations
from made.api.knowledge import add_knowledge, list_knowledge
from made.models import Agent, AgentChange, AgentStatus, Error, KnowledgeType, NewAgent, NewKnowledge, Permission

client = AuthenticatedClient(
    base_url=os.environ["CLIENT_URL"], token=os.environ["CLIENT_KEY"], raise_on_unexpected_status=True
)

me = get_me.sync(client=client)
assert me.account_id.startswith("acc_") and Permission.AGENTSWRITE in me.permissions, me
assert me.created_at.year >= 2026 and me.rate_limit.remaining > 0, me

assert list_agents.sync(client=client).total == 0

body = NewAgent(name="Sales Assistant", greeting="Hi! How can I help you today?", color="#6366f1")
agent = create_agent.sync(client=client, body=body, idempotency_key="quick-start-1")
assert isinstance(agent, Agent) and agent.status == AgentStatus.ACTIVE and agent.avg_response_time_ms is None, agent
assert create_agent.sync(client=client, body=body, idempotency_key="quick-start-1").id == agent.id

entry = NewKnowledge(content="## Pricing\n- Starter: $49/mo\n- Growth: $99/mo", type_=KnowledgeType.MARKDOWN)
added = add_knowledge.sync(agent.id, client=client, body=entry)
assert (added.agent_id, added.knowledge_entries) == (agent.id, 1), added
assert [known.type_ for known in list_knowledge.sync(agent.id, client=client).knowledge] == [KnowledgeType.MARKDOWN]

renamed = patch_agent.sync(agent.id, client=client, body=AgentChange(name="Sales Assistant v2"))
assert (renamed.name, renamed.greeting, renamed.color) == ("Sales Assistant v2", agent.greeting, agent.color), renamed

listed = list_agents.sync(client=client)
assert [(row.id, row.knowledge_base) for row in listed.agents] == [(agent.id, True)], listed
assert list_conversations.sync(agent.id, client=client, limit=10).conversations == []

missing = get_agent.sync("agt_0000000000", client=client)
assert isinstance(missing, Error) and missing.error.code == "agent_not_found", missing
wrong = create_agent.sync(client=client, body=NewAgent(name="", color="red"))
assert isinstance(wrong, Error) and [detail.field for detail in wrong.error.details] == ["name", "color"], wrong

print("The client made of the description does the quick start.")

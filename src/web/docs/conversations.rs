//! The documentation's entries on conversations, leads, visitors and the account itself.

use crate::web::docs::endpoint::{AFTER, AGENT, Endpoint, Example, LIMIT, OFFSET, Section, path, query};

pub const CONVERSATIONS: Section = Section {
    id: "conversations",
    title: "Conversations",
    text: "Conversations between visitors and your agents. A conversation ends when the visitor closes it or after 30 minutes without a message.",
    endpoints: &[LIST, SHOW, DELETE],
};

pub const LEADS: Section = Section {
    id: "leads",
    title: "Leads and visitors",
    text: "A lead is a visitor who left an e-mail address or a phone number in the form or the chat. Each conversation has at most one lead. Details that the visitor adds later complete it.",
    endpoints: &[LIST_LEADS, SHOW_LEAD, ERASE],
};

pub const ACCOUNT: Section = Section {
    id: "account",
    title: "Account",
    text: "Your key’s permissions and your account’s statistics.",
    endpoints: &[ME, ANALYTICS],
};

const LIST: Endpoint = Endpoint {
    id: "list-conversations",
    method: "GET",
    path: "/agents/{agent_id}/conversations",
    title: "List conversations",
    text: "Returns an agent’s conversations, newest first, each with its messages in order. Messages written by your team have `\"sent_by\": \"operator\"`. `ended_at` is null while a conversation is active.",
    permission: "conversations:read",
    params: &[
        AGENT,
        query(
            "since",
            "string",
            "Only return conversations whose first message was stored after this time, such as `2026-03-01T00:00:00Z`. `started_at` can be earlier, because it is the time when the visitor opened the panel.",
        ),
        query("status", "string", "Only return `active` or `completed` conversations."),
        LIMIT,
        OFFSET,
        AFTER,
    ],
    example: Example {
        address: "/agents/agt_a1b2c3d4e5/conversations?since=2026-03-01T00:00:00Z&limit=10",
        body: "",
        status: "200 OK",
        response: r##"{
  "conversations": [
    {
      "id": "conv_x1y2z3a4b5",
      "agent_id": "agt_a1b2c3d4e5",
      "visitor_id": "vis_m1n2o3p4q5",
      "status": "completed",
      "messages_count": 3,
      "lead_captured": true,
      "duration_seconds": 245,
      "page_url": "https://example.com/pricing",
      "messages": [
        {
          "role": "assistant",
          "content": "Hi! How can I help you today?",
          "timestamp": "2026-03-20T14:00:00Z"
        },
        {
          "role": "user",
          "content": "What does a day cost?",
          "timestamp": "2026-03-20T14:00:15Z"
        },
        {
          "role": "assistant",
          "content": "A city bike costs £22 a day.",
          "timestamp": "2026-03-20T14:00:16Z"
        }
      ],
      "started_at": "2026-03-20T14:00:00Z",
      "ended_at": "2026-03-20T14:04:05Z"
    }
  ],
  "total": 1,
  "limit": 10,
  "offset": 0,
  "next_after": null
}"##,
    },
};

const CONVERSATION: &str = r##"{
  "id": "conv_x1y2z3a4b5",
  "agent_id": "agt_a1b2c3d4e5",
  "visitor_id": "vis_m1n2o3p4q5",
  "status": "completed",
  "messages_count": 3,
  "lead_captured": true,
  "duration_seconds": 245,
  "page_url": "https://example.com/pricing",
  "messages": [
    {
      "role": "assistant",
      "content": "Hi! How can I help you today?",
      "timestamp": "2026-03-20T14:00:00Z"
    },
    {
      "role": "user",
      "content": "What does a day cost?",
      "timestamp": "2026-03-20T14:00:15Z"
    },
    {
      "role": "assistant",
      "content": "A city bike costs £22 a day.",
      "timestamp": "2026-03-20T14:00:16Z"
    }
  ],
  "started_at": "2026-03-20T14:00:00Z",
  "ended_at": "2026-03-20T14:04:05Z"
}"##;

const SHOW: Endpoint = Endpoint {
    id: "get-conversation",
    method: "GET",
    path: "/conversations/{conversation_id}",
    title: "Get a conversation",
    text: "Returns one conversation with all its messages. Each answer has a `trace` that explains it: `provider` (`embedded` or a model’s name), `degraded`, `failures`, `passages` with their scores, tokens, `cost_micros` and times.",
    permission: "conversations:read",
    params: &[path("conversation_id", "The conversation’s id.")],
    example: Example { address: "/conversations/conv_x1y2z3a4b5", body: "", status: "200 OK", response: CONVERSATION },
};

const DELETE: Endpoint = Endpoint {
    id: "delete-conversation",
    method: "DELETE",
    path: "/conversations/{conversation_id}",
    title: "Delete a conversation",
    text: "Permanently deletes a conversation and its messages. Its lead is kept.",
    permission: "agents:write",
    params: &[path("conversation_id", "The conversation’s id.")],
    example: Example {
        address: "/conversations/conv_x1y2z3a4b5",
        body: "",
        status: "200 OK",
        response: r##"{
  "id": "conv_x1y2z3a4b5",
  "deleted": true
}"##,
    },
};

const LIST_LEADS: Endpoint = Endpoint {
    id: "list-leads",
    method: "GET",
    path: "/agents/{agent_id}/leads",
    title: "List leads",
    text: "Returns an agent’s leads, newest first. Details that the visitor did not give are null. `conversation_id` is null if the agent had reached its monthly conversation limit.",
    permission: "leads:read",
    params: &[
        AGENT,
        query("since", "string", "Only return leads captured after this time, such as `2026-03-01T00:00:00Z`."),
        query("status", "string", "Only `new`, `contacted`, `won` or `lost` ones."),
        query("q", "string", "Only return leads whose details contain these words."),
        LIMIT,
        OFFSET,
        AFTER,
    ],
    example: Example {
        address: "/agents/agt_a1b2c3d4e5/leads?limit=25",
        body: "",
        status: "200 OK",
        response: r##"{
  "leads": [
    {
      "id": "lead_r1s2t3u4v5",
      "agent_id": "agt_a1b2c3d4e5",
      "conversation_id": "conv_x1y2z3a4b5",
      "name": "Jane Smith",
      "email": "jane@example.com",
      "phone": "+1-555-0123",
      "company": "Acme Corp",
      "message": "Two cargo bikes for Saturday, please.",
      "page_url": "https://example.com/pricing",
      "captured_at": "2026-03-20T14:02:30Z",
      "status": "new"
    }
  ],
  "total": 1,
  "limit": 25,
  "offset": 0,
  "next_after": null
}"##,
    },
};

const SHOW_LEAD: Endpoint = Endpoint {
    id: "get-lead",
    method: "GET",
    path: "/leads/{lead_id}",
    title: "Get a lead",
    text: "Returns one lead with all its details.",
    permission: "leads:read",
    params: &[path("lead_id", "The lead’s id.")],
    example: Example {
        address: "/leads/lead_r1s2t3u4v5",
        body: "",
        status: "200 OK",
        response: r##"{
  "id": "lead_r1s2t3u4v5",
  "agent_id": "agt_a1b2c3d4e5",
  "conversation_id": "conv_x1y2z3a4b5",
  "name": "Jane Smith",
  "email": "jane@example.com",
  "phone": "+1-555-0123",
  "company": "Acme Corp",
  "message": "Two cargo bikes for Saturday, please.",
  "page_url": "https://example.com/pricing",
  "captured_at": "2026-03-20T14:02:30Z",
  "status": "new"
}"##,
    },
};

const ERASE: Endpoint = Endpoint {
    id: "erase-visitor",
    method: "DELETE",
    path: "/visitors/{visitor_id}",
    title: "Erase a visitor",
    text: "Permanently deletes all conversations and leads of a visitor. Use it for erasure requests under data protection law. Each conversation contains its `visitor_id`.",
    permission: "agents:write",
    params: &[path("visitor_id", "The visitor’s id.")],
    example: Example {
        address: "/visitors/vis_m1n2o3p4q5",
        body: "",
        status: "200 OK",
        response: r##"{
  "id": "vis_m1n2o3p4q5",
  "deleted": true,
  "conversations": 1,
  "leads": 1
}"##,
    },
};

const ME: Endpoint = Endpoint {
    id: "me",
    method: "GET",
    path: "/me",
    title: "Get your key",
    text: "Returns the account, plan and permissions of your key. Use it to check that a key works.",
    permission: "",
    params: &[],
    example: Example {
        address: "/me",
        body: "",
        status: "200 OK",
        response: r##"{
  "account_id": "acc_q1w2e3r4t5",
  "email": "you@example.com",
  "plan": "growth",
  "key_prefix": "cfk_a1b2...x9y0",
  "key_name": "Production API Key",
  "created_at": "2026-03-01T10:00:00Z",
  "permissions": ["agents:read", "agents:write", "conversations:read", "leads:read", "analytics:read", "webhooks:manage"],
  "rate_limit": {
    "requests_per_minute": 1000,
    "remaining": 987
  }
}"##,
    },
};

const ANALYTICS: Endpoint = Endpoint {
    id: "analytics",
    method: "GET",
    path: "/analytics",
    title: "Get analytics",
    text: "Returns statistics for the whole account. `period` runs from the first of the current month to the end of today, in UTC. Response times and pages cover this period. Limits are null on unlimited plans. Response times are null before the first answer.",
    permission: "analytics:read",
    params: &[],
    example: Example {
        address: "/analytics",
        body: "",
        status: "200 OK",
        response: r##"{
  "period": "2026-03-01T00:00:00Z/2026-03-26T23:59:59Z",
  "agents_active": 4,
  "agents_limit": 10,
  "conversations": { "total": 1247, "this_month": 412, "today": 18, "limit": 5000 },
  "leads": { "total": 189, "this_month": 67, "today": 3 },
  "response_time": { "avg_ms": 640, "p95_ms": 1900 },
  "top_pages": [
    { "url": "https://example.com/pricing", "conversations": 89 },
    { "url": "https://example.com/", "conversations": 67 }
  ]
}"##,
    },
};

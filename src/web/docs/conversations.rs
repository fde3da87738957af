//! The documentation's entries on conversations, leads, visitors and the account itself.

use crate::web::docs::endpoint::{AFTER, AGENT, Endpoint, Example, LIMIT, OFFSET, Section, path, query};

pub const CONVERSATIONS: Section = Section {
    id: "conversations",
    title: "Conversations",
    text: "What visitors and agents said to each other. A conversation ends when the visitor closes it, or after 30 minutes without a message.",
    endpoints: &[LIST, SHOW, DELETE],
};

pub const LEADS: Section = Section {
    id: "leads",
    title: "Leads and visitors",
    text: "A lead is a visitor who left an e-mail address or a phone number, in the form or in the chat. There is one lead to a conversation; what the visitor adds later completes it.",
    endpoints: &[LIST_LEADS, SHOW_LEAD, ERASE],
};

pub const ACCOUNT: Section = Section {
    id: "account",
    title: "Account",
    text: "What your key may do, and the account’s numbers.",
    endpoints: &[ME, ANALYTICS],
};

const LIST: Endpoint = Endpoint {
    id: "list-conversations",
    method: "GET",
    path: "/agents/{agent_id}/conversations",
    title: "List conversations",
    text: "Newest first, each with its messages in order. A message that a person of your team wrote carries `\"sent_by\": \"operator\"`. While a conversation is active, `ended_at` is null.",
    permission: "conversations:read",
    params: &[
        AGENT,
        query(
            "since",
            "string",
            "Only conversations whose first message was stored after this time, such as `2026-03-01T00:00:00Z`. `started_at` can be earlier: it is when the visitor opened the panel.",
        ),
        query("status", "string", "Only `active` or only `completed` ones."),
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
    text: "One conversation with all its messages. An answer carries a `trace` that says why it was given: `provider` (`embedded` or a model’s name), `degraded`, `failures`, `passages` with their scores, tokens, `cost_micros` and times.",
    permission: "conversations:read",
    params: &[path("conversation_id", "The conversation’s id.")],
    example: Example { address: "/conversations/conv_x1y2z3a4b5", body: "", status: "200 OK", response: CONVERSATION },
};

const DELETE: Endpoint = Endpoint {
    id: "delete-conversation",
    method: "DELETE",
    path: "/conversations/{conversation_id}",
    title: "Delete a conversation",
    text: "For good, with everything that was said. Its lead is kept.",
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
    text: "Newest first. What a visitor did not tell is null; so is `conversation_id` where the agent’s monthly limit was used up.",
    permission: "leads:read",
    params: &[
        AGENT,
        query("since", "string", "Only leads captured after this time, such as `2026-03-01T00:00:00Z`."),
        query("status", "string", "Only `new`, `contacted`, `won` or `lost` ones."),
        query("q", "string", "Only those whose details contain these words."),
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
    text: "One lead with all that is known of it.",
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
    text: "Deletes all conversations and leads of one visitor for good, for requests under data protection law. Find the `visitor_id` in a conversation.",
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
    text: "The account, plan and permissions of the key you send. A quick way to see that a key works.",
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
    text: "Numbers of the whole account. `period` runs from the first of this month to the end of today, in UTC; response times and pages are those of the period. Limits are null on a plan without them, and times are null before the first answer.",
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

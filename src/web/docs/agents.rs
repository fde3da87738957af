//! The documentation's entries on agents and on what they know.

use crate::web::docs::endpoint::{AGENT, Endpoint, Example, Param, Section, body, path, query};

const NAME: Param = body("name", "string", "The name shown in the widget’s header, 1 to 100 characters.");
const GREETING: Param = body(
    "greeting",
    "string",
    "The first message of every chat, 1 to 1,000 characters. Default: `Hi! How can I help you today?`",
);
const COLOR: Param = body("color", "string", "The widget’s colour as `#rgb` or `#rrggbb`. Default: `#6366f1`.");
const DOMAINS: Param = body(
    "allowed_domains",
    "string[]",
    "Up to 100 host names where the widget may load, such as `example.com` or `*.example.com`. Public suffixes such as `co.uk` and `github.io` are rejected. An empty list, the default, allows every host.",
);
const ANSWERING: Param = body(
    "answering",
    "object",
    "How the agent answers. `instructions`: guidance for language models, up to 4,000 characters. `tone`: `neutral`, `friendly`, `formal` or `brief`. `caution`: `low`, `normal` or `high`. `model`: `on`, `off` or the name of the model to use first. `ask_unmatched`: true asks a model even if no knowledge matches the question. Knowledge that is short enough to send whole goes to a model with every question.",
);
const APPEARANCE: Param = body(
    "appearance",
    "object",
    "How the widget looks and behaves. Omitted fields keep their value. `position`: `auto` (left on right-to-left pages), `right` or `left`. `offset_x` and `offset_y`: 0 to 200 pixels from the side and from the bottom. `theme`: `auto`, `light` or `dark`. `launcher_text`: the text next to the launcher’s icon. `suggestions`: up to 6 questions. `disclosure`: whether the widget says that an AI answers. `proactive_after_seconds`: when the greeting appears by itself; 0 turns it off. `hide_on`: up to 20 paths, each with up to three `*` wildcards. `page_parameters`: up to 20 names of query parameters to save with visitors’ page URLs, `utm_*` by default. `lead_fields`: any of `name`, `email`, `phone`, `company` and `message`. `lead_rule`: `when_needed`, `before_first_message` or `after_messages`, with `lead_after_messages`. `consent_text` and `consent_url`. `texts`: your own widget texts, an object keyed by locale and text name.",
);
const CONTENT: Param = body("content", "string", "The knowledge text, 1 to 50,000 characters.").required();
const KIND: Param = body(
    "type",
    "string",
    "The content’s format: `text` (default), `markdown`, `faq` (lines that start with `Q:` and `A:`) or `product`.",
);

pub const AGENTS: Section = Section {
    id: "agents",
    title: "Agents",
    text: "An agent is one chat widget. It has a name, a greeting, a colour, its own knowledge and a list of websites where it may load.",
    endpoints: &[LIST, CREATE, CREATE_MANY, SHOW, UPDATE, DEACTIVATE, ACTIVATE],
};

pub const KNOWLEDGE: Section = Section {
    id: "knowledge",
    title: "Knowledge",
    text: "An agent answers from its knowledge. It uses a new entry from the next answer.",
    endpoints: &[ADD_KNOWLEDGE, LIST_KNOWLEDGE, DELETE_KNOWLEDGE, ADD_TO_MANY],
};

const LIST: Endpoint = Endpoint {
    id: "list-agents",
    method: "GET",
    path: "/agents",
    title: "List agents",
    text: "Returns all agents in your account, newest first, including deactivated agents.",
    permission: "agents:read",
    params: &[
        query("status", "string", "Only return `active` or `deactivated` agents."),
        query("q", "string", "Only return agents whose name or id contains these words, ignoring case."),
    ],
    example: Example {
        address: "/agents",
        body: "",
        status: "200 OK",
        response: r##"{
  "agents": [
    {
      "id": "agt_a1b2c3d4e5",
      "name": "Sales Assistant",
      "greeting": "Hi! How can I help you today?",
      "color": "#6366f1",
      "status": "active",
      "conversations_count": 142,
      "leads_count": 38,
      "knowledge_base": true,
      "created_at": "2026-03-15T08:30:00Z",
      "updated_at": "2026-03-20T14:22:00Z"
    }
  ],
  "total": 1
}"##,
    },
};

const CREATE: Endpoint = Endpoint {
    id: "create-agent",
    method: "POST",
    path: "/agents",
    title: "Create an agent",
    text: "Creates an agent that you can embed right away: add `embed_code` to your website. If your plan’s agent limit is reached, the response is 403 `plan_limit_reached`.",
    permission: "agents:write",
    params: &[
        NAME.required(),
        GREETING,
        COLOR,
        body("knowledge_base", "string", "The first knowledge entry, up to 50,000 characters of plain text or Markdown."),
        DOMAINS,
        ANSWERING,
        APPEARANCE,
    ],
    example: Example {
        address: "/agents",
        body: r##"{
  "name": "Sales Assistant",
  "greeting": "Hi! Ask me about our bikes.",
  "knowledge_base": "We rent city bikes for £22 a day.",
  "color": "#6366f1"
}"##,
        status: "201 Created",
        response: AGENT_CREATED,
    },
};

const AGENT_CREATED: &str = r##"{
  "id": "agt_a1b2c3d4e5",
  "name": "Sales Assistant",
  "greeting": "Hi! Ask me about our bikes.",
  "color": "#6366f1",
  "status": "active",
  "knowledge_base": true,
  "knowledge_size_bytes": 34,
  "conversations_count": 0,
  "leads_count": 0,
  "avg_response_time_ms": null,
  "embed_code": "<script src=\"https://chat.example.com/widget.js\" data-agent=\"agt_a1b2c3d4e5\"></script>",
  "allowed_domains": [],
  "appearance": {
    "position": "auto",
    "offset_x": 20,
    "offset_y": 20,
    "theme": "auto",
    "launcher_text": "",
    "suggestions": [],
    "disclosure": true,
    "proactive_after_seconds": 0,
    "hide_on": [],
    "page_parameters": ["utm_*"],
    "lead_fields": ["name", "email", "phone", "company", "message"],
    "lead_rule": "when_needed",
    "lead_after_messages": 3,
    "consent_text": "",
    "consent_url": "",
    "texts": {}
  },
  "answering": { "instructions": "", "tone": "neutral", "caution": "normal", "model": "on", "ask_unmatched": false },
  "created_at": "2026-03-15T08:30:00Z",
  "updated_at": "2026-03-15T08:30:00Z"
}"##;

const CREATE_MANY: Endpoint = Endpoint {
    id: "create-agents",
    method: "POST",
    path: "/agents/bulk",
    title: "Create several agents",
    text: "Each agent succeeds or fails on its own. `errors` lists each agent that was not created, with its `index` in the request. If every agent fails, the response is 422. A request with more than 20 agents is rejected.",
    permission: "agents:write",
    params: &[body("agents", "object[]", "1 to 20 agents, each with the same fields as a single agent.").required()],
    example: Example {
        address: "/agents/bulk",
        body: r##"{
  "agents": [
    { "name": "Northside", "color": "#10b981" },
    { "name": "Southside", "color": "red" }
  ]
}"##,
        status: "201 Created",
        response: r##"{
  "agents": [
    {
      "id": "agt_a1b2c3d4e5",
      "name": "Northside",
      "status": "active",
      "embed_code": "<script src=\"https://chat.example.com/widget.js\" data-agent=\"agt_a1b2c3d4e5\"></script>"
    }
  ],
  "created": 1,
  "failed": 1,
  "errors": [
    {
      "index": 1,
      "code": "validation_error",
      "message": "agents[1].color: must be a hex colour such as #6366f1",
      "details": [
        { "field": "agents[1].color", "message": "must be a hex colour such as #6366f1" }
      ]
    }
  ]
}"##,
    },
};

const SHOW: Endpoint = Endpoint {
    id: "get-agent",
    method: "GET",
    path: "/agents/{agent_id}",
    title: "Get an agent",
    text: "Returns one agent with all its settings. `avg_response_time_ms` is null until the agent’s first answer.",
    permission: "agents:read",
    params: &[AGENT],
    example: Example { address: "/agents/agt_a1b2c3d4e5", body: "", status: "200 OK", response: AGENT_SHOWN },
};

const AGENT_SHOWN: &str = r##"{
  "id": "agt_a1b2c3d4e5",
  "name": "Sales Assistant",
  "greeting": "Hi! How can I help you today?",
  "color": "#6366f1",
  "status": "active",
  "knowledge_base": true,
  "knowledge_size_bytes": 24500,
  "conversations_count": 142,
  "leads_count": 38,
  "avg_response_time_ms": 640,
  "embed_code": "<script src=\"https://chat.example.com/widget.js\" data-agent=\"agt_a1b2c3d4e5\"></script>",
  "allowed_domains": ["example.com", "app.example.com"],
  "appearance": {
    "position": "auto",
    "offset_x": 20,
    "offset_y": 20,
    "theme": "auto",
    "launcher_text": "",
    "suggestions": [],
    "disclosure": true,
    "proactive_after_seconds": 0,
    "hide_on": [],
    "page_parameters": ["utm_*"],
    "lead_fields": ["name", "email", "phone", "company", "message"],
    "lead_rule": "when_needed",
    "lead_after_messages": 3,
    "consent_text": "",
    "consent_url": "",
    "texts": {}
  },
  "answering": { "instructions": "", "tone": "neutral", "caution": "normal", "model": "on", "ask_unmatched": false },
  "created_at": "2026-03-15T08:30:00Z",
  "updated_at": "2026-03-20T14:22:00Z"
}"##;

const UPDATE: Endpoint = Endpoint {
    id: "update-agent",
    method: "PUT",
    path: "/agents/{agent_id}",
    title: "Update an agent",
    text: "Updates only the fields you send. `PATCH` does the same. You can send back an agent exactly as the API returned it.",
    permission: "agents:write",
    params: &[
        AGENT,
        NAME,
        GREETING,
        COLOR,
        body(
            "knowledge_base",
            "string",
            "Replaces all knowledge entries with this one, up to 50,000 characters. A boolean changes nothing.",
        ),
        DOMAINS,
        ANSWERING,
        APPEARANCE,
    ],
    example: Example {
        address: "/agents/agt_a1b2c3d4e5",
        body: r##"{
  "greeting": "Welcome! Ask me anything about our products.",
  "allowed_domains": ["example.com", "app.example.com"]
}"##,
        status: "200 OK",
        response: AGENT_SHOWN,
    },
};

const DEACTIVATE: Endpoint = Endpoint {
    id: "deactivate-agent",
    method: "DELETE",
    path: "/agents/{agent_id}",
    title: "Deactivate an agent",
    text: "The agent’s widget stops answering immediately. Conversations, leads and knowledge are kept. Repeating the call returns the original `deactivated_at`.",
    permission: "agents:write",
    params: &[AGENT],
    example: Example {
        address: "/agents/agt_a1b2c3d4e5",
        body: "",
        status: "200 OK",
        response: r##"{
  "id": "agt_a1b2c3d4e5",
  "status": "deactivated",
  "deactivated_at": "2026-03-26T12:00:00Z"
}"##,
    },
};

const ACTIVATE: Endpoint = Endpoint {
    id: "activate-agent",
    method: "POST",
    path: "/agents/{agent_id}/activate",
    title: "Reactivate an agent",
    text: "Reactivates a deactivated agent. It counts towards your plan’s agent limit again.",
    permission: "agents:write",
    params: &[AGENT],
    example: Example { address: "/agents/agt_a1b2c3d4e5/activate", body: "", status: "200 OK", response: AGENT_SHOWN },
};

const ADD_KNOWLEDGE: Endpoint = Endpoint {
    id: "add-knowledge",
    method: "POST",
    path: "/agents/{agent_id}/knowledge",
    title: "Add knowledge",
    text: "Adds an entry and keeps the existing ones. The response counts all entries of the agent.",
    permission: "agents:write",
    params: &[AGENT, CONTENT, KIND],
    example: Example {
        address: "/agents/agt_a1b2c3d4e5/knowledge",
        body: r##"{
  "content": "Q: When are you open?\nA: Tuesday to Saturday, 9:00 to 18:00.",
  "type": "faq"
}"##,
        status: "201 Created",
        response: r##"{
  "agent_id": "agt_a1b2c3d4e5",
  "knowledge_entries": 4,
  "total_size_bytes": 28200,
  "added_at": "2026-03-26T12:30:00Z"
}"##,
    },
};

const LIST_KNOWLEDGE: Endpoint = Endpoint {
    id: "list-knowledge",
    method: "GET",
    path: "/agents/{agent_id}/knowledge",
    title: "List knowledge",
    text: "Returns every knowledge entry with its content.",
    permission: "agents:read",
    params: &[AGENT],
    example: Example {
        address: "/agents/agt_a1b2c3d4e5/knowledge",
        body: "",
        status: "200 OK",
        response: r##"{
  "knowledge": [
    {
      "id": "kb_c1d2e3f4g5",
      "type": "text",
      "content": "We rent city bikes for £22 a day.",
      "size_bytes": 34,
      "source": "api",
      "created_at": "2026-03-26T12:30:00Z"
    }
  ],
  "total": 1
}"##,
    },
};

const DELETE_KNOWLEDGE: Endpoint = Endpoint {
    id: "delete-knowledge",
    method: "DELETE",
    path: "/agents/{agent_id}/knowledge/{entry_id}",
    title: "Delete a knowledge entry",
    text: "Deletes an entry. The agent stops using it from the next answer.",
    permission: "agents:write",
    params: &[AGENT, path("entry_id", "The id of the knowledge entry.")],
    example: Example {
        address: "/agents/agt_a1b2c3d4e5/knowledge/kb_c1d2e3f4g5",
        body: "",
        status: "200 OK",
        response: r##"{
  "id": "kb_c1d2e3f4g5",
  "deleted": true
}"##,
    },
};

const ADD_TO_MANY: Endpoint = Endpoint {
    id: "add-knowledge-to-agents",
    method: "POST",
    path: "/knowledge/bulk",
    title: "Add knowledge to several agents",
    text: "Adds the same content to several agents, such as your opening hours. An id that matches none of your agents fails on its own, with an `error`.",
    permission: "agents:write",
    params: &[CONTENT, body("agent_ids", "string[]", "1 to 50 agent ids. Duplicates count once.").required(), KIND],
    example: Example {
        address: "/knowledge/bulk",
        body: r##"{
  "content": "Open Monday to Friday, 8:00 to 18:00. Phone: 555 0123.",
  "agent_ids": ["agt_a1b2c3d4e5", "agt_f6g7h8i9j0"]
}"##,
        status: "200 OK",
        response: r##"{
  "updated": 2,
  "failed": 0,
  "results": [
    { "agent_id": "agt_a1b2c3d4e5", "status": "success" },
    { "agent_id": "agt_f6g7h8i9j0", "status": "success" }
  ]
}"##,
    },
};

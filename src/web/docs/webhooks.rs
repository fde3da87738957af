//! The documentation's entries on webhooks, their deliveries and events.

use crate::web::docs::endpoint::{AFTER, Endpoint, Example, LIMIT, OFFSET, Param, Section, body, path, query};

const WEBHOOK: Param = path("webhook_id", "The webhook’s id.");
const URL: Param = body("url", "string", "Where to send events: a public https:// address, at most 2,048 characters.");
const EVENTS: Param = body("events", "string[]", "The event types to send.");

pub const WEBHOOKS: Section = Section {
    id: "webhooks",
    title: "Webhooks",
    text: "Register an address, and every event is sent to it as it happens. What the requests look like is described under Receiving events.",
    endpoints: &[REGISTER, LIST, SHOW, UPDATE, ROTATE, TEST, DELETE],
};

pub const DELIVERIES: Section = Section {
    id: "deliveries",
    title: "Deliveries and events",
    text: "What was sent, what came back, and everything that happened, also where no webhook listened.",
    endpoints: &[LIST_DELIVERIES, RETRY, RECOVER, LIST_EVENTS],
};

const REGISTER: Endpoint = Endpoint {
    id: "register-webhook",
    method: "POST",
    path: "/webhooks",
    title: "Register a webhook",
    text: "The address is asked at once to prove itself: it receives a challenge and has 10 seconds to send it back. Otherwise the answer is 422 `webhook_verification_failed`, and nothing is stored. Keep the `secret`: it is shown only here. The same address, agent and events a second time is a 409.",
    permission: "webhooks:manage",
    params: &[
        URL.required(),
        EVENTS.required(),
        body("agent_id", "string", "Only events of this agent. Left out: of all agents."),
    ],
    example: Example {
        address: "/webhooks",
        body: r##"{
  "url": "https://yourapp.com/webhooks/chatforge",
  "events": ["lead.captured", "conversation.completed"],
  "agent_id": "agt_a1b2c3d4e5"
}"##,
        status: "201 Created",
        response: r##"{
  "id": "wh_a1b2c3d4e5",
  "url": "https://yourapp.com/webhooks/chatforge",
  "events": ["lead.captured", "conversation.completed"],
  "agent_id": "agt_a1b2c3d4e5",
  "status": "active",
  "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "created_at": "2026-03-15T10:00:00Z"
}"##,
    },
};

const LIST: Endpoint = Endpoint {
    id: "list-webhooks",
    method: "GET",
    path: "/webhooks",
    title: "List webhooks",
    text: "`success_rate` is the share of the deliveries that ended well among those that ended in the last 30 days; it and `last_triggered_at` are null before the first.",
    permission: "webhooks:manage",
    params: &[],
    example: Example {
        address: "/webhooks",
        body: "",
        status: "200 OK",
        response: r##"{
  "webhooks": [
    {
      "id": "wh_a1b2c3d4e5",
      "url": "https://yourapp.com/webhooks/chatforge",
      "agent_id": null,
      "events": ["lead.captured", "conversation.completed"],
      "status": "active",
      "disabled_reason": null,
      "failing_since": null,
      "created_at": "2026-03-15T10:00:00Z",
      "last_triggered_at": "2026-03-26T09:45:00Z",
      "success_rate": 0.98
    }
  ],
  "total": 1
}"##,
    },
};

const WEBHOOK_SHOWN: &str = r##"{
  "id": "wh_a1b2c3d4e5",
  "url": "https://yourapp.com/webhooks/chatforge",
  "agent_id": null,
  "events": ["lead.captured", "conversation.completed"],
  "status": "active",
  "disabled_reason": null,
  "failing_since": null,
  "created_at": "2026-03-15T10:00:00Z",
  "last_triggered_at": "2026-03-26T09:45:00Z",
  "success_rate": 0.98
}"##;

const SHOW: Endpoint = Endpoint {
    id: "get-webhook",
    method: "GET",
    path: "/webhooks/{webhook_id}",
    title: "Get a webhook",
    text: "One webhook, without its secret.",
    permission: "webhooks:manage",
    params: &[WEBHOOK],
    example: Example { address: "/webhooks/wh_a1b2c3d4e5", body: "", status: "200 OK", response: WEBHOOK_SHOWN },
};

const UPDATE: Endpoint = Endpoint {
    id: "update-webhook",
    method: "PATCH",
    path: "/webhooks/{webhook_id}",
    title: "Update a webhook",
    text: "Changes the fields you send. A webhook is disabled by itself only when it answers 410, or after five days of nothing but failures: `disabled_reason` says so. A new address, and one that is switched on again, has to prove itself like the first.",
    permission: "webhooks:manage",
    params: &[
        WEBHOOK,
        URL,
        EVENTS,
        body("agent_id", "string or null", "Only events of this agent; null: of all agents."),
        body("status", "string", "`active` or `disabled`."),
    ],
    example: Example {
        address: "/webhooks/wh_a1b2c3d4e5",
        body: r##"{
  "events": ["lead.captured", "agent.limit_reached"]
}"##,
        status: "200 OK",
        response: WEBHOOK_SHOWN,
    },
};

const ROTATE: Endpoint = Endpoint {
    id: "rotate-secret",
    method: "POST",
    path: "/webhooks/{webhook_id}/rotate",
    title: "Rotate the secret",
    text: "Makes a new secret, shown only here. Until `flip_at`, 24 hours later, requests are signed with both: `X-ChatForge-Signature` with the old one, `X-ChatForge-Signature-Next` with the new one. Then the new one takes over.",
    permission: "webhooks:manage",
    params: &[WEBHOOK],
    example: Example {
        address: "/webhooks/wh_a1b2c3d4e5/rotate",
        body: "",
        status: "200 OK",
        response: r##"{
  "id": "wh_a1b2c3d4e5",
  "secret": "whsec_k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6",
  "flip_at": "2026-03-27T13:00:00Z"
}"##,
    },
};

const TEST: Endpoint = Endpoint {
    id: "test-webhook",
    method: "POST",
    path: "/webhooks/{webhook_id}/test",
    title: "Send a test event",
    text: "Sends an event of type `webhook.test` to this webhook alone. The deliveries show how it went.",
    permission: "webhooks:manage",
    params: &[WEBHOOK],
    example: Example {
        address: "/webhooks/wh_a1b2c3d4e5/test",
        body: "",
        status: "202 Accepted",
        response: r##"{
  "id": "dlv_h1i2j3k4l5",
  "event_id": "evt_wt_a1b2c3d4e5",
  "event_type": "webhook.test",
  "status": "pending",
  "next_attempt_at": "2026-03-26T13:05:00Z",
  "created_at": "2026-03-26T13:05:00Z",
  "finished_at": null,
  "attempts": []
}"##,
    },
};

const DELETE: Endpoint = Endpoint {
    id: "delete-webhook",
    method: "DELETE",
    path: "/webhooks/{webhook_id}",
    title: "Delete a webhook",
    text: "For good. Nothing more is sent to it, waiting retries included. A second time is a 404.",
    permission: "webhooks:manage",
    params: &[WEBHOOK],
    example: Example {
        address: "/webhooks/wh_a1b2c3d4e5",
        body: "",
        status: "200 OK",
        response: r##"{
  "id": "wh_a1b2c3d4e5",
  "deleted": true
}"##,
    },
};

const LIST_DELIVERIES: Endpoint = Endpoint {
    id: "list-deliveries",
    method: "GET",
    path: "/webhooks/{webhook_id}/deliveries",
    title: "List deliveries",
    text: "Every event that was sent to a webhook, newest first, with each try and the beginning of what your server answered.",
    permission: "webhooks:manage",
    params: &[
        WEBHOOK,
        query("status", "string", "Only `pending`, `inflight`, `delivered`, `exhausted` (all tries failed) or `canceled` ones."),
        query("since", "string", "Only deliveries created after this time."),
        LIMIT,
        OFFSET,
        AFTER,
    ],
    example: Example {
        address: "/webhooks/wh_a1b2c3d4e5/deliveries?limit=10",
        body: "",
        status: "200 OK",
        response: r##"{
  "deliveries": [
    {
      "id": "dlv_h1i2j3k4l5",
      "event_id": "evt_wt_a1b2c3d4e5",
      "event_type": "webhook.test",
      "status": "delivered",
      "next_attempt_at": null,
      "created_at": "2026-03-26T13:05:00Z",
      "finished_at": "2026-03-26T13:05:00Z",
      "attempts": [
        {
          "number": 1,
          "started_at": "2026-03-26T13:05:00Z",
          "duration_ms": 84,
          "response_status": 200,
          "error": null,
          "response_headers": "content-length: 2\n",
          "response_body": "ok"
        }
      ]
    }
  ],
  "total": 1,
  "limit": 10,
  "offset": 0,
  "next_after": null
}"##,
    },
};

const RETRY: Endpoint = Endpoint {
    id: "retry-delivery",
    method: "POST",
    path: "/webhooks/{webhook_id}/deliveries/{delivery_id}/retry",
    title: "Send a delivery again",
    text: "Once, at once, however it ended before; the same event with the same id. A delivery that is under way, or whose webhook is disabled, is a 409.",
    permission: "webhooks:manage",
    params: &[WEBHOOK, path("delivery_id", "The delivery’s id.")],
    example: Example {
        address: "/webhooks/wh_a1b2c3d4e5/deliveries/dlv_h1i2j3k4l5/retry",
        body: "",
        status: "202 Accepted",
        response: r##"{
  "id": "dlv_h1i2j3k4l5",
  "event_id": "evt_wt_a1b2c3d4e5",
  "event_type": "webhook.test",
  "status": "pending",
  "next_attempt_at": "2026-03-26T13:10:00Z",
  "created_at": "2026-03-26T13:05:00Z",
  "finished_at": null,
  "attempts": [
    {
      "number": 1,
      "started_at": "2026-03-26T13:05:00Z",
      "duration_ms": 84,
      "response_status": 500,
      "error": null,
      "response_headers": "content-length: 0\n",
      "response_body": ""
    }
  ]
}"##,
    },
};

const RECOVER: Endpoint = Endpoint {
    id: "recover-deliveries",
    method: "POST",
    path: "/webhooks/{webhook_id}/recover",
    title: "Send again what was missed",
    text: "After an outage of yours: every event of a span of time that the webhook wants and has not received, also those that happened while it was disabled, each with its first id. What is waiting or under way is left alone. Events are kept for 30 days. A disabled webhook is a 409.",
    permission: "webhooks:manage",
    params: &[
        WEBHOOK,
        body("since", "string", "The first instant that counts.").required(),
        body("until", "string", "The last instant that counts. Default: now."),
        body("include_delivered", "boolean", "Also what arrived. Default: false."),
    ],
    example: Example {
        address: "/webhooks/wh_a1b2c3d4e5/recover",
        body: r##"{
  "since": "2026-03-25T18:00:00Z",
  "until": "2026-03-26T06:00:00Z"
}"##,
        status: "202 Accepted",
        response: r##"{
  "webhook_id": "wh_a1b2c3d4e5",
  "since": "2026-03-25T18:00:00Z",
  "until": "2026-03-26T06:00:00Z",
  "queued": 41
}"##,
    },
};

const LIST_EVENTS: Endpoint = Endpoint {
    id: "list-events",
    method: "GET",
    path: "/events",
    title: "List events",
    text: "Everything that happened in the account, newest first, with the payload that webhooks received. Poll it where you cannot be reached from outside, or to catch up after an outage.",
    permission: "webhooks:manage",
    params: &[
        query("type", "string", "Only events of this type."),
        query("since", "string", "Only events after this time."),
        LIMIT,
        OFFSET,
        AFTER,
    ],
    example: Example {
        address: "/events?type=lead.captured&limit=10",
        body: "",
        status: "200 OK",
        response: r##"{
  "events": [
    {
      "id": "evt_lc_a1b2c3d4e5",
      "type": "lead.captured",
      "agent_id": "agt_a1b2c3d4e5",
      "created_at": "2026-03-20T14:02:30Z",
      "payload": {
        "id": "evt_lc_a1b2c3d4e5",
        "type": "lead.captured",
        "created_at": "2026-03-20T14:02:30Z",
        "agent_id": "agt_a1b2c3d4e5",
        "data": {
          "lead_id": "lead_r1s2t3u4v5",
          "conversation_id": "conv_x1y2z3a4b5",
          "name": "Jane Smith",
          "email": "jane@example.com",
          "phone": "+1-555-0123",
          "company": "Acme Corp",
          "message": "Two cargo bikes for Saturday, please.",
          "page_url": "https://example.com/pricing"
        }
      }
    }
  ],
  "total": 1,
  "limit": 10,
  "offset": 0,
  "next_after": null
}"##,
    },
};

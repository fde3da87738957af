//! The documentation's entries on webhooks, their deliveries and events.

use crate::web::docs::endpoint::{AFTER, Endpoint, Example, LIMIT, OFFSET, Param, Section, body, path, query};

const WEBHOOK: Param = path("webhook_id", "The webhook’s id.");
const URL: Param = body("url", "string", "The public https:// URL to send events to, at most 2,048 characters.");
const EVENTS: Param = body("events", "string[]", "The event types to send.");

pub const WEBHOOKS: Section = Section {
    id: "webhooks",
    title: "Webhooks",
    text: "Register a URL to receive events as they happen. See Receiving events for the format of the requests.",
    endpoints: &[REGISTER, LIST, SHOW, UPDATE, ROTATE, TEST, DELETE],
};

pub const DELIVERIES: Section = Section {
    id: "deliveries",
    title: "Deliveries and events",
    text: "A delivery is one event sent to one webhook, with every attempt and response. The event list also includes events that no webhook received.",
    endpoints: &[LIST_DELIVERIES, RETRY, RECOVER, LIST_EVENTS],
};

const REGISTER: Endpoint = Endpoint {
    id: "register-webhook",
    method: "POST",
    path: "/webhooks",
    title: "Register a webhook",
    text: "ChatForge verifies the URL immediately: it sends a challenge, and your server has 10 seconds to send it back. Otherwise the response is 422 `webhook_verification_failed` and nothing is stored. Save the `secret`: it is shown only once. Registering the same URL, agent and events twice is a 409.",
    permission: "webhooks:manage",
    params: &[
        URL.required(),
        EVENTS.required(),
        body("agent_id", "string", "Only send events of this agent. Default: all agents."),
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
    text: "Returns all webhooks. `success_rate` is the share of successful deliveries among those that finished in the last 30 days. It and `last_triggered_at` are null before the first delivery.",
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
    text: "Returns one webhook, without its secret.",
    permission: "webhooks:manage",
    params: &[WEBHOOK],
    example: Example { address: "/webhooks/wh_a1b2c3d4e5", body: "", status: "200 OK", response: WEBHOOK_SHOWN },
};

const UPDATE: Endpoint = Endpoint {
    id: "update-webhook",
    method: "PATCH",
    path: "/webhooks/{webhook_id}",
    title: "Update a webhook",
    text: "Updates only the fields you send. ChatForge disables a webhook only if it responds with 410 or if every delivery fails for five days; `disabled_reason` says which. A new or re-enabled URL is verified again.",
    permission: "webhooks:manage",
    params: &[
        WEBHOOK,
        URL,
        EVENTS,
        body("agent_id", "string or null", "Only send events of this agent. null: all agents."),
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
    text: "Generates a new secret, shown only once. Until `flip_at`, 24 hours later, requests are signed with both secrets: `X-ChatForge-Signature` with the old one and `X-ChatForge-Signature-Next` with the new one. Then only the new secret is used.",
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
    text: "Sends a `webhook.test` event to this webhook only. Its deliveries show the result.",
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
    text: "Permanently deletes a webhook. Nothing more is sent to it, and pending retries are canceled. Deleting it twice is a 404.",
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
    text: "Returns every event sent to a webhook, newest first, with each attempt and the start of your server’s response.",
    permission: "webhooks:manage",
    params: &[
        WEBHOOK,
        query(
            "status",
            "string",
            "Only return `pending`, `inflight`, `delivered`, `exhausted` (all attempts failed) or `canceled` deliveries.",
        ),
        query("since", "string", "Only return deliveries created after this time."),
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
    title: "Retry a delivery",
    text: "Resends the same event with the same id, once and immediately, whatever the previous result. If the delivery is in flight or its webhook is disabled, the response is 409.",
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
    title: "Replay missed events",
    text: "Resends every event of a time range that the webhook subscribes to and has not received, for example after an outage. This includes events from while the webhook was disabled. Event ids stay the same. Pending and in-flight deliveries are not affected. Events are kept for 30 days. If the webhook is disabled, the response is 409.",
    permission: "webhooks:manage",
    params: &[
        WEBHOOK,
        body("since", "string", "The start of the time range, inclusive.").required(),
        body("until", "string", "The end of the time range, inclusive. Default: now."),
        body("include_delivered", "boolean", "Whether to resend delivered events too. Default: false."),
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
    text: "Returns all events of your account, newest first, with the payload sent to webhooks. Poll it if your server cannot receive webhooks, or to catch up after an outage.",
    permission: "webhooks:manage",
    params: &[
        query("type", "string", "Only return events of this type."),
        query("since", "string", "Only return events created after this time."),
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

"""An account with one of everything that an example may name, made again where an example has deleted it."""

import document
from checks import until
from running import Visitor, call

PAGE = "https://example.com/pricing"
DOMAINS = ["example.com", "app.example.com"]
AGENTS = ["agt_a1b2c3d4e5", "agt_f6g7h8i9j0", "agt_k1l2m3n4o5"]
KNOWLEDGE = "We sell premium widgets. Pricing starts at $49 a month. Support answers from Monday to Friday, 8:00 to 18:00."
LEAD = {
    "name": "Jane Smith",
    "email": "jane@example.com",
    "phone": "+1-555-0123",
    "company": "Acme Corp",
    "message": "Interested in the Growth plan.",
}


class Account:
    """Made by the command line, with a key of its own."""

    def __init__(self, server, plan, name="owner"):
        self.server, self.email = server, f"{name}@{plan}.example"
        made = ["admin", "create", "--email", self.email, "--plan", plan, "--password-stdin"]
        self.id = server.run(*made, stdin="a-long-enough-passphrase\n")
        self.key = self.new_key("Production API Key")

    def new_key(self, name, permissions=""):
        return self.server.run("key", "create", "--account", self.id, "--name", name, "--permissions", permissions)

    def api(self, method, path, body=None, key=None, headers=()):
        sent = {"Authorization": f"Bearer {key or self.key}", **dict(headers)}
        return call(self.server.url, method, f"/api/v1{path}", body, sent)

    def new_agent(self, **fields):
        return self.api("POST", "/agents", {"name": "Sales Assistant", **fields}).expect(201).json["id"]

    def new_webhook(self, url, events, **fields):
        return self.api("POST", "/webhooks", {"url": url, "events": events, **fields}).expect(201).json


class Stage:
    def __init__(self, account, receiver):
        self.account, self.receiver = account, receiver
        self.agents = [account.new_agent(allowed_domains=DOMAINS) for _ in AGENTS]
        self.webhook = self.conversation = self.lead = self.visitor = self.entry = self.delivery = None

    def placeholders(self):
        """Everything is there once this returns; what examples use for it, and what it is called."""
        self.tidy()
        agent = self.agents[0]
        if not self.there(f"/agents/{agent}/knowledge", "knowledge", self.entry):
            self.account.api("POST", f"/agents/{agent}/knowledge", {"content": KNOWLEDGE}).expect(201)
            self.entry = self.account.api("GET", f"/agents/{agent}/knowledge").json["knowledge"][0]["id"]
        if not (self.exists("conversations", self.conversation) and self.exists("leads", self.lead)):
            self.visit(agent)
        if not self.exists("webhooks", self.webhook):
            self.webhook = self.account.new_webhook(f"{self.receiver.url}/stage", ["lead.captured", "conversation.completed"])["id"]
            self.delivery = self.account.api("POST", f"/webhooks/{self.webhook}/test").expect(202).json["id"]
        until(lambda: self.delivered())
        return {
            document.HOST: self.account.server.url,
            "cfk_your_api_key": self.account.key,
            **dict(zip(AGENTS, self.agents)),
            "conv_x1y2z3a4b5": self.conversation,
            "vis_m1n2o3p4q5": self.visitor,
            "lead_r1s2t3u4v5": self.lead,
            "kb_c1d2e3f4g5": self.entry,
            "wh_a1b2c3d4e5": self.webhook,
            "dlv_h1i2j3k4l5": self.delivery,
            "https://yourapp.com/webhooks/chatforge": self.receiver.url,
        }

    def tidy(self):
        """Ends what the last example made, so that the next one has room and meets nothing of the same name."""
        for row in self.account.api("GET", "/agents").json["agents"]:
            mine, active = row["id"] in self.agents, row["status"] == "active"
            if active and not mine:
                self.account.api("DELETE", f"/agents/{row['id']}").expect(200)
            elif mine and not active:
                self.account.api("POST", f"/agents/{row['id']}/activate").expect(200)
        for row in self.account.api("GET", "/webhooks").json["webhooks"]:
            if row["url"] == self.receiver.url:
                self.account.api("DELETE", f"/webhooks/{row['id']}").expect(200)

    def visit(self, agent):
        visitor = Visitor(self.account.server, agent, PAGE)
        self.visitor = visitor.id
        self.conversation = visitor.ask("What does it cost?")["conversation_id"]
        self.lead = visitor.post("leads", LEAD).expect(201).json["lead"]["id"]
        visitor.post("close", {}).expect(200)

    def there(self, path, name, wanted):
        return any(row["id"] == wanted for row in self.account.api("GET", path).json[name])

    def exists(self, kind, id):
        return id is not None and self.account.api("GET", f"/{kind}/{id}").status == 200

    def delivered(self):
        listed = self.account.api("GET", f"/webhooks/{self.webhook}/deliveries").json["deliveries"]
        return all(row["status"] == "delivered" for row in listed)

// An account with one of everything, and the addresses of all pages that show it.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { EMAIL, PASSWORD, visit } from "./harness.mjs";

// Confirms challenges, and fails every delivery.
export async function startReceiver() {
  const http = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const { type, challenge } = JSON.parse(body);
    if (type === "webhook.verification") return response.end(challenge);
    return response.writeHead(500, { "Content-Type": "application/json" }).end('{"error":"<b>out of order</b>"}');
  });
  await new Promise((done) => http.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${http.address().port}/hook`,
    stop: () => new Promise((done) => (http.closeAllConnections(), http.close(done))),
  };
}

// Somebody who is signed in, without a browser.
export class Member {
  constructor(server) {
    this.server = server;
  }

  static async signIn(server) {
    const member = new Member(server);
    await member.get("/login");
    await member.submit("/login", { email: EMAIL, password: PASSWORD });
    return member;
  }

  get(path) {
    return this.#send(path, {});
  }

  // With the token of the page before it.
  submit(path, fields) {
    const body = new URLSearchParams(fields);
    body.append("csrf", this.token);
    return this.#send(path, { method: "POST", body });
  }

  // A browser of theirs, on a page; who signs in again and again is refused for a while.
  open(browser, path, { prepare, ...options } = {}) {
    const [name, value] = this.cookie.split("=");
    const signIn = async (page) => {
      await page.context().addCookies([{ name, value, url: this.server.url }]);
      await prepare?.(page);
    };
    return visit(browser, `${this.server.url}${path}`, { ...options, prepare: signIn });
  }

  async #send(path, init) {
    const headers = { Accept: "text/html", Cookie: this.cookie ?? "", "Sec-Fetch-Site": "same-origin" };
    const response = await fetch(`${this.server.url}${path}`, { ...init, redirect: "manual", headers });
    const cookie = response.headers.get("set-cookie");
    if (cookie) [this.cookie] = cookie.split(";");
    const text = await response.text();
    this.token = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? this.token;
    if (response.status >= 400) throw new Error(`${path}: ${response.status} ${text}`);
    return { status: response.status, text, location: response.headers.get("location") };
  }
}

export async function chat(server, agent, messages, { page_url, user_agent = "a browser", lead } = {}) {
  const post = async (path, body, session) => {
    const headers = {
      Accept: "application/json",
      "Content-Type": "application/json",
      "User-Agent": user_agent,
      ...(session && { Authorization: `Bearer ${session}` }),
    };
    const response = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const { session } = await post("/widget/v1/boot", { agent_id: agent.id, page_url });
  for (const content of messages) await post("/widget/v1/messages", { content }, session);
  if (lead) await post("/widget/v1/leads", lead, session);
}

const PLAIN = {
  agent: "Brightwater Dental",
  text: "Where is parking?",
  faq: "Q: Where is parking?\nA: Behind the house.\n\nQ: When are you open?\nA: From 9:00 to 17:00.",
  name: "Jane Doe",
  page: "https://shop.example/a/rather/long/address/of/a/page/that/visitors/come/from",
  browser: "Mozilla/5.0",
};

// The address of a link by which somebody can join.
export async function inviteLink(member, email, role = "member") {
  await member.get("/settings/team");
  const { text } = await member.submit("/settings/team/invites", { email, role });
  return /\/join\?token=[^"<&\s]+/.exec(text)[0];
}

// `words` are what visitors and the team write; gives the address of every page, by the route that it belongs to.
export async function fill(server, receiver, member, words = PLAIN) {
  const agent = await server.agent({ name: words.agent, greeting: words.text, color: "#0f766e" }, [words.faq]);
  await server.api("PUT", `/agents/${agent.id}`, { appearance: { launcher_text: words.name.slice(0, 40), suggestions: [words.text.slice(0, 80)] } });
  const lead = { name: words.name, email: "jane@example.com", company: words.name, message: words.text };
  const visit = { page_url: words.page, user_agent: words.browser };
  await chat(server, agent, [words.text, "Do you repair violins?", "Is there wifi?"], { ...visit, lead });
  const webhook = await server.api("POST", "/webhooks", { url: receiver.url, events: ["lead.captured"] });
  const delivery = await server.api("POST", `/webhooks/${webhook.id}/test`, {});
  const [entry] = (await server.api("GET", `/agents/${agent.id}/knowledge`)).knowledge;
  const [conversation] = (await server.api("GET", `/agents/${agent.id}/conversations`)).conversations;
  const [captured] = (await server.api("GET", `/agents/${agent.id}/leads`)).leads;
  const own = `/agents/${agent.id}`;

  await member.get("/settings");
  await member.submit("/settings", { name: words.name, account: words.agent });
  await member.submit("/settings/replies", { title: words.name.slice(0, 60), content: words.text });
  await member.submit(`/conversations/${conversation.id}/notes`, { note: words.text });
  await member.submit(`/conversations/${conversation.id}/claim`, {});
  await member.submit(`/conversations/${conversation.id}/reply`, { content: words.text, once: crypto.randomUUID() });
  await member.submit(`/leads/${captured.id}/notes`, { note: words.text });
  await inviteLink(member, "colleague@example.com");
  await member.submit("/settings/backups", {});
  await member.submit(`${own}/questions`, { text: words.text.slice(0, 200) });

  return {
    "/": "/",
    "/search": `/search?q=${encodeURIComponent(words.text.slice(0, 200))}`,
    "/agents": "/agents",
    "/agents/{agent}": own,
    "/agents/{agent}/install": `${own}/install`,
    "/agents/import": "/agents/import",
    "/start": "/start",
    "/start/{agent}": `/start/${agent.id}`,
    "/agents/{agent}/knowledge": `${own}/knowledge?q=${encodeURIComponent(words.text)}`,
    "/agents/{agent}/knowledge/{entry}": `${own}/knowledge/${entry.id}`,
    "/agents/{agent}/questions": `${own}/questions`,
    "/agents/{agent}/answering": `${own}/answering`,
    "/conversations": "/conversations",
    "/conversations/{conversation}": `/conversations/${conversation.id}`,
    "/leads": "/leads",
    "/leads/{lead}": `/leads/${captured.id}`,
    "/webhooks": "/webhooks",
    "/webhooks/{webhook}": `/webhooks/${webhook.id}`,
    "/webhooks/{webhook}/deliveries/{delivery}": `/webhooks/${webhook.id}/deliveries/${delivery.id}`,
    "/events": "/events",
    "/settings": "/settings",
    "/settings/security": "/settings/security",
    "/settings/security/two-step": "/settings/security/two-step",
    "/settings/team": "/settings/team",
    "/settings/audit": "/settings/audit",
    "/settings/retention": "/settings/retention",
    "/settings/backups": "/settings/backups",
    "/confirm": "/confirm?next=/settings",
    "/settings/replies": "/settings/replies",
    "/settings/keys": "/settings/keys",
    "/settings/activity": "/settings/activity",
    "/settings/team": "/settings/team",
    "/settings/audit": "/settings/audit",
    "/preview/{agent}": `/preview/${agent.id}`,
  };
}

// Routes that answer with no page for somebody who is signed in.
const NO_PAGE = {
  "/demo/{agent}": "is shown by serve --demo alone",
  "/setup": "is gone once there is an administrator",
  "/login": "leads to the first page",
  "/login/code": "stands between password and session",
  "/join": "is for those who are not in yet",
  "/settings/audit/export": "a file",
  "/settings/backups/{backup}": "a file",
  "/join": "is gone without an invite",
  "/settings/audit/export": "a file",
  "/conversations/events": "a stream",
  "/conversations/{conversation}/export": "a file",
  "/leads/export": "a file",
  "/agents/{agent}/export": "a file",
  "/start/skip": "sets a cookie, and leads on",
};

// The addresses that the dashboard's router answers GET at, out of its source.
export function routes() {
  const source = readFileSync(new URL("../../src/web/dashboard/mod.rs", import.meta.url), "utf8");
  const found = [...source.matchAll(/\.route\(\s*"([^"]+)",\s*get\(/g)].map(([, path]) => path);
  return found.filter((path) => !(path in NO_PAGE));
}

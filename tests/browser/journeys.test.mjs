// What a newcomer does on each page, by what stands there to read; every form with its script and without.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Member, chat, startReceiver } from "./account.mjs";
import { PASSWORD, launchBrowser, startServer } from "./harness.mjs";

const FAQ = "Q: Where is parking?\nA: Behind the house.";

let server, receiver, browser, member;

before(async () => {
  [server, receiver, browser] = await Promise.all([startServer(), startReceiver(), launchBrowser()]);
  member = await Member.signIn(server);
});

after(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), receiver?.stop()]);
});

class Journey {
  constructor(page) {
    this.page = page;
    this.main = page.locator("main");
  }

  press(name, within = this.main) {
    return within.getByRole("button", { name }).first().click();
  }

  follow(name) {
    return this.main.getByRole("link", { name }).first().click();
  }

  fill(label, text) {
    const named = (role) => this.main.getByRole(role, { name: label });
    return named("textbox").or(named("searchbox")).fill(text);
  }

  // Asked before something that can't be undone.
  async confirm(opener, button) {
    await this.follow(opener);
    await this.press(button, this.page.getByRole("dialog"));
  }

  reads(text) {
    return this.main.getByText(text).first().waitFor();
  }

  async readsNot(text) {
    assert.equal(await this.main.getByText(text).count(), 0, `it reads ${text}`);
  }
}

// Each on an agent of its own, so that the two ways don't meet.
function journey(claim, start, run) {
  for (const javaScriptEnabled of [true, false]) {
    test(`${claim}, ${javaScriptEnabled ? "with" : "without"} a script`, async () => {
      const agent = await server.agent({ name: `Desk ${claim}`, color: "#0f766e" }, [FAQ]);
      const { page, context, seen } = await member.open(browser, start(agent), { javaScriptEnabled });
      page.setDefaultTimeout(15_000);
      await run(new Journey(page), agent, javaScriptEnabled);
      // The browser itself writes down what was refused: a form, and the preview of an agent that was deactivated.
      assert.deepEqual(seen.console.filter((line) => !/status of (401|422|404)/.test(line)), []);
      await context.close();
    });
  }
}

journey("an agent is made, changed, deactivated and reactivated", () => "/agents", async (it) => {
  await it.follow("New agent");
  const dialog = it.page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name" }).fill("Harbour Desk");
  await it.press("Create agent", dialog);
  await it.page.getByRole("heading", { name: "Harbour Desk", level: 1 }).waitFor();
  await it.fill("Name", "Harbour Office");
  await it.fill("Allowed domains", "not a domain");
  await it.press("Save settings");
  await it.main.locator("#allowed_domains-error").waitFor();
  await it.fill("Allowed domains", "harbour.example");
  await it.press("Save settings");
  await it.page.getByRole("heading", { name: "Harbour Office", level: 1 }).waitFor();
  await it.confirm("Deactivate", "Deactivate");
  await it.reads("Deactivated");
  await it.press("Reactivate");
  await it.main.getByRole("link", { name: "Deactivate" }).waitFor();
});

journey("an agent's appearance is changed", (agent) => `/agents/${agent.id}`, async (it) => {
  await it.fill("Button label", "Ask us");
  await it.fill("Suggested questions", "Where is parking?\nWhen are you open?");
  await it.press("Save appearance");
  assert.equal(await it.main.getByRole("textbox", { name: "Button label" }).inputValue(), "Ask us");
  assert.equal(await it.main.getByRole("textbox", { name: "Suggested questions" }).inputValue(), "Where is parking?\nWhen are you open?");
});

journey("knowledge is tested, added, changed and deleted", (agent) => `/agents/${agent.id}/knowledge`, async (it, agent) => {
  await it.fill(/^Question/, "Where is parking?");
  await it.press("Ask");
  await it.reads("Behind the house.");
  await it.fill(/^Content/, "Q: Do you have wifi?\nA: Yes, everywhere.");
  await it.press("Add knowledge");
  await it.page.goto(`${server.url}/agents/${agent.id}/knowledge`);
  await it.follow(/Do you have wifi/);
  await it.fill(/^Content/, "Q: Do you have wifi?\nA: Only in the lobby.");
  await it.press("Save");
  await it.page.goto(`${server.url}/agents/${agent.id}/knowledge`);
  await it.follow(/Do you have wifi/);
  assert.match(await it.main.getByRole("textbox", { name: /^Content/ }).inputValue(), /Only in the lobby/);
  await it.confirm(/^Delete$/, "Delete entry");
  await it.main.getByRole("heading", { name: "Add knowledge" }).waitFor();
  await it.readsNot(/Do you have wifi/);
});

journey("an unanswered question becomes knowledge in two clicks", (agent) => `/agents/${agent.id}/questions`, async (it, agent) => {
  await chat(server, agent, ["Do you repair violins?"], { page_url: "https://shop.example/" });
  await it.page.reload();
  await it.reads("Do you repair violins?");
  await it.follow(/^Answer$/);
  const content = it.main.getByRole("textbox", { name: /^Content/ });
  assert.match(await content.inputValue(), /Do you repair violins\?/);
  await content.fill(`${await content.inputValue()}Yes, on Fridays.`);
  await it.press("Add knowledge");
  await it.page.goto(`${server.url}/agents/${agent.id}/questions`);
  await it.readsNot("Do you repair violins?");
});

journey("how an agent answers is set", (agent) => `/agents/${agent.id}/answering`, async (it) => {
  await it.fill("Instructions", "Be brief.");
  await it.press("Save");
  assert.equal(await it.main.getByRole("textbox", { name: "Instructions" }).inputValue(), "Be brief.");
});

journey("a conversation is taken over, answered, noted and handed back", () => "/conversations", async (it, agent, script) => {
  await chat(server, agent, ["Do you repair violins?"], { page_url: `https://shop.example/${script}` });
  await it.page.goto(`${server.url}/conversations?agent=${agent.id}`);
  await it.follow("Do you repair violins?");
  await it.press("Take over");
  await it.reads("With you");
  await it.fill("Message to the visitor", "We do, on Fridays.");
  await it.press("Send");
  await it.page.locator(".transcript").getByText("We do, on Fridays.").waitFor();
  await it.fill("New note", "A regular.");
  await it.press("Add note");
  // Playwright takes for hidden what a closed <details> shows on wide screens.
  await it.main.getByText("A regular.").first().waitFor({ state: "attached" });
  await it.press(/^Hand back/);
  await it.main.getByRole("button", { name: "Take over" }).waitFor();
  await it.press(/^Delete the note/);
  await it.readsNot("A regular.");
  await it.confirm("Delete visitor", "Delete visitor");
  await it.reads("Visitor deleted.");
});

journey("a lead is worked on", () => "/leads", async (it, agent, script) => {
  const lead = { name: `Jane ${script}`, email: "jane@example.com", message: "Please call." };
  await chat(server, agent, [], { page_url: "https://shop.example/", lead });
  await it.page.goto(`${server.url}/leads?agent=${agent.id}`);
  await it.follow(`Jane ${script}`);
  await it.main.getByLabel("Status").selectOption("contacted");
  if (!script) await it.press("Save");
  await it.page.waitForLoadState();
  await it.fill("New note", "Called back.");
  await it.press("Add note");
  await it.reads("Called back.");
  await it.page.goto(`${server.url}/leads?agent=${agent.id}&status=contacted`);
  await it.reads(`Jane ${script}`);
});

journey("a webhook is registered, tested and deleted", () => "/webhooks", async (it) => {
  await it.fill("Address", "http://127.0.0.1:1/nobody");
  await it.press("Check and register");
  await it.main.locator("#url-error, .notice-bad").first().waitFor();
  await it.fill("Address", receiver.url);
  await it.press("Check and register");
  await it.reads("confirmed the challenge and is registered");
  await it.follow(receiver.url);
  const own = it.page.url();
  await it.press("Send a test event");
  await it.reads("webhook.test");
  await it.page.goto(own);
  await it.press("Disable");
  await it.press("Check and enable");
  await it.main.getByRole("button", { name: "Disable" }).waitFor();
  await it.confirm("Delete webhook", "Delete webhook");
  await it.reads("Webhook deleted.");
});

journey("an API key is made, shown once and revoked", () => "/settings/keys", async (it, _, script) => {
  const name = `CRM ${script}`;
  await it.fill("Name", name);
  await it.press("Create key");
  await it.main.getByLabel(/^Your password/).fill(PASSWORD);
  await it.press("Confirm");
  const key = await it.main.locator("code", { hasText: /^cfk_/ }).first().textContent();
  const me = () => fetch(`${server.url}/api/v1/me`, { headers: { Authorization: `Bearer ${key.trim()}` } });
  assert.equal((await me()).status, 200);
  await it.page.goto(`${server.url}/settings/keys`);
  await it.readsNot(key.trim());
  await it.confirm(`Revoke ${name}`, "Revoke key");
  await it.page.waitForLoadState();
  assert.equal((await me()).status, 401);
});

journey("a canned reply is kept and deleted", () => "/settings/replies", async (it, _, script) => {
  await it.fill("Name", `Hours ${script}`);
  await it.fill("Text", "From nine to five.");
  await it.press("Add reply");
  await it.reads(`Hours ${script}`);
  await it.press(`Delete Hours ${script}`);
  await it.readsNot(`Hours ${script}`);
});

journey("names are changed", () => "/settings", async (it, _, script) => {
  await it.fill("Your name", `Jane ${script}`);
  await it.press("Save profile");
  await it.fill("Account name", `Acme ${script}`);
  await it.press("Save account");
  await it.page.goto(`${server.url}/settings`);
  assert.equal(await it.main.getByRole("textbox", { name: "Your name" }).inputValue(), `Jane ${script}`);
  assert.equal(await it.main.getByRole("textbox", { name: "Account name" }).inputValue(), `Acme ${script}`);
});

journey("events and requests are narrowed", () => "/events", async (it, _, script) => {
  await it.main.getByLabel("Type").selectOption("agent.installed");
  if (!script) await it.press("Show");
  await it.page.waitForURL(/type=agent\.installed/);
  await it.page.goto(`${server.url}/settings/activity`);
  await it.fill(/Part of the path/, "knowledge");
  await it.press("Show");
  await it.page.waitForURL(/path=knowledge/);
  await it.reads(/knowledge/);
});

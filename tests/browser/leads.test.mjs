// Asking for contact details: when, what, with which consent; and the agent's own texts.
import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { everywhere, launchBrowser, startServer, startSite, visit } from "./harness.mjs";

const QUESTION = "What are your opening hours?";
const KNOWLEDGE = [`Q: ${QUESTION}\nA: We are open Monday to Friday from 9:00 to 17:00.`];

let server, site, browser;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server);
  browser = await launchBrowser();
});

afterEach(async () => {
  for (const { context } of visits.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function open(screen, appearance, options = {}) {
  const agent = await server.agent({ name: "Ada", greeting: "Hello!", appearance }, KNOWLEDGE);
  const visitor = await visit(browser, site.page(agent, options), screen);
  visits.push(visitor);
  await visitor.launcher.click();
  const form = visitor.panel.getByRole("form");
  return Object.assign(visitor, { agent, form });
}

everywhere("the form asks the agent's fields, with its consent", async (screen) => {
  const visitor = await open(screen, { lead_fields: ["phone", "name"], consent_text: "We **only** answer you.", consent_url: "https://shop.example/privacy" });
  const { form } = visitor;
  await visitor.ask("I want to talk to a person");
  await form.waitFor();
  assert.deepEqual(await form.locator("label").allInnerTexts(), ["Phone"]);
  await form.getByText("We only answer you.").waitFor();
  const link = form.getByRole("link", { name: "Privacy policy" });
  assert.equal(await link.getAttribute("href"), "https://shop.example/privacy");
  assert.match(await link.getAttribute("rel"), /noopener/);
  await form.getByLabel("Phone").fill("not a number");
  await form.getByRole("button", { name: "Send details" }).click();
  await form.getByText("Please enter a valid phone number.").waitFor();
  assert.equal(await form.getByLabel("Phone").getAttribute("aria-invalid"), "true");
  await form.getByLabel("Phone").fill("+44 20 7946 0958");
  await form.getByRole("button", { name: "Send details" }).click();
  await visitor.log.getByText("Thank you. We'll reply to +44 20 7946 0958.").waitFor();
  const { leads } = await server.api("GET", `/agents/${visitor.agent.id}/leads`);
  assert.equal(leads.length, 1);
});

everywhere("one line is asked first, and the rest behind a button or afterwards", async (screen) => {
  const visitor = await open(screen, {});
  const { form, panel, log } = visitor;
  await visitor.ask("I want to talk to a person");
  await form.waitFor();
  assert.equal(await form.locator("input, textarea").count(), 1);
  assert.ok((await form.boundingBox()).height < (await panel.boundingBox()).height / 2);
  const contact = form.getByLabel("E-mail or phone");
  for (const [typed, problem] of [
    ["", "Please enter an e-mail address or a phone number."],
    ["call me", "Please enter an e-mail address or a phone number."],
    ["jane@", "Please enter a valid e-mail address."],
    ["12", "Please enter a valid phone number."],
  ]) {
    await contact.fill(typed);
    await contact.press("Enter");
    await form.getByText(problem).waitFor();
  }
  await contact.fill("jane@example.com");
  await form.getByRole("button", { name: "Send details" }).click();
  await log.getByText("Thank you. We'll reply to jane@example.com.").waitFor();
  assert.equal(await form.count(), 0);
  await panel.getByRole("button", { name: "Add your name and more" }).click();
  assert.deepEqual(await form.locator("label").allInnerTexts(), ["Name", "Company", "Message"]);
  await form.getByLabel("Name").fill("Jane Doe");
  await form.getByRole("button", { name: "Send details" }).click();
  await form.waitFor({ state: "detached" });
  const { leads } = await server.api("GET", `/agents/${visitor.agent.id}/leads`);
  assert.deepEqual(leads.map(({ name, email }) => [name, email]), [["Jane Doe", "jane@example.com"]]);
});

everywhere("what was typed in the one line is kept in the whole form, and what the agent asks is needed there too", async (screen) => {
  for (const [lead_fields, typed, label, button] of [
    [["name", "email", "phone"], "jane@example.com", "E-mail", "Add your name and more"],
    [["name", "email", "phone"], "+44 20 7946 0958", "Phone", "Add your name and more"],
    [["email", "company"], "jane@example.com", "E-mail", "Company"],
    [["phone", "message"], "+44 20 7946 0958", "Phone", "Message"],
  ]) {
    const visitor = await open(screen, { lead_fields, lead_rule: "before_first_message" });
    const { form } = visitor;
    await form.locator("input").fill(typed);
    await form.getByRole("button", { name: button }).click();
    assert.equal(await form.locator("input, textarea").count(), lead_fields.length);
    assert.equal(await form.getByLabel(label, { exact: true }).inputValue(), typed);
    await form.getByLabel(label, { exact: true }).fill("");
    await form.getByRole("button", { name: "Send details" }).click();
    await form.getByText(/^Please enter/).waitFor();
    await form.getByLabel(label, { exact: true }).fill(typed);
    await form.getByRole("button", { name: "Send details" }).click();
    await visitor.log.getByText(`We'll reply to ${typed}.`).waitFor();
    await visitor.context.close();
  }
});

everywhere("with nothing else to tell there is no button for it", async (screen) => {
  for (const lead_fields of [["email"], ["phone"], ["email", "phone"]]) {
    const { form, context } = await open(screen, { lead_fields, lead_rule: "before_first_message" });
    await form.waitFor();
    assert.deepEqual(await form.getByRole("button").evaluateAll((nodes) => nodes.map((node) => node.ariaLabel || node.textContent)), ["Send details", "Not now"]);
    await context.close();
  }
});

everywhere("the way back to the end never lies on the form or on an error", async (screen) => {
  const visitor = await open(screen, {});
  for (let times = 0; times < 4; times++) await visitor.ask(QUESTION);
  const latest = visitor.panel.getByRole("button", { name: "Jump to the latest message" });
  const scroller = visitor.panel.locator(".cf-scroller");
  await scroller.evaluate((node) => node.scrollTo(0, 0));
  await latest.waitFor();
  await visitor.ask("I want to talk to a person");
  await visitor.form.getByRole("button", { name: "Add your name and more" }).click();
  for (const part of [0, 0.3, 0.6, 0.9, 1]) {
    await scroller.evaluate((node, part) => node.scrollTo(0, (node.scrollHeight - node.clientHeight) * part), part);
    await visitor.page.waitForTimeout(60);
    assert.equal(await latest.isVisible(), false, `at ${part}`);
  }
});

everywhere("a greeting that nobody has changed is said in the visitor's language, also after a reload", async (screen) => {
  const greetings = { en: "Hi! How can I help you today?", de: "Hallo! Wie kann ich Ihnen helfen?", ar: "مرحبًا! كيف يمكنني مساعدتك اليوم؟", ja: "こんにちは。ご用件をお聞かせください。", fr: "Bonjour ! Comment puis-je vous aider ?", es: "¡Hola! ¿En qué puedo ayudarle?", it: "Ciao! Come posso aiutarla?", pt: "Olá! Como posso ajudar?", nl: "Hallo! Waarmee kan ik u helpen?", pl: "Cześć! W czym mogę pomóc?", sv: "Hi! How can I help you today?" };
  const agent = await server.agent({ name: "Ada" }, KNOWLEDGE);
  for (const [locale, greeting] of Object.entries(greetings)) {
    const visitor = await visit(browser, site.page(agent, { locale }), { ...screen, locale: "en-GB" });
    visits.push(visitor);
    const bubbles = visitor.page.locator(".cf-log .cf-bubble");
    await visitor.page.locator(".cf-launcher").click();
    await bubbles.first().waitFor();
    assert.equal(await bubbles.first().innerText(), greeting, locale);
    await visitor.page.locator(".cf-field").fill(QUESTION);
    await visitor.page.locator(".cf-field").press("Enter");
    await bubbles.nth(2).waitFor();
    await visitor.page.reload();
    await bubbles.nth(2).waitFor({ state: "attached" });
    assert.equal(await bubbles.count(), 3, locale);
    assert.equal(await bubbles.first().textContent(), greeting, locale);
    await visitor.context.close();
  }
  const own = await server.agent({ name: "Ada", greeting: "Ahoy!" }, KNOWLEDGE);
  const visitor = await visit(browser, site.page(own, { locale: "de" }), screen);
  visits.push(visitor);
  await visitor.page.locator(".cf-launcher").click();
  await visitor.page.getByText("Ahoy!").waitFor();
});

everywhere("by rule the form comes before the first message", async (screen) => {
  const { form, log, panel } = await open(screen, { lead_rule: "before_first_message" });
  await form.waitFor();
  assert.equal(await log.locator("[data-from]").count(), 1);
  await form.getByRole("button", { name: "Not now" }).click();
  assert.equal(await panel.getByRole("form").count(), 0);
});

everywhere("by rule the form comes after so many messages, and once", async (screen) => {
  const visitor = await open(screen, { lead_rule: "after_messages", lead_after_messages: 2 });
  await visitor.ask(QUESTION);
  assert.equal(await visitor.form.count(), 0);
  await visitor.ask(QUESTION);
  await visitor.form.waitFor();
  await visitor.form.getByRole("button", { name: "Not now" }).click();
  await visitor.ask(QUESTION);
  assert.equal(await visitor.form.count(), 0);
});

everywhere("without a rule an answered question asks for nothing", async (screen) => {
  const visitor = await open(screen, {});
  await visitor.ask(QUESTION);
  assert.equal(await visitor.form.count(), 0);
});

everywhere("over the limit the form says so, and keeps what was filled in", async (screen) => {
  const visitor = await open(screen, { lead_rule: "before_first_message" });
  const headers = { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After", "Retry-After": "120" };
  await visitor.page.route(`${server.url}/widget/v1/leads`, (route) => route.fulfill({ status: 429, headers, json: {} }));
  await visitor.form.getByLabel("E-mail or phone").fill("jo@example.com");
  await visitor.form.getByRole("button", { name: "Send details" }).click();
  await visitor.form.getByText(/Try again in 2 minutes/).waitFor();
  assert.equal(await visitor.form.getByLabel("E-mail or phone").inputValue(), "jo@example.com");
});

everywhere("the agent's suggestions are asked with one press, and go with the first message", async (screen) => {
  const visitor = await open(screen, { suggestions: [QUESTION, "Do you deliver?"] });
  await visitor.panel.getByRole("button", { name: QUESTION }).click();
  await visitor.log.getByText(/9:00 to 17:00/).first().waitFor();
  assert.equal(await visitor.panel.getByRole("button", { name: "Do you deliver?" }).count(), 0);
});

everywhere("that an AI answers is said, unless the agent is told not to", async (screen) => {
  const told = await open(screen, {});
  await told.panel.getByText("AI assistant · can be wrong").waitFor();
  const untold = await open(screen, { disclosure: false });
  assert.equal(await untold.panel.getByText("AI assistant").count(), 0);
});

everywhere("every text can be the agent's own, by language", async (screen) => {
  const texts = { en: { placeholder: "Ask us anything" }, "en-gb": { send: "Post it" }, sv: { send: "Skicka" } };
  const english = await open(screen, { texts });
  await english.panel.getByPlaceholder("Ask us anything").waitFor();
  await english.panel.getByRole("button", { name: "Send message" }).waitFor();
  const british = await open(screen, { texts }, { locale: "en-GB" });
  await british.panel.getByPlaceholder("Ask us anything").waitFor();
  await british.panel.getByRole("button", { name: "Post it" }).waitFor();
  const swedish = await open(screen, { texts }, { locale: "sv" });
  await swedish.panel.getByRole("button", { name: "Skicka" }).waitFor();
});

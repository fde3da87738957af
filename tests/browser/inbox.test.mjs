// The team's side of a conversation, as a chat: by keyboard alone, and on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { everywhere, launchBrowser, SCREENS, startServer, startSite, until, visit } from "./harness.mjs";
import { Member } from "./account.mjs";

const QUESTION = "What are your opening hours?";

let server, site, browser, agent, member;

before(async () => {
  server = await startServer();
  site = await startSite(server);
  browser = await launchBrowser();
  member = await Member.signIn(server);
  agent = await server.agent({ name: "Ada", greeting: "Hello!" }, [`Q: ${QUESTION}\nA: We are open Monday to Friday from 9:00 to 17:00.`]);
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function visitor() {
  const one = await visit(browser, site.page(agent));
  await one.open();
  await one.ask(QUESTION);
  return one;
}

// The newest conversation, taken over.
async function takeOver(page) {
  await page.goto(`${server.url}/conversations`);
  await page.locator(".inbox tbody tr:has(.badge-good)").locator(".row-link").first().click();
  await page.getByRole("button", { name: "Take over" }).click();
  await page.locator("[data-composer]").waitFor();
}

const composer = (page) => page.getByRole("textbox", { name: "Message to the visitor" });

// Whether all of it can be seen above the reply box.
async function inView(page, words) {
  const said = await page.locator(".bubble", { hasText: words }).last().boundingBox();
  const dock = await page.locator("[data-dock]").boundingBox();
  return said.y >= 0 && said.y + said.height <= dock.y + 1 && dock.y + dock.height <= (await page.viewportSize()).height + 1;
}

everywhere("twenty messages go out by keyboard alone, each whole and once", async (screen) => {
  const { page, context, seen } = await member.open(browser, "/", screen);
  const guest = await visitor();
  await takeOver(page);
  const address = new URL(page.url()).pathname;
  const sent = Array.from({ length: 20 }, (_, number) => `Message ${number + 1}: jack kg gh galaxy?`);
  for (const words of sent) {
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
  }
  await guest.log.getByText(sent.at(-1), { exact: true }).waitFor();
  const got = await guest.log.locator('[data-from="assistant"], [data-from="operator"]').allTextContents();
  for (const words of sent) assert.equal(got.filter((text) => text.includes(words)).length, 1, words);
  assert.equal(new URL(page.url()).pathname, address);
  assert.equal(await composer(page).inputValue(), "");
  assert.ok(await composer(page).evaluate((node) => node === document.activeElement));
  await until(async () => (await page.locator(".turn-operator:not(.turn-sending)").count()) === 20);
  assert.deepEqual(seen.console, []);
  await guest.context.close();
  await context.close();
});

test("a message that fails stands in the field again, and goes once when it is sent again", async () => {
  const { page, context } = await member.open(browser, "/", SCREENS.desktop);
  const guest = await visitor();
  await takeOver(page);
  await page.route("**/reply", (route) => route.abort());
  await page.keyboard.type("Half a word");
  await page.keyboard.press("Enter");
  await page.getByText("Not sent.").waitFor();
  assert.equal(await composer(page).inputValue(), "Half a word");
  await page.unroute("**/reply");
  await page.keyboard.press("Enter");
  await guest.log.getByText("Half a word").waitFor();
  assert.equal(await page.locator("[data-refused]").isVisible(), false);
  // A line break, and what an input method composes, are no end.
  await page.keyboard.type("One");
  await page.keyboard.press("Shift+Enter");
  await composer(page).dispatchEvent("keydown", { key: "Enter", isComposing: true });
  assert.equal(await composer(page).inputValue(), "One\n");
  await guest.context.close();
  await context.close();
});

test("letters are no shortcuts beside a reply, and the palette still opens", async () => {
  const { page, context } = await member.open(browser, "/", SCREENS.desktop);
  const guest = await visitor();
  await takeOver(page);
  const address = page.url();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.type("gagh?/");
  assert.equal(page.url(), address);
  assert.equal(await page.locator("dialog[open]").count(), 0);
  await page.keyboard.press("Control+k");
  await page.locator("#palette[open]").waitFor();
  await guest.context.close();
  await context.close();
});

test("on a phone what comes in is in view above the reply box", async () => {
  const { page, context, seen } = await member.open(browser, "/", SCREENS.phone);
  const guest = await visitor();
  await takeOver(page);
  for (let number = 1; number <= 8; number++) {
    const words = `Line ${number}\nof a reply that takes some room`;
    await composer(page).fill(words);
    await composer(page).press("Enter");
    await guest.log.getByText(`Line ${number}`).waitFor();
  }
  await guest.field.fill("Yes please!");
  await guest.field.press("Enter");
  await page.locator(".turn-visitor .bubble", { hasText: "Yes please!" }).waitFor();
  await until(() => inView(page, "Yes please!"), "the visitor's words are out of view");
  await guest.field.pressSequentially("And so on", { delay: 700 });
  await page.locator("[data-typing]").waitFor();
  const typing = await page.locator("[data-typing]").boundingBox();
  assert.ok(typing.y + typing.height <= (await page.locator("[data-dock]").boundingBox()).y + 1);
  assert.equal(await page.locator("#visit").isVisible(), false);
  await page.getByText("Details", { exact: true }).click();
  await page.locator("#visit").waitFor();
  // Opened again, it begins at its end; who reads above is told of what is new.
  await page.reload();
  await until(() => inView(page, "Yes please!"));
  await page.evaluate(() => scrollTo(0, 0));
  await guest.field.fill("Are you there?");
  await guest.field.press("Enter");
  await page.getByRole("button", { name: "New messages" }).click();
  await until(() => inView(page, "Are you there?"));
  assert.deepEqual(seen.console, []);
  await guest.context.close();
  await context.close();
});

test("the lead, the title and the count appear while pages are open", async () => {
  const { page, context } = await member.open(browser, "/", SCREENS.desktop);
  const guest = await visitor();
  await takeOver(page);
  assert.equal(await page.locator("#lead-card .card").count(), 0);
  await guest.field.fill("I am Zoë, zoe@example.com");
  await guest.field.press("Enter");
  await page.locator("#lead-card").getByRole("link", { name: "zoe@example.com" }).waitFor();
  const list = await context.newPage();
  await list.goto(`${server.url}/conversations`);
  const waiting = list.locator("tr", { hasText: "Zoë" }).locator(".badge", { hasText: "Waiting for" });
  await waiting.waitFor();
  await until(async () => /^\(\d+\) Conversations/.test(await list.title()));
  await page.bringToFront();
  await composer(page).fill("Hello Zoë");
  await composer(page).press("Enter");
  await until(async () => (await waiting.count()) === 0);
  await guest.context.close();
  await context.close();
});

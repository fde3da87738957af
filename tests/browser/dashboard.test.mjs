// What the dashboard's pages do in a browser, with and without their scripts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Member, fill, startReceiver } from "./account.mjs";
import { launchBrowser, startServer } from "./harness.mjs";

let server, receiver, browser, member, pages;

before(async () => {
  [server, receiver, browser] = await Promise.all([startServer(), startReceiver(), launchBrowser()]);
  member = await Member.signIn(server);
  pages = await fill(server, receiver, member);
});

after(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), receiver?.stop()]);
});

test("a file is put into the content, and one that is too large is refused", async () => {
  const { page, context } = await member.open(browser, "/");
  await page.goto(`${server.url}${pages["/agents/{agent}/knowledge"]}`);
  const file = page.getByLabel("Upload a file");
  await file.setInputFiles({ name: "prices.md", mimeType: "text/markdown", buffer: Buffer.from("# Prices\n\nCleaning 80 €") });
  const content = page.getByLabel("Content");
  await page.waitForFunction(() => document.getElementById("content").value.includes("80 €"));
  assert.equal(await page.getByLabel("Type", { exact: true }).inputValue(), "markdown");
  await file.setInputFiles({ name: "huge.txt", mimeType: "text/plain", buffer: Buffer.alloc(200_001, "a") });
  await page.getByText("This file is too large").waitFor();
  await file.setInputFiles({ name: "photo.txt", mimeType: "text/plain", buffer: Buffer.from([0xff, 0xd8, 0xff]) });
  await page.getByText("This file isn’t plain text in UTF-8.").waitFor();
  assert.equal(await content.inputValue(), "# Prices\n\nCleaning 80 €");
  await context.close();
});

test("without a script a webhook is rotated and deleted through its dialogs", async () => {
  const { page, context } = await member.open(browser, "/", { javaScriptEnabled: false });
  await page.goto(`${server.url}${pages["/webhooks/{webhook}"]}`);
  await page.getByRole("link", { name: "Rotate secret" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rotate secret" }).click();
  await page.getByText("Copy the new signing secret now").waitFor();
  assert.match(await page.locator(".card-accent code").first().textContent(), /^whsec_/);
  await page.getByRole("link", { name: "Delete webhook" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete webhook" }).click();
  await page.getByText("Webhook deleted.").waitFor();
  await context.close();
});

test("the palette goes to pages, finds what was said, and is closed by the key that opened it", async () => {
  const { page, context } = await member.open(browser, "/");
  const palette = page.getByRole("dialog", { name: "Go to a page, or search" });
  await page.keyboard.press("Control+k");
  await palette.waitFor();
  await page.keyboard.type("keys");
  assert.deepEqual(await palette.getByRole("link").allInnerTexts(), ["API keys"]);
  await Promise.all([page.waitForURL(`${server.url}/settings/keys`), page.keyboard.press("Enter")]);
  await page.getByRole("link", { name: "Search" }).click();
  await page.keyboard.type("violins");
  await palette.getByRole("link", { name: "Where is parking?" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await Promise.all([page.waitForURL(/\/conversations\/conv_/), page.keyboard.press("Enter")]);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("cellos");
  await palette.getByText("No results.").waitFor();
  await page.keyboard.press("Control+k");
  await palette.waitFor({ state: "hidden" });
  await context.close();
});

test("keys go to pages, walk through lists and to their search", async () => {
  const { page, context } = await member.open(browser, "/");
  const goes = async (keys, path) => {
    for (const key of keys) await page.keyboard.press(key);
    await page.waitForURL(`${server.url}${path}`);
  };
  await goes("ga", "/agents");
  await goes("gl", "/leads");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/leads\/lead_/);
  await goes("gc", "/conversations");
  await page.keyboard.press("/");
  await page.keyboard.type("gc?");
  assert.equal(await page.getByRole("searchbox", { name: "Search messages" }).inputValue(), "gc?");
  await page.keyboard.press("Escape");
  await page.locator("h1").click();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).getByLabel("Use single-key shortcuts").uncheck();
  await page.getByRole("link", { name: "Close" }).click();
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.keyboard.press("?");
  assert.equal(page.url(), `${server.url}/conversations`);
  assert.equal(await page.getByRole("dialog").count(), 0);
  await context.close();
});

test("without a script the search is a page", async () => {
  const { page, context } = await member.open(browser, "/", { javaScriptEnabled: false });
  await page.getByRole("link", { name: "Search" }).click();
  await page.locator("main").getByRole("searchbox").fill("violins");
  await page.locator("main").getByRole("button", { name: "Search" }).click();
  await page.locator("main").getByRole("link", { name: /Where is parking/ }).click();
  await page.waitForURL(/\/conversations\/conv_/);
  await context.close();
});

test("a theme that was chosen stays", async () => {
  const { page, context } = await member.open(browser, "/", { colorScheme: "light" });
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.locator(".account > summary").click();
  await page.getByRole("button", { name: "Dark" }).click();
  const dark = await paper();
  assert.notEqual(dark, light);
  await page.goto(`${server.url}/leads`);
  assert.equal(await paper(), dark);
  await context.close();
});

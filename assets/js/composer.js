// Sends replies without leaving the page: what is written next is never interrupted. Without it the form does the same.

const TYPING_TOLD_MS = 3000;
const REFUSED = "Not sent. Check your connection, then send it again.";
const SIGNED_OUT = "Not sent. You’re signed out. Sign in in another tab, then send it again.";

const form = () => document.querySelector("form[data-composer]");
const field = () => form()?.querySelector("textarea");

// What is to be sent, in order; one at a time is under way.
const queue = [];
let sending = false;
// A message that failed goes under the same name again: it may have arrived.
let failed = null;
let told = 0;

function bubble(content) {
  const turn = document.createElement("li");
  turn.className = "turn turn-operator turn-sending";
  const text = document.createElement("p");
  text.className = "bubble";
  text.textContent = content;
  turn.append(text);
  document.querySelector("[data-pending]").append(turn);
  return turn;
}

function complain(message) {
  const place = form()?.querySelector("[data-refused]");
  if (!place) return;
  place.textContent = message;
  place.hidden = !message;
}

function name() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function submit() {
  const text = field();
  const content = text.value;
  if (!content.trim()) return text.focus();
  complain("");
  const once = failed?.content === content ? failed.once : name();
  failed = null;
  queue.push({ content, once, node: bubble(content) });
  text.value = "";
  text.focus();
  document.dispatchEvent(new Event("said"));
  if (!sending) next();
}

async function next() {
  sending = true;
  while (queue.length) {
    const [{ content, once, node }] = queue;
    const trouble = await send(content, once, node);
    if (trouble) giveBack(trouble);
  }
  sending = false;
}

// What went wrong, in words; nothing where the message was kept.
async function send(content, once, node) {
  const { action, elements } = form() ?? {};
  if (!action) return REFUSED;
  try {
    const body = new URLSearchParams({ csrf: elements.csrf.value, once, content });
    const response = await fetch(action, { method: "POST", body, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.clone().text(), "text/html");
    if (response.status === 403) await renew(elements.csrf);
    if (!response.ok) return page.getElementById("content-error")?.textContent.trim() || REFUSED;
    if (!page.getElementById("transcript")) return SIGNED_OUT;
    queue.shift();
    node.remove();
    document.dispatchEvent(new CustomEvent("sent", { detail: await response.text() }));
    return "";
  } catch {
    return REFUSED;
  }
}

// Whoever has signed in again has another token.
async function renew(token) {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  token.value = page.querySelector("[name=csrf]")?.value ?? token.value;
}

// Everything that is not sent stands in the box again, before what was written since.
function giveBack(trouble) {
  const text = field();
  const unsent = queue.splice(0);
  // Somebody else has the conversation now, and there is no box: the words stay where they are.
  if (!text) return unsent.forEach(({ node }) => node.classList.add("turn-unsent"));
  for (const { node } of unsent) node.remove();
  failed = unsent.length === 1 ? unsent[0] : null;
  text.value = [...unsent.map(({ content }) => content), text.value].filter(Boolean).join("\n");
  complain(trouble);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-composer]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  submit();
}, { capture: true });

// Enter sends, as in any chat; with Shift it begins a line. What an input method is still composing is not sent.
document.addEventListener("keydown", (event) => {
  if (event.target !== field() || event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  if (!event.repeat) submit();
});

document.addEventListener("input", (event) => {
  if (event.target !== field() || Date.now() - told < TYPING_TOLD_MS) return;
  told = Date.now();
  const body = new URLSearchParams({ csrf: form().elements.csrf.value });
  fetch(form().dataset.composer, { method: "POST", body }).catch(() => undefined);
});

document.addEventListener("click", (event) => {
  const reply = event.target.closest("[data-insert]");
  const text = field();
  if (!reply || !text) return;
  event.preventDefault();
  text.setRangeText(reply.dataset.insert, text.selectionStart, text.selectionEnd, "end");
  reply.closest("details").open = false;
  text.focus();
});

// Leaving now would lose what is under way.
addEventListener("beforeunload", (event) => {
  if (queue.length) event.preventDefault();
});

field()?.focus({ preventScroll: true });

// Keeps the inbox and an open conversation up to date while they are looked at. Both work without it.

const live = document.querySelector("[data-live]");
const typing = document.querySelector("[data-typing]");
const composer = document.querySelector("[data-composer]");
const text = composer?.querySelector("textarea");
const LOADS_APART_MS = 1000;
const TYPING_SHOWN_MS = 6000;
const TYPING_TOLD_MS = 3000;
const NEAR_END_PX = 200;

let source, loading, stale, hiding;

// The page as it is now; only its live parts are taken over, and never what somebody is writing.
async function load() {
  loading = true;
  stale = false;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const root = document.documentElement;
    const atEnd = root.scrollHeight - innerHeight - scrollY < NEAR_END_PX;
    for (const part of document.querySelectorAll("[data-part]")) replace(part, fresh.getElementById(part.id));
    document.dispatchEvent(new Event("fresh"));
    if (atEnd && text) scrollTo({ top: root.scrollHeight });
  } catch {
    // Offline: the next event, or the next look at the page, tries again.
  } finally {
    setTimeout(() => {
      loading = false;
      if (stale) load();
    }, LOADS_APART_MS);
  }
}

// What is unchanged stays, with what the reader has opened in it and where the keyboard is.
function replace(part, fresh) {
  if (!fresh || part.contains(document.activeElement)) return;
  if (part.tagName !== "OL") {
    part.replaceWith(fresh);
    return;
  }
  const added = [...fresh.children].slice(part.children.length);
  part.append(...added);
}

function changed() {
  if (loading) stale = true;
  else load();
}

function concerns(event) {
  const { conversation } = JSON.parse(event.data);
  return !conversation || live.dataset.live === "list" || live.dataset.live === conversation;
}

function listen() {
  source = new EventSource(new URL("../../conversations/events", import.meta.url));
  source.addEventListener("changed", (event) => {
    if (!concerns(event)) return;
    if (typing) typing.hidden = true;
    changed();
  });
  source.addEventListener("typing", (event) => {
    if (!typing || !concerns(event)) return;
    typing.hidden = false;
    clearTimeout(hiding);
    hiding = setTimeout(() => (typing.hidden = true), TYPING_SHOWN_MS);
  });
  source.addEventListener("error", () => live.classList.add("live-off"));
  source.addEventListener("open", () => live.classList.remove("live-off"));
}

// A page that nobody looks at holds no line: browsers have few for one server.
function listenWhileSeen() {
  if (document.hidden) {
    source?.close();
    source = null;
  } else if (!source) {
    listen();
    if (stale !== undefined) changed();
    stale ??= false;
  }
}

if (live) {
  document.addEventListener("visibilitychange", listenWhileSeen);
  listenWhileSeen();
}

let told = 0;
text?.addEventListener("input", () => {
  if (Date.now() - told < TYPING_TOLD_MS) return;
  told = Date.now();
  const body = new URLSearchParams({ csrf: composer.elements.csrf.value });
  fetch(composer.dataset.composer, { method: "POST", body }).catch(() => undefined);
});

// Enter sends, as in any chat; with Shift it begins a line.
text?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});

document.addEventListener("click", (event) => {
  const reply = event.target.closest("[data-insert]");
  if (!reply || !text) return;
  event.preventDefault();
  text.setRangeText(reply.dataset.insert, text.selectionStart, text.selectionEnd, "end");
  text.focus();
});

text?.focus({ preventScroll: !location.hash });

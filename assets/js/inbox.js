// Keeps the inbox and an open conversation up to date while they are looked at. Both work without it.

const live = document.querySelector("[data-live]");
const typing = document.querySelector("[data-typing]");
const transcript = document.getElementById("transcript");
const newest = document.querySelector("[data-newest]");
const LOADS_APART_MS = 1000;
const TYPING_SHOWN_MS = 6000;
const NEAR_END_PX = 160;
const GAP_PX = 16;

let loading, stale, hiding;

const bottomOf = (node) => node.getBoundingClientRect().bottom;

// How far the last words are below what can be seen of them, which ends where the reply box begins.
function beyond() {
  const said = [...document.querySelectorAll(".talk .turn, [data-typing]:not([hidden])")];
  if (!said.length) return 0;
  const dock = document.querySelector("[data-dock]");
  const edge = innerHeight - (dock?.offsetHeight ?? 0) - GAP_PX;
  return Math.max(...said.slice(-3).map(bottomOf)) - edge;
}

function toEnd() {
  const by = beyond();
  if (by > 0) scrollBy({ top: by, behavior: "instant" });
  if (newest) newest.hidden = true;
}

// Whatever changes: who reads the end goes on reading the end, and who reads above it is told.
function keepingPlace(change) {
  const before = transcript?.children.length;
  const atEnd = beyond() < NEAR_END_PX;
  change();
  if (!transcript) return;
  if (atEnd) toEnd();
  else if (before < transcript.children.length) newest.hidden = false;
}

function take(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  keepingPlace(() => {
    for (const part of document.querySelectorAll("[data-part]")) replace(part, fresh.getElementById(part.id));
    document.dispatchEvent(new CustomEvent("retitled", { detail: fresh.title }));
    document.dispatchEvent(new Event("fresh"));
  });
}

// The page as it is now; only its live parts are taken over, and never what somebody is writing.
async function load() {
  loading = true;
  stale = false;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.ok && !response.redirected) take(await response.text());
  } catch {
    // Offline: the next event, or the next look at the page, tries again.
  } finally {
    setTimeout(() => {
      loading = false;
      if (stale) changed();
    }, LOADS_APART_MS);
  }
}

// What is unchanged stays, with what the reader has opened in it, what is written in it, and where the keyboard is.
function replace(part, fresh) {
  if (!fresh) return;
  if (part.tagName === "OL") {
    part.append(...[...fresh.children].slice(part.children.length));
    return;
  }
  const isSame = part.dataset.turn !== undefined && part.dataset.turn === fresh.dataset.turn;
  const isInUse = part.contains(document.activeElement) || [...part.querySelectorAll("textarea")].some((field) => field.value);
  if (!isSame && !isInUse) part.replaceWith(fresh);
}

// A page that nobody looks at is not loaded: that would say that somebody has read it.
function changed() {
  if (loading || document.hidden) stale = true;
  else load();
}

function showTyping(shown) {
  if (!typing) return;
  clearTimeout(hiding);
  if (shown) hiding = setTimeout(() => showTyping(false), TYPING_SHOWN_MS);
  if (shown !== typing.hidden) return;
  keepingPlace(() => (typing.hidden = !shown));
}

let opened = false;

function hear({ detail: { name, data } }) {
  const { conversation } = data;
  const concerns = !conversation || live.dataset.live === "list" || live.dataset.live === conversation;
  if (name === "open") {
    // What happened while there was no line was told to nobody.
    if (opened) changed();
    opened = true;
  } else if (name === "typing" && concerns) showTyping(true);
  else if (name === "changed" && concerns) {
    showTyping(false);
    changed();
  } else if (name === "seen" && live.dataset.live === "list") changed();
}

if (live) {
  document.addEventListener("news", hear);
  document.addEventListener("visibilitychange", () => !document.hidden && stale && changed());
}

// The composer has sent something: the server's answer is the page as it is then.
document.addEventListener("sent", ({ detail }) => take(detail));
document.addEventListener("said", toEnd);
newest?.addEventListener("click", toEnd);
addEventListener("scroll", () => newest && !newest.hidden && beyond() < GAP_PX && (newest.hidden = true), { passive: true });

// A conversation begins at its end, unless the address leads elsewhere in it. Beside it there is room for the details.
const about = document.querySelector(".about");
if (about) about.open = matchMedia("(min-width: 68.01rem)").matches || !!about.querySelector(":target");
if (transcript) history.scrollRestoration = "manual";
if (transcript && ["", "#content", "#end"].includes(location.hash)) toEnd();

// The line to the server, and how many conversations want somebody: in the navigation and in the tab's title.
//
// A tab that is looked at has a line of its own. Of those in the background one has a line, for browsers have few for one
// server; it passes the count on to the others.

const shown = document.querySelector("[data-live]");
const badge = document.querySelector("[data-count]");
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("chatforge-count") : null;
const NAMES = ["changed", "typing", "seen", "count"];
const COUNT_MAX = 99;

let source, release;
let title = document.title;
let count = Number(badge?.dataset.count) || 0;

function showCount(now) {
  count = now;
  const text = count > COUNT_MAX ? `${COUNT_MAX}+` : String(count);
  if (badge) {
    badge.hidden = !count;
    badge.querySelector("[data-count-text]").textContent = text;
  }
  document.title = count ? `(${text}) ${title}` : title;
}

function tell(name, data) {
  if (name === "count") {
    showCount(data.count);
    tabs?.postMessage(data.count);
  }
  document.dispatchEvent(new CustomEvent("news", { detail: { name, data } }));
}

function open() {
  if (source) return;
  source = new EventSource(new URL("../../conversations/events?count=1", import.meta.url));
  for (const name of NAMES) source.addEventListener(name, (event) => tell(name, JSON.parse(event.data)));
  source.addEventListener("error", () => shown.classList.add("live-off"));
  source.addEventListener("open", () => {
    shown.classList.remove("live-off");
    tell("open", {});
  });
}

function close() {
  source?.close();
  source = null;
}

// Until another tab in the background gives its line up, or this one is looked at again.
function rest() {
  close();
  if (!navigator.locks) return;
  const waiting = new AbortController();
  release = () => waiting.abort();
  const hold = () => {
    open();
    return new Promise((done) => (release = done));
  };
  navigator.locks.request("chatforge-news", { signal: waiting.signal }, hold).catch(() => undefined);
}

function update() {
  release?.();
  release = null;
  if (document.hidden) rest();
  else open();
}

if (shown) {
  if (tabs) tabs.onmessage = ({ data }) => showCount(data);
  document.addEventListener("visibilitychange", update);
  document.addEventListener("retitled", ({ detail }) => {
    title = detail;
    showCount(count);
  });
  showCount(count);
  update();
}

// Turns "waiting" green as soon as a website loads the agent. Without it, reloading the page shows the same.

const place = document.querySelector("[data-installed]");
const RETRY_MS = 2000;

let source, loading, stale;

// The page as it is now; only what tells of installations is taken over, inside elements that stay, so that it is read out.
async function load() {
  if (loading) {
    stale = true;
    return;
  }
  loading = true;
  stale = false;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const now = fresh.getElementById(part.id);
      if (now && now.innerHTML !== part.dataset.shown) {
        part.dataset.shown = now.innerHTML;
        part.replaceChildren(...now.childNodes);
      }
    }
    document.dispatchEvent(new Event("fresh"));
  } catch {
    // Offline, or the server is away for a moment.
    setTimeout(load, RETRY_MS);
  } finally {
    loading = false;
    if (stale) load();
  }
}

function listen() {
  source = new EventSource(new URL("../../conversations/events", import.meta.url));
  source.addEventListener("installed", (event) => {
    if (JSON.parse(event.data).agent === place.dataset.installed) load();
  });
  // Some news were missed: it may have been this.
  source.addEventListener("changed", (event) => {
    if (!JSON.parse(event.data).conversation) load();
  });
  // Also after a line that broke: what happened meanwhile was told to nobody.
  source.addEventListener("open", load);
}

// A page that nobody looks at holds no line: browsers have few for one server.
function listenWhileSeen() {
  if (document.hidden) {
    source?.close();
    source = null;
  } else if (!source) {
    listen();
  }
}

if (place) {
  for (const part of document.querySelectorAll("[data-part]")) part.dataset.shown = part.innerHTML;
  document.addEventListener("visibilitychange", listenWhileSeen);
  listenWhileSeen();
}

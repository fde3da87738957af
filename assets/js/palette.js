// The command palette: Ctrl+K or ⌘K, then a page's name, or whatever the search finds. Without it there is /search.

const palette = document.getElementById("palette");
const form = palette.querySelector("form");
const field = palette.querySelector("input");
const pages = palette.querySelector("[data-pages]");
const found = palette.querySelector("[data-found]");
const nothing = palette.querySelector("[data-nothing]");
const TYPING_MS = 150;
const SKELETON_MS = 200;

let timer, waiting, request;

const links = () => [...palette.querySelectorAll("a[href]")].filter((link) => link.checkVisibility());

function narrowPages(words) {
  for (const item of pages.querySelectorAll("li")) {
    item.hidden = !item.textContent.toLowerCase().includes(words) && !item.dataset.also.includes(words);
  }
  pages.hidden = !pages.querySelector("li:not([hidden])");
}

// Groups of hits, as the search page shows them; pages are here already.
async function search(words) {
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  waiting = setTimeout(() => palette.classList.add("searching"), SKELETON_MS);
  try {
    const response = await fetch(`${form.action}?${new URLSearchParams({ q: words })}`, { signal, headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const groups = [...page.querySelectorAll("#found .hits")].filter((group) => group.ariaLabel !== "Pages");
    found.replaceChildren(...groups.map((group) => document.adoptNode(group)));
    nothing.hidden = links().length > 0;
  } catch {
    // Offline, or something else was typed meanwhile.
  } finally {
    if (!signal.aborted) settle();
  }
}

function settle() {
  clearTimeout(waiting);
  palette.classList.remove("searching");
}

field.addEventListener("input", () => {
  const words = field.value.trim();
  narrowPages(words.toLowerCase());
  nothing.hidden = true;
  clearTimeout(timer);
  settle();
  if (words) timer = setTimeout(search, TYPING_MS, words);
  else {
    request?.abort();
    found.replaceChildren();
  }
});

// The arrows go from hit to hit, Enter in the field to the first; typing goes on in the field.
palette.addEventListener("keydown", (event) => {
  const places = [field, ...links()];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    const next = (places.indexOf(document.activeElement) + step + places.length) % places.length;
    places[next].focus();
  } else if (event.key === "Enter" && event.target === field && places[1]) {
    event.preventDefault();
    places[1].click();
  } else if (event.key.length === 1 && event.target !== field && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ") {
    field.focus();
  }
});

palette.addEventListener("click", (event) => {
  if (event.target === palette || event.target.closest("a")) palette.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (palette.open) palette.close();
  else document.querySelector('[data-dialog="palette"]').click();
});

if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-palette-key]")) key.textContent = "⌘K";
}

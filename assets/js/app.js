// Makes the dashboard's pages quicker to use. Every page works without it.

const stored = {
  get(name) {
    try { return localStorage.getItem(name); } catch { return null; }
  },
  set(name, value) {
    try {
      if (value) localStorage.setItem(name, value);
      else localStorage.removeItem(name);
    } catch {
      // Storage is blocked: the choice holds for this page.
    }
  },
};

// Times: how long ago, or the moment in the reader's own zone, which is always the title.

const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const UNITS = [["minute", 60], ["hour", 3600], ["day", 86400], ["week", 604800], ["month", 2629800], ["year", 31557600]];

function relative(date) {
  const seconds = (date - Date.now()) / 1000;
  const [unit, length] = UNITS.findLast(([, length]) => length <= Math.abs(seconds)) ?? [];
  if (unit) return ago.format(Math.trunc(seconds / length), unit);
  return seconds > 0 ? "in a moment" : "just now";
}

const SHOW = { relative, moment: moment.format, clock: clock.format };

function showTimes() {
  for (const time of document.querySelectorAll("time[data-show]")) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    time.title = moment.format(date);
    time.textContent = SHOW[time.dataset.show](date);
  }
}

showTimes();
setInterval(showTimes, 60_000);
// Parts of a page were loaded anew.
document.addEventListener("fresh", showTimes);

// Where the navigation is wider than the screen, the page's own entry is in sight.
for (const here of document.querySelectorAll("nav [aria-current]")) here.scrollIntoView({ block: "nearest", inline: "center" });

// Theme: the system's, or the one chosen.

function showTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  for (const button of document.querySelectorAll("[data-theme-set]")) {
    button.ariaPressed = String(button.dataset.themeSet === theme);
  }
}

showTheme(stored.get("theme") ?? "");

// Dialogs: links to them open them without a script too, by :target, but not as modals.

function open(dialog) {
  dialog.close();
  dialog.showModal();
}

for (const dialog of document.querySelectorAll("dialog[open]")) open(dialog);
document.querySelector("[aria-invalid]")?.focus();

// The message of the last form stays in sight for a while, then where it stands.
setTimeout(() => document.querySelector(".toast")?.classList.remove("toast"), 6000);

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // No clipboard over plain HTTP: select a hidden field instead.
    const field = document.createElement("textarea");
    field.value = button.dataset.copy;
    field.className = "unseen";
    button.after(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
  }
  const label = button.dataset.label ??= button.ariaLabel;
  button.classList.add("copied");
  button.ariaLabel = "Copied";
  setTimeout(() => {
    button.classList.remove("copied");
    button.ariaLabel = label;
  }, 2000);
}

// A file is put into a text field, where its owner sees it before it is sent; its name tells its form.

const FILE_BYTES_MAX = 200_000;
const FORMS = { md: "markdown", markdown: "markdown" };

async function readInto(input) {
  const [file] = input.files;
  const error = document.getElementById(`${input.id}-error`);
  error.hidden = true;
  if (!file) return;
  try {
    if (file.size > (Number(input.dataset.bytesMax) || FILE_BYTES_MAX)) throw new Error("too large");
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    const field = document.getElementById(input.dataset.into);
    const added = field.value.trim() && input.dataset.replace === undefined;
    field.value = added ? `${field.value.trimEnd()}\n\n${text}` : text;
    const { type, file_name: name } = input.form.elements;
    const form = FORMS[file.name.split(".").pop().toLowerCase()];
    if (form && type) type.value = form;
    if (name) name.value = file.name;
    field.focus();
  } catch (cause) {
    error.textContent = cause instanceof TypeError ? "This file isn’t plain text in UTF-8. PDF and Word files aren’t supported." : `This file is too large.${input.dataset.bytesMax ? "" : " An entry can have up to 50,000 characters."}`;
    error.hidden = false;
  }
  input.value = "";
}

document.addEventListener("change", (event) => {
  const input = event.target.closest("[data-into]");
  if (input) readInto(input);
});

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  const account = document.querySelector(".account[open]");
  if (account && !hit(".account")) account.open = false;

  const opener = hit("[data-dialog]");
  const button = hit("[data-copy]");
  const theme = hit("[data-theme-set]");
  if (opener) {
    event.preventDefault();
    open(document.getElementById(opener.dataset.dialog));
  } else if (hit("[data-close]")) {
    event.preventDefault();
    hit("dialog").close();
  } else if (button) {
    copy(button);
  } else if (theme) {
    stored.set("theme", theme.dataset.themeSet);
    showTheme(theme.dataset.themeSet);
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  if (event.target.matches("[data-shortcuts]")) stored.set("shortcuts", event.target.checked ? "" : "off");
});

// A second click while the first is under way would create a thing twice.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "true";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// The list of this page, where it can be searched, or else everything.
function search(event) {
  event.preventDefault();
  const field = document.querySelector("main input[type=search]");
  if (field) field.select();
  else open(document.getElementById("palette"));
}

function step(by) {
  const rows = [...document.querySelectorAll("main .row-link")];
  const next = rows.indexOf(document.activeElement) + by;
  rows[Math.max(0, Math.min(next, rows.length - 1))]?.focus();
}

// Keys: "g" and a letter goes to a page, "?" lists them. They can be turned off in that list.

const shortcuts = document.querySelector("[data-shortcuts]");
if (shortcuts) shortcuts.checked = stored.get("shortcuts") !== "off";
let going = 0;

// Letters belong to whoever writes, also where the focus has left a reply for a moment.
function isWriting(target) {
  const editable = target.isContentEditable || target.closest?.("input, textarea, select, dialog, [role=textbox]");
  return editable || !!document.querySelector("[data-composer]");
}

document.addEventListener("keydown", (event) => {
  const account = document.querySelector(".account[open]");
  if (event.key === "Escape" && account) {
    account.open = false;
    account.querySelector("summary").focus();
  }
  if (isWriting(event.target) || event.ctrlKey || event.metaKey || event.altKey || !shortcuts?.checked) return;
  if (event.key === "?") open(document.getElementById("shortcuts"));
  else if (event.key === "/") search(event);
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (event.key === "g") going = event.timeStamp;
  else if (event.timeStamp - going < 1500) {
    going = 0;
    for (const link of document.querySelectorAll("[data-go]")) {
      if (link.dataset.go === event.key) link.click();
    }
  }
});

// One language of examples at a time, the same everywhere and on the next visit; and copying. The page works without it.

const LANGUAGES = ["curl", "javascript", "python"];
const root = document.documentElement;

function stored() {
  try { return localStorage.getItem("language"); } catch { return null; }
}

function keep(language) {
  try { localStorage.setItem("language", language); } catch {
    // Storage is blocked: the choice holds for this page.
  }
}

// Before the first paint, so that the page does not shrink under the reader.
root.dataset.language = LANGUAGES.includes(stored()) ? stored() : LANGUAGES[0];

function show(language) {
  root.dataset.language = language;
  for (const button of document.querySelectorAll(".languages button")) {
    button.ariaPressed = String(button.dataset.language === language);
  }
}

async function copy(button) {
  const pre = button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(pre.textContent);
  } catch {
    // No clipboard over plain HTTP: copy what is selected instead.
    getSelection().selectAllChildren(pre);
    document.execCommand("copy");
    getSelection().removeAllRanges();
  }
  button.classList.add("copied");
  button.ariaLabel = "Copied";
  setTimeout(() => {
    button.classList.remove("copied");
    button.ariaLabel = "Copy";
  }, 2000);
}

document.addEventListener("DOMContentLoaded", () => show(root.dataset.language));

document.addEventListener("click", (event) => {
  const choice = event.target.closest(".languages button");
  const button = event.target.closest(".copy");
  if (button) copy(button);
  if (!choice) return;
  // The examples above change their height, the pressed button stays where it is.
  const top = choice.getBoundingClientRect().top;
  show(choice.dataset.language);
  keep(choice.dataset.language);
  scrollBy({ top: choice.getBoundingClientRect().top - top, behavior: "instant" });
});

// Lets the preview beside the agent's forms follow them as they are typed. Without it, saving and reloading shows the same.

const FOLLOW_MS = 150;

const frame = document.querySelector(".preview > iframe");
const forms = [...document.querySelectorAll("[data-preview]")];

// The fields of the agent as the widget gets them.
function typed() {
  const data = forms.flatMap((form) => [...new FormData(form)]);
  const text = (name) => String(data.find(([field]) => field === name)?.[1] ?? "").trim();
  const all = (name) => data.filter(([field]) => field === name).map(([, value]) => value);
  const lines = (name) => text(name).split("\n").map((line) => line.trim()).filter(Boolean);
  return {
    // Without them there would be nothing to see.
    ...(text("name") && { name: text("name") }),
    ...(text("greeting") && { greeting: text("greeting") }),
    color: text("color"),
    position: text("position"),
    offset_x: Number(text("offset_x")),
    offset_y: Number(text("offset_y")),
    theme: text("theme"),
    launcher_text: text("launcher_text"),
    suggestions: lines("suggestions").slice(0, 6),
    disclosure: !!text("disclosure"),
    lead_form: {
      fields: all("lead_fields"),
      rule: text("lead_rule"),
      after_messages: Number(text("lead_after_messages")),
      consent_text: text("consent_text"),
      consent_url: text("consent_url"),
    },
  };
}

let timer;
for (const form of forms) {
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => frame?.contentWindow.ChatForge?.("set", { preview: typed() }), FOLLOW_MS);
  });
}

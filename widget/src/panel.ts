// Entry of panel.js: the dialog with its header, and how it takes and gives back the focus and the screen.
import { Chat } from "./chat";
import conversationCss from "./conversation.css";
import type { Core, Panel } from "./core";
import { button, h, icon } from "./dom";
import { FullScreen } from "./full_screen";
import { CROSS, MINUS } from "./icons";
import modesCss from "./modes.css";
import offersCss from "./offers.css";
import { locale } from "./options";
import panelCss from "./panel.css";
import { fill, panelStrings } from "./strings";
import { themeOf } from "./theme";

export function mount(core: Core): Panel {
  const { agent } = core.boot;
  const { root } = core;
  const texts = panelStrings(locale(core.options));
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(panelCss + conversationCss + offersCss + modesCss + themeOf(agent.color));
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];

  const chat = new Chat(core);
  const end = () => {
    chat.end();
    core.minimise();
  };
  const node = h(
    "div",
    { class: "cf-panel cf-side", role: "dialog", "aria-label": fill(texts.title, agent), tabindex: -1, hidden: true },
    h(
      "header",
      { class: "cf-header" },
      h("span", { class: "cf-avatar", "aria-hidden": "true" }, Array.from(agent.name.trim())[0]?.toUpperCase()),
      h("div", { class: "cf-title" }, h("h2", {}, agent.name), agent.disclosure && h("p", {}, texts.disclosure)),
      button("cf-tool", texts.minimise, () => core.minimise(), icon(MINUS)),
      button("cf-tool", texts.end, end, icon(CROSS)),
    ),
    chat.log.node,
    chat.composer.node,
  );
  const fullScreen = new FullScreen(root, node);
  // A page's single-key shortcuts would see the host element, not our text field, and fire while a visitor types.
  for (const type of ["keydown", "keyup", "keypress"]) node.addEventListener(type, (event) => event.stopPropagation());
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) core.minimise();
  });
  root.prepend(node);

  return {
    show(focus) {
      node.hidden = false;
      fullScreen.update();
      chat.show();
      if (!focus) return;
      // A finger's first look should be at the greeting, not at a keyboard over it.
      if (fullScreen.active && matchMedia("(pointer: coarse)").matches) node.focus({ preventScroll: true });
      else chat.composer.focus();
    },
    hide() {
      node.hidden = true;
      fullScreen.update();
      chat.hide();
    },
    end,
    destroy() {
      node.hidden = true;
      fullScreen.destroy();
      chat.destroy();
    },
  };
}

// Entry of panel.js: the dialog with its header, and how it takes and gives back the focus and the screen.
import { LauncherLooks } from "./button";
import { Chat } from "./chat";
import conversationCss from "./conversation.css";
import type { Core, Panel } from "./core";
import { button, h, icon } from "./dom";
import { FullScreen } from "./full_screen";
import { CROSS, MINUS, RESTART } from "./icons";
import modesCss from "./modes.css";
import { Nudge } from "./nudge";
import offersCss from "./offers.css";
import { watchPage } from "./page";
import panelCss from "./panel.css";
import { fill, languageOf } from "./texts";
import type { Language } from "./texts";
import { themeOf } from "./theme";
import type { Operator } from "./wire";

export async function mount(core: Core): Promise<Panel> {
  const language = await languageOf(core);
  let shown = build(core, language);
  const panel: Panel = {
    show: (focus) => shown.show(focus),
    hide: () => shown.hide(),
    end: () => shown.end(),
    // Anything may look different now, so it is built anew; the server has the conversation.
    update() {
      const { open } = shown;
      shown.destroy();
      shown = build(core, language);
      if (open) shown.show(false);
    },
    destroy: () => shown.destroy(),
  };
  return panel;
}

interface Built extends Omit<Panel, "update"> {
  open: boolean;
}

function build(core: Core, language: Language): Built {
  const { root, options, boot, host } = core;
  const { agent } = boot;
  const { texts, direction } = language;
  const inline = !!options.inline;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(panelCss + conversationCss + offersCss + modesCss + themeOf(agent.color));
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  host.toggleAttribute("data-inline", inline);

  const looks = new LauncherLooks(core, texts);
  const nudge = new Nudge(core, texts);
  const who = h("p", { class: "cf-who" });
  const avatar = h("span", { class: "cf-avatar", "aria-hidden": "true" });
  const introduce = (operator: Operator | null) => {
    avatar.textContent = Array.from((operator?.name ?? agent.name).trim())[0]?.toUpperCase() ?? "";
    who.textContent = operator ? `${operator.name} · ${texts.operator}` : agent.disclosure ? texts.disclosure : "";
  };
  const chat = new Chat(core, language, {
    unread: (unread) => looks.show({ unread }),
    operator: introduce,
    begun: (begun) => (restart.hidden = !begun),
  });

  // Half a lead is worth a question before it is thrown away.
  const unlessHalfFilled = (act: () => void) => () => {
    if (!chat.leads.halfFilled) return act();
    const done = (): unknown => ask.replaceChildren();
    const stay = button("cf-quiet", texts.endStay, () => (done(), chat.composer.focus()), texts.endStay);
    ask.replaceChildren(
      h("p", { id: "cf-ask" }, texts.endAsk),
      h("div", { class: "cf-actions" }, button("cf-primary", texts.end, () => (done(), act()), texts.end), stay),
    );
    stay.focus();
  };
  const ask = h("div", { class: "cf-ask", role: "alertdialog", "aria-labelledby": "cf-ask" });
  const restart = button("cf-tool", texts.restart, unlessHalfFilled(() => chat.restart()), icon(RESTART));
  restart.hidden = true;
  const end = () => {
    chat.end();
    core.minimise();
  };
  const node = h(
    "div",
    { class: "cf-skin cf-panel cf-side", role: "dialog", "aria-label": fill(texts.open, agent), dir: direction, tabindex: -1, hidden: true },
    h(
      "header",
      { class: "cf-header" },
      avatar,
      h("div", { class: "cf-title" }, h("h2", {}, agent.name), who),
      restart,
      !inline && button("cf-tool", texts.minimise, () => core.minimise(), icon(MINUS)),
      !inline && button("cf-tool", texts.end, unlessHalfFilled(end), icon(CROSS)),
    ),
    chat.log.node,
    ask,
    chat.composer.node,
  );
  const fullScreen = new FullScreen(root, node, () => core.minimise(), inline);
  // A page's single-key shortcuts would see the host element, not our text field, and fire while a visitor types.
  for (const type of ["keydown", "keyup", "keypress"]) node.addEventListener(type, (event) => event.stopPropagation());
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    if (ask.firstChild) ask.querySelector<HTMLElement>(".cf-quiet")?.click();
    else core.minimise();
  });
  root.prepend(node, nudge.node);

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const shade = () => {
    const theme = options.theme ?? agent.theme;
    for (const skin of [node, nudge.node]) skin.dataset.theme = (theme === "dark" || (theme !== "light" && dark.matches)) ? "dark" : "light";
  };
  dark.addEventListener("change", shade);
  shade();
  const stopWatching = watchPage(() => {
    core.place();
    chat.pageChanged();
    if (host.hidden) core.minimise();
  });
  introduce(null);
  chat.start();
  if (chat.begun) nudge.end();

  let back: HTMLElement | null = null;
  return {
    get open() {
      return !node.hidden;
    },
    show(focus) {
      const { activeElement } = document;
      back = activeElement === host || activeElement === document.body ? core.button : (activeElement as HTMLElement);
      nudge.end();
      node.hidden = false;
      looks.show({ open: true });
      fullScreen.update();
      chat.show();
      if (!focus) return;
      // A finger's first look should be at the greeting, not at a keyboard over it.
      if (fullScreen.active && matchMedia("(pointer: coarse)").matches) node.focus({ preventScroll: true });
      else chat.composer.focus();
    },
    hide() {
      const focused = root.activeElement;
      node.hidden = true;
      looks.show({ open: false });
      fullScreen.update();
      if (focused) back?.focus();
      chat.hide();
    },
    end,
    destroy() {
      node.hidden = true;
      fullScreen.destroy();
      chat.destroy();
      nudge.end();
      looks.destroy();
      stopWatching();
      dark.removeEventListener("change", shade);
      node.remove();
      nudge.node.remove();
      root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet);
    },
  };
}

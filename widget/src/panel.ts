// Entry of panel.js: the dialog, and how it takes and gives back the focus and the screen.
import { question } from "./ask";
import { attempt } from "./attempt";
import { LauncherLooks } from "./button";
import { Chat } from "./chat";
import conversationCss from "./conversation.css";
import type { Core, Panel } from "./core";
import { h } from "./dom";
import { FullScreen } from "./full_screen";
import { header } from "./header";
import { watchCorner } from "./lift";
import modesCss from "./modes.css";
import { Nudge } from "./nudge";
import offersCss from "./offers.css";
import { watchPage } from "./page";
import panelCss from "./panel.css";
import { fill, languageOf } from "./texts";
import type { Language } from "./texts";
import { followTheme, themeOf } from "./theme";

export async function mount(core: Core): Promise<Panel> {
  const language = await languageOf(core);
  let shown = build(core, language);
  return {
    show: (focus) => shown.show(focus),
    hide: () => shown.hide(),
    end: () => shown.end(),
    forget: () => shown.forget(),
    // Anything may look different now, so it is built anew; the server has the conversation.
    update() {
      const { open } = shown;
      shown.destroy();
      shown = build(core, language);
      if (open) shown.show(false);
    },
    destroy: () => shown.destroy(),
  };
}

interface Built extends Omit<Panel, "update"> {
  open: boolean;
}

function build(core: Core, language: Language): Built {
  const { root, options, boot, host } = core;
  const { texts } = language;
  const inline = !!options.inline;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(panelCss + offersCss + conversationCss + modesCss + themeOf(boot.agent.color));
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  host.toggleAttribute("data-inline", inline);

  const looks = new LauncherLooks(core, texts);
  const nudge = new Nudge(core, texts);
  const end = () => {
    chat.end();
    core.minimise();
  };
  // Half a lead is worth a question before it is thrown away.
  const unlessHalfFilled = (act: () => void) => () => (chat.leads.halfFilled ? asking.ask(act) : act());
  const top = header(core, texts, { restart: unlessHalfFilled(() => chat.restart()), end: unlessHalfFilled(end) });
  const chat = new Chat(core, language, {
    unread: (unread) => looks.show({ unread }),
    operator: top.introduce,
    begun: top.begun,
  });
  const asking = question(texts, () => chat.composer.focus());
  // Shown in another order: from the text field, Tab goes on to what can be pressed in the conversation.
  const parts = [top.node, asking.node, chat.composer.node, chat.log.node];
  const node = dialog(fill(texts.open, boot.agent), language.direction, parts, () => asking.refuse() || core.minimise());
  const fullScreen = new FullScreen(root, node, () => core.minimise(), inline);
  root.prepend(node, nudge.node);
  node.addEventListener("input", ({ timeStamp }) => chat.typing(timeStamp));
  const moved = () => {
    core.place();
    chat.pageChanged();
    if (host.hidden) core.minimise();
  };
  const watches = [() => followTheme(core, [node, nudge.node]), () => watchPage(moved), () => watchCorner(core)];
  const undo = watches.map((watch) => attempt(core, watch));
  chat.start();
  if (chat.begun) nudge.end();

  // Where the focus was before.
  let back: HTMLElement | null = null;
  return {
    get open() {
      return !node.hidden;
    },
    show(focus) {
      const { activeElement } = document;
      back = activeElement === host || activeElement === document.body ? core.button : (activeElement as HTMLElement | null);
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
    forget() {
      chat.forget();
      core.minimise();
    },
    destroy() {
      node.hidden = true;
      for (const part of [fullScreen, chat, looks]) part.destroy();
      for (const each of undo) each?.();
      nudge.end();
      node.remove();
      nudge.node.remove();
      root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet);
    },
  };
}

function dialog(label: string, dir: string, parts: Node[], escape: () => void): HTMLElement {
  const attributes = { role: "dialog", "aria-label": label, dir, tabindex: -1, hidden: true };
  const node = h("div", { class: "cf-skin cf-panel cf-side", ...attributes }, ...parts);
  // A page's single-key shortcuts would see the host element, not our text field, and fire while a visitor types.
  for (const type of ["keydown", "keyup", "keypress"]) node.addEventListener(type, (event) => event.stopPropagation());
  node.addEventListener("keydown", ({ key, isComposing }) => {
    if (key === "Escape" && !isComposing) escape();
  });
  return node;
}

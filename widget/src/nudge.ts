// The greeting beside the launcher, for those who have not opened the chat after a while.
import type { Core } from "./core";
import { button, h, icon } from "./dom";
import { CROSS } from "./icons";
import { greetingOf } from "./texts";
import type { Texts } from "./texts";

export class Nudge {
  node: HTMLElement;
  #timer = 0;

  #core: Core;
  #texts: Texts;

  constructor(core: Core, texts: Texts) {
    this.#core = core;
    this.#texts = texts;
    // Empty at first: a live region tells what changes in it.
    this.node = h("div", { class: "cf-skin cf-nudge cf-side", role: "status", hidden: true });
    const { proactive_after_seconds: seconds } = core.boot.agent;
    if (seconds) this.#timer = setTimeout(() => this.#show(), seconds * 1000);
  }

  // Whoever opened the chat, or closed this, has been greeted.
  end(): void {
    clearTimeout(this.#timer);
    this.node.hidden = true;
    this.node.replaceChildren();
  }

  #show(): void {
    const greeting = greetingOf(this.#core.boot.agent, this.#texts);
    this.node.hidden = false;
    this.node.append(
      button("cf-greeting", greeting, () => void this.#core.show(), greeting),
      button("cf-tool", this.#texts.dismiss, () => this.end(), icon(CROSS)),
    );
  }
}

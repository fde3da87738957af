// The launcher's looks once the panel is there: its name in the visitor's language, what is unread, open or not.
import type { Core } from "./core";
import { h } from "./dom";
import { CHEVRON } from "./icons";
import { fill } from "./texts";
import type { Texts } from "./texts";

const UNREAD_SHOWN_MAX = 9;

export class LauncherLooks {
  #badge = h("span", { class: "cf-badge" });
  #path: SVGPathElement;
  #bubble: string;
  #open = false;
  #unread = 0;

  #core: Core;
  #texts: Texts;

  constructor(core: Core, texts: Texts) {
    this.#core = core;
    this.#texts = texts;
    this.#path = core.button.querySelector("path")!;
    this.#bubble = this.#path.getAttribute("d")!;
    core.button.ariaHasPopup = "dialog";
    core.button.append(this.#badge);
    this.show({});
  }

  show({ open = this.#open, unread = this.#unread }: { open?: boolean; unread?: number }): void {
    const { button, boot } = this.#core;
    const texts = this.#texts;
    const name = open ? texts.minimise : boot.agent.launcher_text || fill(texts.open, boot.agent);
    this.#open = open;
    this.#unread = unread;
    button.dataset.open = String(open);
    button.ariaExpanded = String(open);
    button.ariaLabel = unread ? `${name}, ${fill(texts.unread, { count: unread })}` : name;
    button.childNodes[1]!.textContent = open ? "" : boot.agent.launcher_text;
    this.#path.setAttribute("d", open ? CHEVRON : this.#bubble);
    this.#badge.textContent = unread > UNREAD_SHOWN_MAX ? `${UNREAD_SHOWN_MAX}+` : `${unread || ""}`;
  }

  destroy(): void {
    this.#path.setAttribute("d", this.#bubble);
    this.#badge.remove();
  }
}

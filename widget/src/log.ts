// The scrolling part: finished messages in a live region, the answer being written after it, offers at the end.
//
// The answer being written is outside of the live region and hidden from assistive technology, so that it is
// announced once, whole, when it moves into the log.
import { button, h, icon } from "./dom";
import { ARROW_DOWN, CHECK } from "./icons";
import { renderMarkdown } from "./markdown";
import type { PanelStrings } from "./strings";

const NEAR_BOTTOM_PX = 48;
const MARGIN_PX = 14;

export class Log {
  node: HTMLElement;
  // Suggestions and the lead form stand here, under whatever was said last.
  tail = h("div", { class: "cf-tail" });
  #log = h("div", { class: "cf-log", role: "log", "aria-live": "polite" });
  #draft = h("div", { class: "cf-draft", "aria-hidden": "true" });
  #scroller: HTMLElement;
  #latest: HTMLButtonElement;
  #pinned = true;
  #top = 0;
  #text = "";
  #frame = 0;

  constructor(texts: PanelStrings) {
    const content = h("div", { class: "cf-content" }, this.#log, this.#draft, this.tail);
    this.#scroller = h("div", { class: "cf-scroller", role: "region", "aria-label": texts.log, tabindex: 0 }, content);
    this.#latest = button("cf-latest", texts.latest, () => this.scrollToEnd(), icon(ARROW_DOWN));
    this.#latest.hidden = true;
    this.node = h("div", { class: "cf-middle" }, this.#scroller, this.#latest);
    this.#scroller.addEventListener("scroll", () => this.#notePlace());
    // Whatever changes the height (text, an opened form, a keyboard), the end stays in view if it was.
    const observer = new ResizeObserver(() => (this.#pinned ? this.scrollToEnd() : this.#notePlace()));
    observer.observe(content);
    observer.observe(this.#scroller);
  }

  get empty(): boolean {
    return !this.#log.firstChild;
  }

  add(node: HTMLElement): void {
    this.#log.append(node);
  }

  line(kind: "ok" | "error", text: string, action?: HTMLButtonElement): HTMLElement {
    const node = h("div", { class: "cf-line", "data-kind": kind }, kind === "ok" && icon(CHECK), h("span", {}, text), action);
    this.add(node);
    return node;
  }

  typing(): void {
    this.#clearDraft();
    this.#draft.append(bubble("cf-dots", h("i"), h("i"), h("i")));
  }

  get writing(): boolean {
    return !!this.#draft.firstChild;
  }

  write(delta: string): void {
    if (!this.#text) this.#draft.replaceChildren(bubble("cf-bubble"));
    this.#text += delta;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draft.querySelector(".cf-bubble")?.replaceChildren(...renderMarkdown(this.#text));
    });
  }

  finish(node?: HTMLElement): void {
    this.#clearDraft();
    if (node) this.add(node);
  }

  clear(): void {
    this.#clearDraft();
    this.#log.replaceChildren();
    this.tail.replaceChildren();
    this.#pinned = true;
  }

  // A tall offer must not push the answer that it belongs to out of sight.
  offer(node: HTMLElement): void {
    const answer = this.#log.lastElementChild;
    this.tail.append(node);
    if (this.#pinned && answer) {
      this.#pinned = false;
      this.#scroller.scrollTop += answer.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top - MARGIN_PX;
    }
    this.#notePlace();
  }

  scrollToEnd(): void {
    this.#pinned = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#notePlace();
  }

  #clearDraft(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#text = "";
    this.#draft.replaceChildren();
  }

  #notePlace(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const away = scrollHeight - scrollTop - clientHeight > NEAR_BOTTOM_PX;
    // A scroll event comes late, when the text may have grown again: only going up means to leave the end.
    if (!away) this.#pinned = true;
    else if (scrollTop < this.#top) this.#pinned = false;
    this.#top = scrollTop;
    this.#latest.hidden = this.#pinned;
  }
}

function bubble(name: string, ...children: Node[]): HTMLElement {
  return h("div", { class: "cf-message", "data-from": "assistant" }, h("div", { class: name, dir: "auto" }, ...children));
}

// The scrolling part: finished messages in a live region, the answer being written after it, offers at the end.
//
// The answer being written is outside of the live region and hidden from assistive technology; the speaker reads it by
// the sentence, or else it is announced once, whole, when it moves into the log.
import { button, h, icon } from "./dom";
import { ARROW_DOWN, CHECK } from "./icons";
import { renderUnfinished } from "./markdown";
import { Speaker } from "./speaker";
import type { Language } from "./texts";
import { dayName, dayOf } from "./time";

const NEAR_BOTTOM_PX = 48;
const MARGIN_PX = 14;

export class Log {
  node: HTMLElement;
  // Suggestions and the lead form stand here, under whatever was said last.
  tail = h("div", { class: "cf-tail" });
  text = "";
  #log = h("div", { class: "cf-log", role: "log", "aria-live": "polite" });
  #draft = h("div", { class: "cf-draft", "aria-hidden": "true" });
  #speaker = new Speaker();
  #scroller: HTMLElement;
  #latest: HTMLButtonElement;
  #locale: string;
  #pinned = true;
  #top = 0;
  #frame = 0;
  #day = dayOf(new Date());

  constructor({ texts, locale }: Language) {
    this.#locale = locale;
    this.#log.ariaLabel = texts.log;
    const content = h("div", { class: "cf-content" }, this.#log, this.#draft, this.tail);
    this.#scroller = h("div", { class: "cf-scroller", role: "region", "aria-label": texts.log, tabindex: 0 }, content);
    this.#latest = button("cf-latest", texts.latest, () => this.scrollToEnd(), icon(ARROW_DOWN));
    this.#latest.hidden = true;
    this.node = h("div", { class: "cf-middle" }, this.#scroller, this.#latest, this.#speaker.node);
    this.#scroller.addEventListener("scroll", () => this.#notePlace());
    // Whatever changes the height (text, an opened form, a keyboard), the end stays in view if it was.
    const observer = new ResizeObserver(() => (this.#pinned ? this.scrollToEnd() : this.#notePlace()));
    observer.observe(content);
    observer.observe(this.#scroller);
  }

  get empty(): boolean {
    return !this.#log.firstChild;
  }

  // Says which day it is where that changes, and at the beginning unless it is today.
  add(node: HTMLElement, timestamp = ""): void {
    const day = dayOf(new Date(timestamp));
    if (day && day !== this.#day) {
      this.#log.append(h("div", { class: "cf-day" }, dayName(day, this.#locale)));
      this.#day = day;
    }
    this.#log.append(node);
  }

  line(kind: "ok" | "error" | "note" | "wait", text: string, action?: HTMLButtonElement): HTMLElement {
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
    if (!this.text) this.#draft.replaceChildren(bubble("cf-bubble"));
    this.text += delta;
    this.#speaker.hear(this.text);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draft.querySelector(".cf-bubble")?.replaceChildren(...renderUnfinished(this.text));
    });
  }

  finish(node?: HTMLElement, timestamp?: string): void {
    const spoken = this.#clearDraft();
    if (node && spoken) node.ariaLive = "off";
    if (node) this.add(node, timestamp);
  }

  clear(): void {
    this.#clearDraft();
    this.#log.replaceChildren();
    this.tail.replaceChildren();
    this.#pinned = true;
    this.#day = dayOf(new Date());
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

  #clearDraft(): boolean {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.text = "";
    this.#draft.replaceChildren();
    return this.#speaker.end();
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

// Speaks an answer while it is written, in whole sentences. A screen reader would read single tokens as stutter, and
// the end of a long answer is a long wait.
import { h } from "./dom";

// Most answers are finished before this, and are then read whole from the log.
const FIRST_MS = 1_200;
const FORGET_MS = 4_000;

export class Speaker {
  node = h("div", { class: "cf-hidden", "aria-live": "polite" });
  #text = "";
  #spoken = 0;
  #timer = 0;

  hear(text: string): void {
    this.#text = text;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      const [sentences = ""] = /^[^]*[.!?…:](?=\s)|^[^]*[。！？؟\n]/.exec(this.#text.slice(this.#spoken)) ?? [];
      this.#say(sentences);
    }, FIRST_MS);
  }

  // Whether the answer has been spoken, so that its place in the log is not read once more.
  end(): boolean {
    clearTimeout(this.#timer);
    const begun = this.#spoken > 0;
    if (begun) this.#say(this.#text.slice(this.#spoken));
    this.#text = "";
    this.#timer = this.#spoken = 0;
    // Read again by the arrow keys, it would be a second copy of the log.
    if (begun) setTimeout(() => this.#timer || this.node.replaceChildren(), FORGET_MS);
    return begun;
  }

  #say(text: string): void {
    this.#spoken += text.length;
    const plain = text.replace(/\]\([^)]*\)|[*_`#[|]/g, "").trim();
    if (plain) this.node.append(h("p", {}, plain));
  }
}

// The text field that grows with its text, and the button that sends, or stops the answer being written.
import { h, icon } from "./dom";
import { ARROW_UP, STOP } from "./icons";
import type { Texts } from "./texts";

const CONTENT_CHARS_MAX = 4000;

export interface ComposerEvents {
  send(content: string): void;
  stop(): void;
}

export class Composer {
  node: HTMLFormElement;
  #field: HTMLTextAreaElement;
  // Holds the same text in the same grid cell and gives the field its height, without a style attribute.
  #mirror = h("div", { class: "cf-mirror", "aria-hidden": "true" });
  #button = h("button", { class: "cf-send", type: "submit" });
  #busy = false;
  #texts: Texts;
  #on: ComposerEvents;

  constructor(texts: Texts, on: ComposerEvents) {
    this.#on = on;
    this.#texts = texts;
    this.#field = h("textarea", {
      class: "cf-field",
      rows: 1,
      maxlength: CONTENT_CHARS_MAX,
      placeholder: texts.placeholder,
      "aria-label": texts.message,
      enterkeyhint: "send",
      autocomplete: "off",
    });
    const cell = h("div", { class: "cf-cell" }, this.#mirror, this.#field);
    this.node = h("form", { class: "cf-composer" }, cell, this.#button);
    this.#field.addEventListener("input", () => this.#update());
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#busy) on.stop();
      else this.#submit();
    });
    this.node.addEventListener("click", () => this.focus());
    this.setBusy(false);
  }

  focus(): void {
    this.#field.focus({ preventScroll: true });
  }

  setBusy(busy: boolean): void {
    const label = busy ? this.#texts.stop : this.#texts.send;
    this.#busy = busy;
    this.#button.ariaLabel = this.#button.title = label;
    this.#button.replaceChildren(icon(busy ? STOP : ARROW_UP));
    this.#update();
  }

  // A refused message comes back, unless something new is being written.
  restore(content: string): void {
    this.#field.value ||= content;
    this.#update();
  }

  clear(): void {
    this.#field.value = "";
    this.#update();
  }

  disable(): void {
    this.#field.disabled = true;
    this.#update();
  }

  #key(event: KeyboardEvent): void {
    // An input method uses Enter to accept a word; Safari reports that key only by its code.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  }

  #submit(): void {
    const content = this.#field.value.trim();
    if (!content || this.#busy) return;
    this.#field.value = "";
    this.#update();
    this.#on.send(content);
    this.focus();
  }

  #update(): void {
    // Empty, its direction is the panel's, or the placeholder would stand on the wrong side.
    this.#field.dir = this.#field.value && "auto";
    this.#mirror.textContent = `${this.#field.value}\u200b`;
    this.#button.disabled = this.#field.disabled || (!this.#busy && !this.#field.value.trim());
  }
}

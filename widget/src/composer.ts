// The text field that grows with its text, and the send button.
import { h, icon } from "./dom";
import { ARROW_UP } from "./icons";
import type { PanelStrings } from "./strings";

const CONTENT_CHARS_MAX = 4000;

export class Composer {
  node: HTMLFormElement;
  #field: HTMLTextAreaElement;
  // Holds the same text in the same grid cell and gives the field its height, without a style attribute.
  #mirror = h("div", { class: "cf-mirror", "aria-hidden": "true" });
  #button: HTMLButtonElement;
  #busy = false;
  #send: (content: string) => void;

  constructor(texts: PanelStrings, send: (content: string) => void) {
    this.#send = send;
    this.#field = h("textarea", {
      class: "cf-field",
      rows: 1,
      maxlength: CONTENT_CHARS_MAX,
      placeholder: texts.placeholder,
      "aria-label": texts.message,
      enterkeyhint: "send",
      autocomplete: "off",
      dir: "auto",
    });
    this.#button = h("button", { class: "cf-send", type: "submit", "aria-label": texts.send, title: texts.send }, icon(ARROW_UP));
    const cell = h("div", { class: "cf-cell" }, this.#mirror, this.#field);
    this.node = h("form", { class: "cf-composer" }, cell, this.#button);
    this.#field.addEventListener("input", () => this.#update());
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.node.addEventListener("click", () => this.focus());
    this.#update();
  }

  focus(): void {
    this.#field.focus({ preventScroll: true });
  }

  setBusy(busy: boolean): void {
    this.#busy = busy;
    this.#update();
  }

  // A refused message comes back, unless something new is being written.
  restore(content: string): void {
    this.#field.value ||= content;
    this.#update();
  }

  disable(): void {
    this.#field.disabled = true;
    this.setBusy(true);
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
    this.#send(content);
    this.focus();
  }

  #update(): void {
    this.#mirror.textContent = `${this.#field.value}\u200b`;
    this.#button.disabled = this.#busy || !this.#field.value.trim();
  }
}

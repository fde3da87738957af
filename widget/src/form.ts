// The lead form, offered when an answer calls for a person.
import { button, h } from "./dom";
import { anchor, renderMarkdown, safeUrl } from "./markdown";
import type { Texts } from "./texts";
import type { LeadField, LeadForm as Wanted } from "./wire";

export type Details = Partial<Record<LeadField, string>>;
export type FieldError = { field: string; message: string };

export interface FormEvents {
  // Answers with what is wrong; an empty list is success, and the form's end is the caller's.
  submit(details: Details): Promise<FieldError[]>;
  dismiss(): void;
}

// Its label, the kind of input (a text area without one), what browsers fill in, and how long it may be.
type Kind = [label: keyof Texts, type: string, autocomplete: string, charsMax: number];

const KINDS: Record<LeadField, Kind> = {
  name: ["name", "text", "name", 100],
  email: ["email", "email", "email", 254],
  phone: ["phone", "tel", "tel", 40],
  company: ["company", "text", "organization", 100],
  message: ["note", "", "off", 2000],
};

// Together these two share a line.
const SHORT: LeadField[] = ["phone", "company"];

export class Form {
  node: HTMLFormElement;
  #inputs = new Map<string, HTMLInputElement | HTMLTextAreaElement>();
  #texts: Texts;
  #status = h("p", { class: "cf-problem", role: "alert" });
  #submit: HTMLButtonElement;

  constructor({ fields, consent_text, consent_url }: Wanted, texts: Texts, on: FormEvents) {
    this.#texts = texts;
    this.#submit = h("button", { class: "cf-primary", type: "submit" }, texts.formSend);
    this.node = h(
      "form",
      { class: "cf-form", novalidate: true, "aria-labelledby": "cf-form-title" },
      h("h3", { id: "cf-form-title" }, texts.formTitle),
      h("p", {}, texts.formText),
      ...fields.filter((field) => field in KINDS).map((field) => this.#field(field, KINDS[field], fields)),
      this.#status,
      consent_text && consent(consent_text, consent_url, texts),
      h("div", { class: "cf-actions" }, this.#submit, button("cf-quiet", texts.dismiss, on.dismiss, texts.dismiss)),
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send(on);
    });
  }

  get touched(): boolean {
    return Object.keys(this.#details()).length > 0;
  }

  async #send(on: FormEvents): Promise<void> {
    if (this.#submit.disabled) return;
    const details = this.#details();
    const found = this.#check(details);
    if (found.length) return this.#show(found);
    this.#submit.disabled = true;
    this.#submit.textContent = this.#texts.formSending;
    const refused = await on.submit(details);
    this.#submit.disabled = false;
    this.#submit.textContent = this.#texts.formSend;
    this.#show(refused);
  }

  #field(field: LeadField, [label, type, autocomplete, maxlength]: Kind, fields: LeadField[]): HTMLElement {
    const id = `cf-${field}`;
    const attributes = { id, name: field, autocomplete, maxlength, "aria-describedby": `${id}-problem` };
    const input = type ? h("input", { ...attributes, type }) : h("textarea", { ...attributes, rows: 2 });
    this.#inputs.set(field, input);
    const half = SHORT.includes(field) && SHORT.every((other) => fields.includes(other));
    const problem = h("p", { class: "cf-problem", id: `${id}-problem` });
    return h("div", { class: half ? "cf-row cf-half" : "cf-row" }, h("label", { for: id }, this.#texts[label]), input, problem);
  }

  #details(): Details {
    const entries = [...this.#inputs].map(([field, input]) => [field, input.value.trim()] as const);
    return Object.fromEntries(entries.filter(([, value]) => value));
  }

  // The server judges again, and more strictly.
  #check({ email, phone }: Details): FieldError[] {
    const field = this.#inputs.has("email") ? "email" : "phone";
    if (!email && !phone && this.#inputs.has(field)) return [{ field, message: this.#texts.contactNeeded }];
    if (email && !/^\S+[@＠]\S+[.．]\S+$/.test(email)) return [{ field: "email", message: this.#texts.emailWrong }];
    return [];
  }

  #show(errors: FieldError[]): void {
    let first: HTMLElement | undefined;
    for (const [field, input] of this.#inputs) {
      const message = errors.find((error) => error.field === field)?.message ?? "";
      input.setAttribute("aria-invalid", String(!!message));
      input.nextElementSibling!.textContent = message;
      if (message) first ??= input;
    }
    // What belongs to no field of this form still has to be seen.
    this.#status.textContent = errors.find(({ field }) => !this.#inputs.has(field))?.message ?? "";
    first?.focus();
  }
}

function consent(text: string, address: string, texts: Texts): HTMLElement {
  const url = safeUrl(address);
  const nodes = renderMarkdown(text);
  if (url) nodes.push(anchor(url, [texts.consent], url.host));
  return h("div", { class: "cf-consent", dir: "auto" }, ...nodes);
}

// The lead form, offered when an answer calls for a person: one line at first, or all that the agent asks.
import { button, h, icon } from "./dom";
import { ARROW_UP } from "./icons";
import { anchor, renderMarkdown, safeUrl } from "./markdown";
import type { Texts } from "./texts";
import type { LeadField, LeadForm as Wanted } from "./wire";

export type Details = Partial<Record<LeadField, string>>;
export type FieldError = { field: string; message: string };

export interface FormEvents {
  // Answers with what is wrong; an empty list is success, and the form's end is the caller's.
  submit(details: Details): Promise<FieldError[]>;
  dismiss(): void;
  // The visitor wants to tell more than the one line asks for.
  more(details: Details): void;
}

// Its label, the kind of input (a text area without one), what browsers fill in, and how long it may be.
type Kind = [label: keyof Texts, type: string, autocomplete: string, charsMax: number];
type Field = LeadField | "contact";
type Input = HTMLInputElement | HTMLTextAreaElement;

const KINDS: Record<Field, Kind> = {
  name: ["name", "text", "name", 100],
  email: ["email", "email", "email", 254],
  phone: ["phone", "tel", "tel", 40],
  contact: ["contact", "text", "email", 254],
  company: ["company", "text", "organization", 100],
  message: ["note", "", "off", 2000],
};

// Together these two share a line.
const SHORT: Field[] = ["phone", "company"];

export const isWay = (field: string): boolean => field === "email" || field === "phone";

// What can be told beside the way to answer, as the button to it says; empty for nothing.
export function moreLabel(fields: LeadField[], texts: Texts): string {
  const others = fields.filter((field) => !isWay(field));
  return others.includes("name") ? texts.formMore : others.map((field) => texts[KINDS[field][0]]).join(", ");
}

export class Form {
  node: HTMLFormElement;
  #inputs = new Map<string, [Input, HTMLElement]>();
  #texts: Texts;
  #status = h("p", { class: "cf-problem", role: "alert" });
  #submit: HTMLButtonElement;

  // With details given, it asks for all.
  constructor({ fields, consent_text, consent_url }: Wanted, texts: Texts, on: FormEvents, given?: Details) {
    this.#texts = texts;
    const ways = fields.filter(isWay);
    const asked: Field[] = given ? fields : ways.length > 1 ? ["contact"] : ways;
    const more = !given && moreLabel(fields, texts);
    this.#submit = h("button", { class: given ? "cf-primary" : "cf-send", type: "submit" }, given ? texts.formSend : icon(ARROW_UP));
    if (!given) this.#submit.ariaLabel = this.#submit.title = texts.formSend;
    const rows = asked.filter((field) => field in KINDS).map((field) => this.#field(field, given, asked));
    if (!given) rows[0]?.querySelector("input")?.after(this.#submit);
    this.node = h(
      "form",
      { class: "cf-form", novalidate: true, "aria-labelledby": "cf-form-title" },
      h("h3", { id: "cf-form-title" }, texts.formTitle),
      h("p", {}, texts.formText),
      consent_text && consent(consent_text, consent_url, texts),
      ...rows,
      this.#status,
      h(
        "div",
        { class: "cf-actions" },
        given && this.#submit,
        more && button("cf-quiet", more, () => on.more(this.#details()), more),
        button("cf-quiet", texts.dismiss, on.dismiss, texts.dismiss),
      ),
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send(on);
    });
  }

  get touched(): boolean {
    return Object.keys(this.#details()).length > 0;
  }

  focus(): void {
    this.node.querySelector("input")?.focus();
  }

  async #send(on: FormEvents): Promise<void> {
    if (this.#submit.disabled) return;
    const details = this.#details();
    const found = this.#check(details);
    if (found.length) return this.#show(found);
    const label = this.#submit.firstChild!;
    this.#submit.disabled = true;
    if (label.nodeType === Node.TEXT_NODE) this.#submit.textContent = this.#texts.formSending;
    const refused = await on.submit(details);
    this.#submit.disabled = false;
    this.#submit.replaceChildren(label);
    this.#show(refused);
  }

  #field(field: Field, given: Details = {}, fields: Field[]): HTMLElement {
    const [label, type, autocomplete, maxlength] = KINDS[field];
    const id = `cf-${field}`;
    const attributes = { id, name: field, autocomplete, maxlength, "aria-describedby": `${id}-problem` };
    const input = type ? h("input", { ...attributes, type }) : h("textarea", { ...attributes, rows: 2 });
    input.value = given[field as LeadField] ?? "";
    const half = SHORT.includes(field) && SHORT.every((other) => fields.includes(other));
    const problem = h("p", { class: "cf-problem", id: `${id}-problem` });
    this.#inputs.set(field, [input, problem]);
    return h("div", { class: half ? "cf-row cf-half" : "cf-row" }, h("label", { for: id }, this.#texts[label]), h("div", { class: "cf-input" }, input), problem);
  }

  #details(): Details {
    const entries = [...this.#inputs].map(([field, [input]]) => {
      const value = input.value.trim();
      return [field !== "contact" ? field : /[@＠]/.test(value) ? "email" : "phone", value] as const;
    });
    return Object.fromEntries(entries.filter(([, value]) => value));
  }

  // The server judges again, and more strictly.
  #check({ email, phone }: Details): FieldError[] {
    const [first, second] = [...this.#inputs.keys()].filter((field) => field === "contact" || isWay(field)) as Field[];
    // Nothing to answer at, and no digit either.
    const needed = second || first === "contact" ? "contactNeeded" : first === "email" ? "emailWrong" : "phoneWrong";
    if (first && !email && !/\p{Nd}/u.test(phone ?? "")) return [{ field: first, message: this.#texts[needed] }];
    return !email || /^\S+[@＠]\S+[.．]\S+$/.test(email) ? [] : [{ field: "email", message: this.#texts.emailWrong }];
  }

  #show(errors: FieldError[]): void {
    let first: HTMLElement | undefined;
    const fits = (name: string, field: string) => name === field || (name === "contact" && isWay(field));
    for (const [name, [input, problem]] of this.#inputs) {
      const message = errors.find(({ field }) => fits(name, field))?.message ?? "";
      input.setAttribute("aria-invalid", String(!!message));
      problem.textContent = message;
      if (message) first ??= input;
    }
    // What belongs to no field of this form still has to be seen.
    this.#status.textContent = errors.find(({ field }) => ![...this.#inputs.keys()].some((name) => fits(name, field)))?.message ?? "";
    first?.focus();
  }
}

function consent(text: string, address: string, texts: Texts): HTMLElement {
  const url = safeUrl(address);
  const nodes = renderMarkdown(text);
  if (url) nodes.push(anchor(url, [texts.consent], url.host));
  return h("div", { class: "cf-consent", dir: "auto" }, ...nodes);
}

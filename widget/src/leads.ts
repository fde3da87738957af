// Asks for contact details: when an answer calls for a person, or by the agent's rule; once a conversation. One line first,
// and more of whoever wants to tell more.
import { Failure, post } from "./client";
import type { Composer } from "./composer";
import type { Core } from "./core";
import { button } from "./dom";
import { Form, isWay, moreLabel } from "./form";
import type { Details, FieldError } from "./form";
import type { Log } from "./log";
import type { SessionMemory } from "./memory";
import type { LeadField } from "./wire";
import { fill } from "./texts";
import type { Language } from "./texts";
import { span } from "./time";

export class Leads {
  #form: Form | null = null;
  #captured = false;
  #ruled = false;

  #core: Core;
  #log: Log;
  #composer: Composer;
  #memory: SessionMemory;
  #language: Language;

  constructor(
    core: Core,
    log: Log,
    composer: Composer,
    memory: SessionMemory,
    language: Language,
  ) {
    this.#core = core;
    this.#log = log;
    this.#composer = composer;
    this.#memory = memory;
    this.#language = language;
  }

  get halfFilled(): boolean {
    return !!this.#form?.touched;
  }

  // What the visitor has begun to fill in stays; everything else makes room for what is said.
  clearOffers(): void {
    const kept = this.halfFilled ? this.#form : null;
    this.#form = kept;
    this.#log.tail.replaceChildren(...(kept ? [kept.node] : []));
  }

  forget(): void {
    this.#form = null;
    this.#captured = this.#ruled = false;
  }

  // After so many messages of the visitor the agent's rule may ask.
  byRule(messages: number): void {
    const { rule, after_messages } = this.#core.boot.agent.lead_form;
    const due = rule === "before_first_message" ? !messages : rule === "after_messages" && messages >= after_messages;
    if (!due || this.#ruled) return;
    this.#ruled = true;
    this.offer();
  }

  offer(): void {
    const { fields } = this.#core.boot.agent.lead_form;
    if (!this.#captured && !this.#form && fields.length) this.#ask(fields);
  }

  // In the chat the answer itself says thanks.
  thank(): void {
    this.#noted(this.#language.texts.leadNoted, {});
  }

  // With details given, the form asks for all the fields, and keeps what is known.
  #ask(fields: LeadField[], given?: Details, sent?: Details): void {
    this.#remove();
    this.#form = new Form({ ...this.#core.boot.agent.lead_form, fields }, this.#language.texts, {
      submit: (details) => this.#submit({ ...sent, ...details }),
      dismiss: () => (this.#remove(), this.#composer.focus()),
      more: (details) => this.#ask(fields, details),
    }, given);
    this.#log.offer(this.#form.node);
    if (given) this.#form.focus();
  }

  async #submit(details: Details): Promise<FieldError[]> {
    try {
      const response = await post(this.#core, "leads", details);
      const { lead } = (await response.json()) as { lead: Details };
      this.#memory.begin();
      this.#replyTo(lead, details);
    } catch (error) {
      return this.#problems(error as Failure);
    }
    this.#composer.focus();
    return [];
  }

  // Says at what the visitor is answered, as the server understood it, and asks for the rest only if it is wanted.
  #replyTo({ email, phone }: Details, sent: Details): void {
    const { texts, direction } = this.#language;
    const told = [email, phone].filter((way) => way).join(", ");
    const contact = direction === "rtl" ? `\u2068${told}\u2069` : told;
    this.#noted(fill(texts.leadThanks, { contact }), sent);
    const left = this.#core.boot.agent.lead_form.fields.filter((field) => !isWay(field));
    const more = !left.some((field) => sent[field]) && moreLabel(left, texts);
    if (more) this.#log.tail.append(button("cf-chip", more, () => this.#ask(left, {}, sent), more));
  }

  #noted(text: string, details: Details): void {
    this.#remove();
    this.#log.tail.replaceChildren();
    this.#log.line("ok", text);
    if (!this.#captured) this.#core.emit("lead", details);
    this.#captured = true;
  }

  // In the visitor's language, which the server does not speak.
  #problems({ status, body, retryAfterS }: Failure): FieldError[] {
    const { texts, locale } = this.#language;
    if (status === 429) return [{ field: "", message: fill(texts.busy, { time: span(retryAfterS, locale) }) }];
    const wrong = (body.error?.details ?? []).map(({ field }) => field);
    const known: FieldError[] = [];
    if (wrong.includes("email")) known.push({ field: "email", message: texts.emailWrong });
    if (wrong.includes("phone")) known.push({ field: "phone", message: texts.phoneWrong });
    return known.length ? known : [{ field: "", message: texts.formFailed }];
  }

  #remove(): void {
    this.#form?.node.remove();
    this.#form = null;
  }
}

// Asks for contact details: when an answer calls for a person, or by the agent's rule; once a conversation.
import { Failure, post } from "./client";
import type { Composer } from "./composer";
import type { Core } from "./core";
import { Form } from "./form";
import type { Details, FieldError } from "./form";
import type { Log } from "./log";
import type { SessionMemory } from "./memory";
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
    const { lead_form } = this.#core.boot.agent;
    if (this.#captured || this.#form || !lead_form.fields.length) return;
    this.#form = new Form(lead_form, this.#language.texts, {
      submit: (details) => this.#submit(details),
      dismiss: () => (this.#remove(), this.#composer.focus()),
    });
    this.#log.offer(this.#form.node);
  }

  // In the chat the answer itself says thanks.
  thank(details?: Details): void {
    const { texts } = this.#language;
    this.#captured = true;
    this.#remove();
    this.#log.line("ok", details ? texts.leadThanks : texts.leadNoted);
    this.#core.emit("lead", details ?? {});
  }

  async #submit(details: Details): Promise<FieldError[]> {
    try {
      await post(this.#core, "leads", details);
    } catch (error) {
      return this.#problems(error as Failure);
    }
    this.#memory.begin();
    this.thank(details);
    this.#composer.focus();
    return [];
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

// Runs the conversation: what is shown, what is sent, what happens when something fails.
import { Failure, post, postClose } from "./client";
import { Composer } from "./composer";
import type { Core } from "./core";
import { button, h } from "./dom";
import { LeadForm } from "./form";
import type { Details, FieldError } from "./form";
import { Live } from "./live";
import { Log } from "./log";
import { SessionMemory } from "./memory";
import { assistantMessage, userMessage } from "./message";
import { locale } from "./options";
import { fill, panelStrings } from "./strings";
import { runTurn } from "./turn";
import type { Turn } from "./turn";
import type { Boot, Done, Message, Source } from "./wire";

const SESSION_AGE_MS_MAX = 60_000;
const RETRY_MS = 1_000;
// While the server still writes the answer that a broken line cut off, it refuses a second request for it.
const CONFLICT_TRIES_MAX = 20;
const TYPING_MS = 6_000;

export class Chat {
  readonly log: Log;
  readonly composer: Composer;
  #core: Core;
  #texts;
  #memory: SessionMemory;
  #live: Live;
  #known = new Set<string>();
  #shown = false;
  // A message of this conversation has been sent, so that there is something to end.
  #begun = false;
  #gone = false;
  #captured = false;
  #ready: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;
  #abort: AbortController | null = null;
  #form: LeadForm | null = null;
  #greeting: HTMLElement | null = null;
  #unsent: { node: HTMLElement; line: HTMLElement; again: () => void } | null = null;
  #typingTimer = 0;
  #online = () => this.#unsent?.line.dataset.offline && this.#unsent.again();

  constructor(core: Core) {
    this.#core = core;
    this.#texts = panelStrings(locale(core.options));
    this.#memory = new SessionMemory(core);
    this.log = new Log(this.#texts);
    this.composer = new Composer(this.#texts, (content) => this.send(content));
    this.#live = new Live(core, {
      message: (message) => this.#receive(message),
      typing: () => this.#showTyping(),
      deactivated: () => this.#leave(),
    });
    addEventListener("online", this.#online);
    this.#merge(core.boot);
  }

  show(): void {
    this.#shown = true;
    this.#ready = this.#refresh();
    this.#memory.seen([...this.#known].pop());
    this.log.scrollToEnd();
    this.#live.want(this.#begun);
  }

  hide(): void {
    this.#shown = false;
    this.#live.want(false);
  }

  send(content: string): void {
    if (this.#abort || this.#gone) return;
    this.#giveUpUnsent();
    if (this.#form?.touched) this.log.tail.replaceChildren(this.#form.node);
    else this.#clearOffers();
    const node = userMessage(content, this.#texts);
    this.log.add(node);
    this.log.scrollToEnd();
    this.#begun = true;
    void this.#deliver({ content, client_id: randomId() }, node);
  }

  end(): void {
    this.#abort?.abort();
    this.#live.want(false);
    if (this.#begun) this.#closing = postClose(this.#core);
    this.#begun = this.#captured = false;
    this.#known.clear();
    this.#form = this.#unsent = this.#abort = null;
    this.composer.setBusy(this.#gone);
    this.log.clear();
    this.#greet();
    this.#core.emit("end");
  }

  destroy(): void {
    this.#abort?.abort();
    this.#live.destroy();
    removeEventListener("online", this.#online);
  }

  // After an end the next opening is a new conversation, whatever the session's age.
  async #refresh(): Promise<void> {
    const ended = this.#closing;
    await ended;
    try {
      const boot = await this.#core.refresh(ended ? 0 : SESSION_AGE_MS_MAX);
      if (this.#closing === ended) this.#closing = null;
      this.#memory.seen(undefined);
      if (!this.#abort) this.#merge(boot);
      this.#live.want(this.#shown && this.#begun);
    } catch (error) {
      // Offline is told when a message fails to go; only a refusal is final.
      const { status } = error as Failure;
      if (status === 403 || status === 404) this.#leave();
    }
  }

  #merge({ history, conversation_id, agent }: Boot): void {
    if (!history.length && this.log.empty) this.#greet();
    for (const [at, message] of history.entries()) {
      if (this.#known.has(message.id)) continue;
      const opening = at === 0 && message.role === "assistant";
      // The greeting already stands there when the conversation began on this page.
      if (opening && this.#greeting && message.content === agent.greeting) this.#known.add(message.id);
      else this.#append(message, !opening);
    }
    if (conversation_id) this.#begun = true;
    if (history.some(({ role }) => role === "user")) this.log.tail.querySelector(".cf-suggestions")?.remove();
  }

  #greet(): void {
    const { greeting, suggestions } = this.#core.boot.agent;
    this.#greeting = assistantMessage({ id: "", role: "assistant", content: greeting, timestamp: "" }, this.#name, this.#texts);
    this.log.add(this.#greeting);
    this.#suggest(suggestions);
  }

  #suggest(suggestions: string[] = []): void {
    if (!suggestions.length) return;
    const chips = suggestions.map((text) => button("cf-chip", text, () => (this.composer.focus(), this.send(text)), text));
    this.log.tail.append(h("div", { class: "cf-suggestions", role: "group", "aria-label": this.#texts.suggestions }, ...chips));
  }

  get #name(): string {
    return this.#core.boot.agent.name;
  }

  #append(message: Message, votable = true): void {
    if (message.id) this.#known.add(message.id);
    if (message.role === "user") return this.log.add(userMessage(message.content, this.#texts));
    this.log.add(assistantMessage(message, this.#name, this.#texts, votable ? this.#vote : undefined));
  }

  #vote = (message_id: string, value: "up" | "down") => {
    void post(this.#core, "feedback", { message_id, value }).catch(() => undefined);
  };

  async #deliver(turn: Turn, node: HTMLElement, tries = 0): Promise<void> {
    const abort = (this.#abort ??= new AbortController());
    let sources: Source[] = [];
    let offered = false;
    clearTimeout(this.#typingTimer);
    this.log.typing();
    this.composer.setBusy(true);
    await this.#ready;
    if (abort.signal.aborted) return;
    try {
      const done = await runTurn(this.#core, turn, {
        start: (_, message) => {
          if (message?.id) this.#known.add(message.id);
          this.#memory.firstMessage();
        },
        delta: (text) => this.log.write(text),
        sources: (list) => (sources = list),
        leadForm: () => (offered = true),
      }, abort.signal);
      if (abort.signal.aborted) return;
      this.#finish({ ...done, message: { ...done.message, sources: done.message.sources ?? sources } }, offered);
    } catch (error) {
      if (abort.signal.aborted) return;
      const failure = error instanceof Failure ? error : new Failure(0);
      // A line that broke once is tried again without asking.
      const broken = !failure.status && !tries && navigator.onLine;
      if (broken || (failure.status === 409 && tries < CONFLICT_TRIES_MAX)) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        return abort.signal.aborted ? undefined : this.#deliver(turn, node, tries + 1);
      }
      this.#fail(failure, turn, node);
    }
  }

  #finish({ message, lead_form, lead_captured, suggestions }: Done, offered: boolean): void {
    this.#settle();
    if (message.id) this.#known.add(message.id);
    this.log.finish(assistantMessage(message, this.#name, this.#texts, this.#vote));
    this.#suggest(suggestions);
    if (lead_captured) this.#thank();
    else if (lead_form || offered) this.#offerForm();
    this.#arrived(message);
    this.#live.want(this.#shown);
  }

  #settle(): void {
    this.#abort = null;
    this.composer.setBusy(this.#gone);
  }

  #receive(message: Message): void {
    if (this.#known.has(message.id)) return;
    if (!this.#abort) this.log.finish();
    this.#append(message);
    this.#arrived(message);
  }

  #arrived(message: Message): void {
    if (this.#shown) this.#memory.seen(message.id);
    else this.#core.addUnread(1);
    this.#core.emit("message", message);
  }

  #showTyping(): void {
    if (this.#abort) return;
    if (!this.log.writing) this.log.typing();
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#abort || this.log.finish(), TYPING_MS);
  }

  #fail(failure: Failure, turn: Turn, node: HTMLElement): void {
    const { status } = failure;
    this.#settle();
    this.log.finish();
    this.#core.emit("error", failure);
    if (status === 403 || status === 404 || status === 410) return this.#leave();
    const again = button("cf-quiet", this.#texts.retry, () => this.#retry(turn, node), this.#texts.retry);
    const final = status === 400 || status === 413 || status === 422;
    const offline = !status && !navigator.onLine;
    const line = this.log.line("error", this.#problem(failure, offline, final), final ? undefined : again);
    if (offline) line.dataset.offline = "yes";
    this.#unsent = { node, line, again: () => this.#retry(turn, node) };
    if (final) this.composer.restore(turn.content);
    if (status !== 429) return;
    again.disabled = true;
    setTimeout(() => (again.disabled = false), failure.retryAfterS * 1000);
  }

  #problem({ status, retryAfterS }: Failure, offline: boolean, final: boolean): string {
    if (status === 429 && retryAfterS > 90) return fill(this.#texts.busyMinutes, { count: Math.ceil(retryAfterS / 60) });
    if (status === 429) return fill(this.#texts.busySeconds, { count: retryAfterS || 1 });
    return offline ? this.#texts.offline : final ? this.#texts.refused : this.#texts.failed;
  }

  #retry(turn: Turn, node: HTMLElement): void {
    if (this.#abort) return;
    this.#unsent?.line.remove();
    this.#unsent = null;
    this.composer.focus();
    void this.#deliver(turn, node);
  }

  // The visitor moved on: the message stays where it is, marked.
  #giveUpUnsent(): void {
    this.#unsent?.line.remove();
    this.#unsent?.node.append(h("span", { class: "cf-undelivered" }, this.#texts.undelivered));
    this.#unsent = null;
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#live.want(false);
    this.composer.disable();
    this.log.line("error", this.#texts.gone);
  }

  #offerForm(): void {
    const { fields } = this.#core.boot.agent.lead_form;
    if (this.#captured || this.#form || !fields.length) return;
    this.#form = new LeadForm(fields, this.#texts, {
      submit: (details) => this.#submitLead(details),
      dismiss: () => (this.#removeForm(), this.composer.focus()),
    });
    this.log.offer(this.#form.node);
  }

  async #submitLead(details: Details): Promise<FieldError[]> {
    try {
      await post(this.#core, "leads", details);
    } catch (error) {
      const { body } = error as Failure;
      const known = body.error?.details;
      return known?.length ? known : [{ field: "", message: this.#texts.formFailed }];
    }
    this.#memory.firstMessage();
    this.#thank(details);
    this.composer.focus();
    return [];
  }

  // In the chat the answer itself says thanks.
  #thank(details?: Details): void {
    this.#captured = true;
    this.#removeForm();
    this.log.line("ok", details ? this.#texts.leadThanks : this.#texts.leadNoted);
    this.#core.emit("lead", details ?? {});
  }

  #removeForm(): void {
    this.#form?.node.remove();
    this.#form = null;
  }

  #clearOffers(): void {
    this.#form = null;
    this.log.tail.replaceChildren();
  }
}

// crypto.randomUUID is missing on pages without HTTPS.
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

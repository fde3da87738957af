// Runs the conversation: what is shown of it, and what happens when something comes or fails.
import { attempt } from "./attempt";
import { Failure, post, postClose } from "./client";
import { Composer } from "./composer";
import type { Core } from "./core";
import { button, h } from "./dom";
import { Leads } from "./leads";
import { Live } from "./live";
import { Log } from "./log";
import { SessionMemory } from "./memory";
import { assistantMessage, userMessage } from "./message";
import { Outbox } from "./outbox";
import { Tabs } from "./tabs";
import type { News } from "./tabs";
import { fill, greetingOf } from "./texts";
import type { Language } from "./texts";
import type { Boot, Done, Message, Operator } from "./wire";

const SESSION_AGE_MS_MAX = 60_000;
const RECONNECT_AGE_MS_MAX = 5_000;
const TYPING_MS = 6_000;
// The team sees a visitor typing for longer than that.
const TYPED_MS = 3_000;
// A page that is only read joins late: most are left before, and loading a page should end.
const JOIN_MS = 8_000;

export interface ChatEvents {
  unread(count: number): void;
  // Who of the team answers now; none when the agent does.
  operator(operator: Operator | null): void;
  begun(begun: boolean): void;
}

export class Chat {
  readonly log: Log;
  readonly composer: Composer;
  readonly leads: Leads;
  #outbox: Outbox;
  #memory: SessionMemory;
  #live: Live;
  #tabs: Tabs | undefined;
  #known = new Set<string>();
  #unread = 0;
  #asked = 0;
  #shown = false;
  #gone = false;
  // A message of this conversation has been sent, so that there is something to end.
  #begun = false;
  // The visitor's message whose answer was stopped: what the server kept of it stands here already.
  #cut = "";
  #last = "";
  #stale = false;
  #ready: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;
  #greeting: HTMLElement | null = null;
  #operator: Operator | null = null;
  #typingTimer = 0;
  #joinTimer = 0;
  #typedAtMs = -TYPED_MS;

  #core: Core;
  #language: Language;
  #on: ChatEvents;

  constructor(core: Core, language: Language, on: ChatEvents) {
    this.#core = core;
    this.#language = language;
    this.#on = on;
    this.#memory = new SessionMemory(core);
    this.log = new Log(language);
    this.composer = new Composer(language.texts, { send: (content) => this.send(content), stop: () => this.#outbox.stop() });
    this.leads = new Leads(core, this.log, this.composer, this.#memory, language);
    this.#outbox = new Outbox(core, this.log, this.composer, this.#memory, language, {
      ready: () => this.#ready,
      stored: (message, node) => this.#stored(message, node),
      answered: (done, offered) => this.#answered(done, offered),
      stopped: (text) => this.#stopped(text),
      gone: () => this.#leave(),
    });
    this.#live = new Live(core, {
      operator_message: (message) => this.#receive({ ...message, sent_by: "operator" }),
      agent_message: (message) => this.#receive(message),
      typing: () => this.#showTyping(),
      taken_over: (operator) => this.#handOver(operator),
      handed_back: ({ name, away }) => {
        this.#handOver(null);
        if (away) this.log.line("note", fill(language.texts.away, { name }));
      },
      deactivated: () => this.#leave(),
      again: () => void this.#refresh(RECONNECT_AGE_MS_MAX),
    });
  }

  start(): void {
    const { boot } = this.#core;
    // Forgotten before the panel was there.
    if (!boot.session) this.#strangers();
    const parts: (() => unknown)[] = [
      () => (this.#tabs = new Tabs(this.#core, (news) => this.#hear(news))),
      () => this.#memory.join() || this.#joinTab(),
      () => this.#merge(boot),
      () => boot.operator && this.#handOver(boot.operator, false),
      () => this.#recount(boot.history),
      () => this.#resume(boot.history),
    ];
    for (const part of parts) attempt(this.#core, part);
    this.#joinTimer = setTimeout(() => this.#live.want(true), this.#begun ? 0 : JOIN_MS);
  }

  show(): void {
    this.#shown = true;
    this.#count(0);
    this.#tabs?.tell({ seen: true });
    this.#ready = this.#refresh(this.#stale ? 0 : SESSION_AGE_MS_MAX);
    this.#memory.note({ seen: [...this.#known].pop() ?? null, open: true });
    this.log.scrollToEnd();
    this.#live.want(true);
  }

  hide(): void {
    this.#shown = false;
    this.#memory.note({ open: false });
    if (this.#gone) this.#core.retire();
  }

  typing(atMs: number): void {
    if (!this.#core.boot.operator || atMs - this.#typedAtMs < TYPED_MS) return;
    this.#typedAtMs = atMs;
    // Lost, it is not missed.
    post(this.#core, "typing", {}).catch(() => 0);
  }

  // The session names the page on which the chat is opened.
  pageChanged(): void {
    this.#stale = !this.#begun;
  }

  get begun(): boolean {
    return this.#begun;
  }

  send(content: string): void {
    if (this.#outbox.busy || this.#gone) return;
    const turn = { content, client_id: randomId(), sent_ms: Date.now() };
    const timestamp = new Date().toISOString();
    const node = userMessage({ content, timestamp }, this.#language);
    this.leads.clearOffers();
    clearTimeout(this.#typingTimer);
    this.log.add(node, timestamp);
    this.log.scrollToEnd();
    this.#asked++;
    this.#begin();
    this.#memory.begin();
    this.#outbox.send(turn, node);
  }

  end(): void {
    if (this.#begun) {
      const closing = (this.#closing = postClose(this.#core));
      void closing.then(() => this.#tabs?.tell({ ended: true }));
    }
    this.#clear();
    this.#core.emit("end");
  }

  forget(): void {
    this.#memory.forget();
    this.end();
    this.#count(0);
    this.composer.clear();
    this.#strangers();
  }

  #strangers(): void {
    Object.assign(this.#core.boot, { session: "", visitor_id: "", conversation_id: null, history: [], operator: null });
    this.#live.look();
    this.#ready = this.#refresh(0);
  }

  #clear(): void {
    this.#begun = false;
    this.#asked = 0;
    this.#known.clear();
    this.#outbox.clear();
    this.leads.forget();
    this.log.clear();
    this.#handOver(null, false);
    this.#on.begun(false);
    this.#greet();
  }

  restart(): void {
    this.end();
    this.#ready = this.#refresh(0);
    this.composer.focus();
  }

  destroy(): void {
    clearTimeout(this.#joinTimer);
    this.#outbox.destroy();
    this.#live.destroy();
    this.#tabs?.destroy();
  }

  // After an end the next opening is a new conversation, whatever the session's age.
  async #refresh(ageMsMax: number): Promise<void> {
    const ended = this.#closing;
    await ended;
    try {
      const boot = await this.#core.refresh(ended ? 0 : ageMsMax);
      this.#stale = false;
      if (this.#closing === ended) this.#closing = null;
      if (this.#memory.join()) this.#memory.note({});
      this.#live.look();
      if (!this.#outbox.busy) this.#merge(boot);
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
      const cut = !!this.#cut && history[at - 1]?.id === this.#cut;
      // The greeting already stands there when the conversation began on this page.
      const greeting = opening && message.content === agent.greeting;
      if (cut || (greeting && this.#greeting)) this.#known.add(message.id);
      else attempt(this.#core, () => this.#append(greeting ? { ...message, content: this.#greetingText } : message, !opening));
    }
    this.#asked = Math.max(this.#asked, history.filter(({ role }) => role === "user").length);
    if (conversation_id) this.#begin();
    if (this.#asked) this.log.tail.querySelector(".cf-suggestions")?.remove();
  }

  #begin(): void {
    this.#begun = true;
    this.#on.begun(true);
  }

  #greet(): void {
    const { suggestions, name } = this.#core.boot.agent;
    this.#greeting = assistantMessage({ id: "", role: "assistant", content: this.#greetingText, timestamp: "" }, name, this.#language);
    this.log.add(this.#greeting);
    this.#suggest(suggestions);
    this.leads.byRule(0);
  }

  get #greetingText(): string {
    return greetingOf(this.#core.boot.agent, this.#language.texts);
  }

  #suggest(suggestions: string[] = []): void {
    if (!suggestions.length) return;
    const chips = suggestions.map((text) => button("cf-chip", text, () => (this.composer.focus(), this.send(text)), text));
    this.log.tail.append(h("div", { class: "cf-suggestions", role: "group", "aria-label": this.#language.texts.suggestions }, ...chips));
  }

  #append(message: Message, votable = true): void {
    const { id, role, timestamp } = message;
    if (id) this.#known.add(id);
    if (role === "user") this.log.add(userMessage(message, this.#language), timestamp);
    else this.log.add(this.#answer(message, votable), timestamp);
  }

  #answer(message: Message, votable = true): HTMLElement {
    const vote = (message_id: string, value: "up" | "down") => {
      void post(this.#core, "feedback", { message_id, value }).catch(() => undefined);
    };
    return assistantMessage(message, this.#core.boot.agent.name, this.#language, votable ? vote : undefined);
  }

  #resume(history: Message[]): void {
    const asked = history.filter(({ role }) => role === "user").pop()?.content;
    for (const turn of this.#memory.unsent) {
      const timestamp = new Date(turn.sent_ms).toISOString();
      const node = userMessage({ content: turn.content, timestamp }, this.#language);
      if (turn.content !== asked) this.log.add(node, timestamp);
      this.#outbox.send(turn, node);
    }
  }

  #stored(message: Message, node?: HTMLElement): void {
    const { id } = message;
    if (node) this.#last = id;
    if (this.#known.has(id)) node?.remove();
    this.#known.add(id);
    this.#memory.begin();
    this.#tabs?.tell({ message, seen: true });
  }

  #answered({ message, lead_form, lead_captured, suggestions }: Done, offered: boolean): void {
    if (!message || this.#known.has(message.id)) this.log.finish();
    else this.log.finish(this.#answer(message), message.timestamp);
    if (message?.id) this.#known.add(message.id);
    this.#suggest(suggestions);
    if (lead_captured) this.leads.thank();
    else if (lead_form || offered) this.leads.offer();
    else this.leads.byRule(this.#asked);
    if (message) this.#arrived(message);
  }

  #stopped(content: string): void {
    this.#cut = this.#last;
    const timestamp = new Date().toISOString();
    this.log.finish(content ? this.#answer({ id: "", role: "assistant", content, timestamp }) : undefined, timestamp);
    this.log.line("note", this.#language.texts.stopped);
  }

  #receive(message: Message): void {
    if (this.#known.has(message.id)) return;
    if (!this.#outbox.busy) this.log.finish();
    this.#append({ ...message, operator_name: message.operator_name ?? this.#operator?.name ?? "" });
    this.#arrived(message);
  }

  #arrived(message: Message): void {
    if (this.#shown) this.#memory.note({ seen: message.id });
    else this.#count(this.#unread + 1);
    this.#tabs?.tell({ message, seen: this.#seesAll });
    this.#core.emit("message", message);
  }

  get #seesAll(): boolean {
    return this.#shown && !document.hidden;
  }

  // What is said in another tab. That one delivers, asks for details, and tells the page.
  #hear({ visitor, message, seen, ended }: News): void {
    if (visitor !== this.#core.boot.visitor_id) {
      if (!this.#begun) this.#joinTab();
    } else if (message) this.#overhear(message, !!seen);
    else if (ended && !this.#outbox.busy) {
      this.#clear();
      this.#ready = this.#refresh(0);
    } else if (seen) this.#count(0);
  }

  #overhear(message: Message, seen: boolean): void {
    if (this.#known.has(message.id)) return;
    if (!this.#outbox.busy) this.log.finish();
    this.#append(message);
    this.#begin();
    if (message.role === "user") {
      this.#asked++;
      this.leads.clearOffers();
      this.log.scrollToEnd();
    } else if (!seen && this.#seesAll) this.#tabs?.tell({ seen: true });
    else if (!seen && !this.#shown) this.#count(this.#unread + 1);
  }

  // The visitor has begun in another tab. One look after the other: an answer may come while the first is under way.
  #joinTab(): void {
    this.#ready = this.#ready.then(() => this.#refresh(0));
  }

  #recount(history: Message[]): void {
    const seen = history.findIndex(({ id }) => id === this.#memory.seen);
    if (seen >= 0) this.#count(history.slice(seen + 1).filter(({ role }) => role !== "user").length);
  }

  #count(unread: number): void {
    if (unread !== this.#unread) this.#core.emit("unread", { count: unread });
    this.#unread = unread;
    this.#on.unread(unread);
  }

  #showTyping(): void {
    if (this.#outbox.busy) return;
    if (!this.log.writing) this.log.typing();
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#outbox.busy || this.log.finish(), TYPING_MS);
  }

  #handOver(operator: Operator | null, told = true): void {
    const { texts } = this.#language;
    const { name = texts.operator } = operator ?? this.#operator ?? {};
    const changed = name !== this.#operator?.name || !operator;
    if (told && changed && (operator || this.#operator)) this.log.line("note", fill(operator ? texts.joined : texts.left, { name }));
    // The launcher looks there whether there is somebody to be told that the visitor is typing.
    this.#operator = this.#core.boot.operator = operator && { name };
    this.#on.operator(this.#operator);
  }

  // Without a conversation there is nothing left to read, and the chat goes at once.
  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#live.want(false);
    if (!this.#shown || !this.#begun) return this.#core.minimise(), this.#core.retire();
    this.composer.disable();
    this.log.line("error", this.#language.texts.gone);
    // As if the page had a launcher of its own: ours is not to be seen again.
    this.#core.options.launcher = "none";
    this.#core.place();
  }
}

// crypto.randomUUID is missing on pages without HTTPS.
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

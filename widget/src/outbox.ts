// Delivers what the visitor wrote, in order and each message once: over broken lines, without one, and after a reload.
import { Failure, post } from "./client";
import type { Composer } from "./composer";
import type { Core } from "./core";
import { button, h } from "./dom";
import type { Log } from "./log";
import type { SessionMemory } from "./memory";
import { fill } from "./texts";
import type { Language } from "./texts";
import { span } from "./time";
import { runTurn } from "./turn";
import type { Turn } from "./turn";
import type { Done, Message, Source } from "./wire";

const RETRY_MS = 1_000;
// While the server still writes the answer that a broken line cut off, it refuses a second request for it.
const CONFLICT_TRIES_MAX = 20;
// How long a stopped answer is listened to for its id, so that it is known again.
const STOPPED_MS = 3_000;

export interface OutboxEvents {
  // Before anything is sent: the session may have to be renewed.
  ready(): Promise<unknown>;
  // The server has the message, under its id.
  stored(message: Message, node?: HTMLElement): void;
  answered(done: Done, offered: boolean): void;
  stopped(text: string): void;
  gone(): void;
}

interface Item {
  turn: Turn;
  node: HTMLElement;
}

export class Outbox {
  #queue: Item[] = [];
  #abort: AbortController | null = null;
  // Why the first message waits, as it is told at the end of the log.
  #line: HTMLElement | undefined;
  #offline = false;
  #online = () => this.#offline && void this.#pump();

  #core: Core;
  #log: Log;
  #composer: Composer;
  #memory: SessionMemory;
  #language: Language;
  #on: OutboxEvents;

  constructor(
    core: Core,
    log: Log,
    composer: Composer,
    memory: SessionMemory,
    language: Language,
    on: OutboxEvents,
  ) {
    this.#core = core;
    this.#log = log;
    this.#composer = composer;
    this.#memory = memory;
    this.#language = language;
    this.#on = on;
    addEventListener("online", this.#online);
  }

  get busy(): boolean {
    return !!this.#abort;
  }

  send(turn: Turn, node: HTMLElement): void {
    if (!this.#offline) this.#giveUp();
    this.#queue.push({ turn, node });
    this.#save();
    if (this.#line && !navigator.onLine) this.#log.add(this.#line);
    else void this.#pump();
  }

  stop(): void {
    const abort = this.#abort;
    const { text } = this.#log;
    post(this.#core, "stop", {}).catch(() => 0);
    setTimeout(() => abort?.abort(), STOPPED_MS);
    this.#settle();
    this.#on.stopped(text);
    void this.#pump();
  }

  clear(): void {
    this.#abort?.abort();
    this.#queue.length = 0;
    this.#line = undefined;
    this.#offline = false;
    this.#settle();
  }

  destroy(): void {
    this.#abort?.abort();
    removeEventListener("online", this.#online);
  }

  async #pump(): Promise<void> {
    const [item] = this.#queue;
    if (!item || this.#abort) return;
    const abort = (this.#abort = new AbortController());
    this.#line?.remove();
    this.#line = undefined;
    this.#offline = false;
    this.#composer.setBusy(true);
    for (let tries = 0; ; tries++) {
      this.#log.typing();
      await this.#on.ready();
      const failure = await this.#deliver(item, abort);
      if (!failure || this.#abort !== abort) return;
      // A line that broke once is tried again without asking.
      const broken = !failure.status && !tries && navigator.onLine;
      if (!broken && (failure.status !== 409 || tries >= CONFLICT_TRIES_MAX)) return this.#fail(failure, item);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #deliver({ turn, node }: Item, abort: AbortController): Promise<Failure | void> {
    const shown = () => this.#abort === abort;
    let sources: Source[] = [];
    let offered = false;
    try {
      if (!shown()) return;
      const done = await runTurn(this.#core, turn, {
        start: (message) => message?.id && this.#on.stored(message, node),
        delta: (text) => shown() && this.#log.write(text),
        sources: (list) => (sources = list),
        leadForm: () => (offered = true),
      }, abort.signal);
      const { message } = done;
      if (!shown()) return message ? this.#on.stored(message) : undefined;
      this.#settle();
      this.#on.answered({ ...done, message: message && { ...message, sources: message.sources ?? sources } }, offered);
      void this.#pump();
    } catch (error) {
      return error instanceof Failure ? error : new Failure(0);
    }
  }

  #settle(): void {
    this.#abort = null;
    this.#queue.shift();
    this.#save();
    this.#composer.setBusy(false);
  }

  #fail(failure: Failure, item: Item): void {
    const { status, retryAfterS } = failure;
    const { texts, locale } = this.#language;
    this.#abort = null;
    this.#composer.setBusy(false);
    this.#log.finish();
    this.#core.emit("error", failure);
    if (status === 403 || status === 404 || status === 410) return this.#on.gone();
    const final = status === 400 || status === 413 || status === 422;
    this.#offline = !status && !navigator.onLine;
    const text = this.#offline ? texts.offline : final ? texts.refused : texts.failed;
    const again = button("cf-quiet", texts.retry, () => (this.#composer.focus(), void this.#pump()), texts.retry);
    const busy = status === 429 && fill(texts.busy, { time: span(retryAfterS, locale) });
    this.#line = this.#log.line(this.#offline ? "wait" : "error", busy || text, final ? undefined : again);
    if (final) {
      this.#undelivered();
      this.#composer.restore(item.turn.content);
    }
    if (!busy) return;
    again.disabled = true;
    setTimeout(() => (again.disabled = false), retryAfterS * 1000);
  }

  // The visitor moved on: the message stays where it is, marked.
  #giveUp(): void {
    if (this.#line) this.#undelivered();
    this.#line?.remove();
    this.#line = undefined;
  }

  #undelivered(): void {
    this.#queue.shift()?.node.append(h("span", { class: "cf-undelivered" }, this.#language.texts.undelivered));
    this.#save();
  }

  #save(): void {
    this.#memory.keep(this.#queue.map(({ turn }) => turn));
  }
}

// The open line for what the server says unasked: an operator's messages and typing, and the agent's deactivation.
import { call, Failure } from "./client";
import type { Core } from "./core";
import { readEvents } from "./sse";
import type { Message } from "./wire";

export interface LiveEvents {
  message(message: Message): void;
  typing(): void;
  deactivated(): void;
}

const BACKOFF_MS_MIN = 1_000;
const BACKOFF_MS_MAX = 30_000;

export class Live {
  #core: Core;
  #on: LiveEvents;
  #wanted = false;
  #controller: AbortController | null = null;
  #timer = 0;
  #tries = 0;
  #lastId = "";
  #update = () => this.#connectOrRest();

  constructor(core: Core, on: LiveEvents) {
    this.#core = core;
    this.#on = on;
    document.addEventListener("visibilitychange", this.#update);
    addEventListener("online", this.#update);
  }

  want(wanted: boolean): void {
    this.#wanted = wanted;
    this.#connectOrRest();
  }

  destroy(): void {
    this.want(false);
    document.removeEventListener("visibilitychange", this.#update);
    removeEventListener("online", this.#update);
  }

  #connectOrRest(): void {
    clearTimeout(this.#timer);
    if (!this.#wanted || document.hidden) {
      this.#controller?.abort();
      this.#controller = null;
    } else if (!this.#controller) void this.#connect();
  }

  async #connect(): Promise<void> {
    const controller = (this.#controller = new AbortController());
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (this.#lastId) headers["Last-Event-ID"] = this.#lastId;
    try {
      const response = await call(this.#core, "events", { headers, signal: controller.signal });
      for await (const event of readEvents(response.body!, () => (this.#tries = 0))) {
        if (event.id) this.#lastId = event.id;
        if (event.event === "message") this.#on.message(event.data as Message);
        else if (event.event === "typing") this.#on.typing();
        else if (event.event === "deactivated") this.#on.deactivated();
        else if (event.event === "bye") break;
      }
    } catch (error) {
      const { status } = error as Failure;
      if (this.#controller === controller && (status === 403 || status === 404)) this.#on.deactivated();
    }
    if (this.#controller !== controller) return;
    this.#controller = null;
    // Jitter keeps a restarted server from meeting all its visitors in the same instant.
    const waitMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#tries++);
    if (this.#wanted) this.#timer = setTimeout(this.#update, waitMs * (0.5 + Math.random() / 2));
  }
}

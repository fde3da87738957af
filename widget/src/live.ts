// The open line for what the server says unasked: an operator's doings, and the agent's deactivation.
import { call, Failure } from "./client";
import type { Core } from "./core";
import { readEvents } from "./sse";
import type { Message, Operator } from "./wire";

export interface LiveEvents {
  operator_message(message: Message): void;
  // The agent's, where a person was to answer and did not.
  agent_message(message: Message): void;
  typing(operator: Operator): void;
  taken_over(operator: Operator): void;
  handed_back(operator: Operator & { away?: boolean }): void;
  deactivated(): void;
  // Something may have been said while the line was down.
  again(): void;
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
  #connected = false;
  #lastId = "";
  #visitor = "";
  // Connects, or rests, or turns to another visitor. An open line would keep a page that is left out of the browser's memory
  // of pages.
  look = ({ type }: { type?: string } = {}) => this.#connectOrRest(type === "pagehide");

  constructor(core: Core, on: LiveEvents) {
    this.#core = core;
    this.#on = on;
    document.addEventListener("visibilitychange", this.look);
    for (const type of ["online", "pagehide", "pageshow"]) addEventListener(type, this.look);
  }

  want(wanted: boolean): void {
    this.#wanted = wanted;
    this.look();
  }

  destroy(): void {
    this.want(false);
    document.removeEventListener("visibilitychange", this.look);
    for (const type of ["online", "pagehide", "pageshow"]) removeEventListener(type, this.look);
  }

  #connectOrRest(leaving: boolean): void {
    const { visitor_id } = this.#core.boot;
    clearTimeout(this.#timer);
    if (visitor_id !== this.#visitor) {
      this.#controller?.abort();
      this.#controller = null;
      this.#visitor = visitor_id;
      this.#lastId = "";
      this.#connected = false;
    }
    if (!this.#wanted || !this.#visitor || document.hidden || leaving) {
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
      if (this.#connected) this.#on.again();
      this.#connected = true;
      for await (const { event, data, id } of readEvents(response.body!, () => (this.#tries = 0))) {
        if (id) this.#lastId = id;
        if (event === "bye") break;
        // Unknown events are those of a newer server.
        if (Object.hasOwn(this.#on, event)) this.#on[event as keyof LiveEvents](data as Message & Operator);
      }
    } catch (error) {
      const { status } = error as Failure;
      if (this.#controller === controller && (status === 403 || status === 404)) this.#on.deactivated();
    }
    if (this.#controller !== controller) return;
    this.#controller = null;
    // Jitter keeps a restarted server from meeting all its visitors in the same instant.
    const waitMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#tries++);
    if (this.#wanted) this.#timer = setTimeout(this.look, waitMs * (0.5 + Math.random() / 2));
  }
}

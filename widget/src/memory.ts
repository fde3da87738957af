// Remembers the session across pages; nothing is written before the visitor's first message.
import { memoryKey, recall } from "./boot";
import type { Core } from "./core";

export class SessionMemory {
  #core: Core;
  #started: boolean;
  #seen: string | null;

  constructor(core: Core) {
    const stored = recall(core.boot.agent.id);
    this.#core = core;
    this.#started = stored !== null;
    this.#seen = stored?.seen ?? null;
  }

  firstMessage(): void {
    this.#started = true;
    this.#write();
  }

  seen(id: string | undefined): void {
    if (id) this.#seen = id;
    if (this.#started) this.#write();
  }

  #write(): void {
    const { agent, session } = this.#core.boot;
    try {
      localStorage.setItem(memoryKey(agent.id), JSON.stringify({ session, seen: this.#seen }));
    } catch {
      // Refused or full: the session then lasts as long as the page.
    }
  }
}

// Remembers across pages the session, what has been seen, and what has no answer yet. Nothing is written before the
// visitor's first message.
import { memoryKey, recall } from "./boot";
import type { Memory } from "./boot";
import type { Core } from "./core";
import type { Turn } from "./turn";

export class SessionMemory {
  #core: Core;
  #kept: Memory | null;

  constructor(core: Core) {
    this.#core = core;
    this.#kept = recall(core.boot.agent.id);
  }

  get seen(): string | null {
    return this.#kept?.seen ?? null;
  }

  get unsent(): Turn[] {
    return this.#kept?.unsent ?? [];
  }

  begin(): void {
    this.#kept ??= { session: "", seen: null, open: true };
    this.note({});
  }

  note(change: Partial<Memory>): void {
    if (!this.#kept) return;
    const { agent, session } = this.#core.boot;
    Object.assign(this.#kept, change, { session });
    try {
      localStorage.setItem(memoryKey(agent.id), JSON.stringify(this.#kept));
    } catch {
      // Refused or full: the session then lasts as long as the page.
    }
  }
}

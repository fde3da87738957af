// Remembers across pages the session, what has been seen, and what has no answer yet. Nothing is written before the
// visitor's first message.
import { memoryKey, recall } from "./boot";
import type { Memory } from "./boot";
import type { Core } from "./core";
import type { Turn } from "./turn";

const CONTENT_CHARS_MAX = 4000;
const CLIENT_ID = /^[0-9a-f]{32}$/;
// What had no answer when the page went away is sent again, unless that is long ago.
const RESUME_MS_MAX = 600_000;

export class SessionMemory {
  #core: Core;
  #kept: Memory | null = null;
  // Those of this page; other tabs keep theirs.
  #own = new Set<string>();

  constructor(core: Core) {
    this.#core = core;
  }

  // Whether what is kept is this visitor's. Another tab may have begun, before this one knew of it.
  join(): boolean {
    const { agent, visitor_id } = this.#core.boot;
    const kept = recall(agent.id);
    const ours = !kept?.visitor || kept.visitor === visitor_id;
    if (ours) this.#kept ??= kept;
    return ours;
  }

  get seen(): unknown {
    return this.#kept?.seen;
  }

  get unsent(): Turn[] {
    return turns(this.#kept);
  }

  begin(): void {
    this.#kept ??= { session: "", open: true };
    this.note({});
  }

  forget(): void {
    this.#kept = null;
  }

  keep(queue: Turn[]): void {
    for (const { client_id } of queue) this.#own.add(client_id);
    const others = turns(recall(this.#core.boot.agent.id)).filter(({ client_id }) => !this.#own.has(client_id));
    this.note({ unsent: { ...others.concat(queue) } });
  }

  note(change: Partial<Memory>): void {
    if (!this.#kept) return;
    const { agent, session, visitor_id: visitor } = this.#core.boot;
    this.#kept = { ...this.#kept, ...recall(agent.id), ...change, session, visitor };
    try {
      localStorage.setItem(memoryKey(agent.id), JSON.stringify(this.#kept));
    } catch {
      // Refused or full: the session then lasts as long as the page.
    }
  }
}

// Each field may be anything.
function turns(kept: Memory | null): Turn[] {
  const found = Object.values(Object(kept?.unsent) as Record<string, unknown>);
  return found.flatMap((turn) => {
    const { content, client_id, sent_ms } = Object(turn) as Turn;
    const chars = content?.trim?.().length;
    const fits = chars > 0 && chars <= CONTENT_CHARS_MAX && Math.abs(Date.now() - sent_ms) < RESUME_MS_MAX && CLIENT_ID.test(client_id);
    return fits ? [{ content, client_id: `${client_id}`, sent_ms: +sent_ms }] : [];
  });
}

// Tells the visitor's other tabs what is said in this one, and hears what is said there.
import { attempt } from "./attempt";
import { memoryKey } from "./boot";
import type { Core } from "./core";
import type { Message } from "./wire";

export interface News {
  visitor: string;
  message?: Message;
  // Somebody has looked at everything.
  seen?: boolean;
  ended?: boolean;
}

export class Tabs {
  #channel: BroadcastChannel | undefined;
  #core: Core;
  #open: () => void;
  // A page with an open channel is not kept in the browser's memory of pages.
  #close = () => {
    this.#channel?.close();
    this.#channel = undefined;
  };
  // Nothing is left of what was kept: the visitor has been forgotten in another tab.
  #forgotten = ({ key, newValue }: StorageEvent) => {
    if (key === memoryKey(this.#core.boot.agent.id) && newValue === null) this.#core.forget();
  };

  constructor(core: Core, hear: (news: News) => void) {
    this.#core = core;
    this.#open = () => {
      this.#close();
      this.#channel = new BroadcastChannel(memoryKey(core.boot.agent.id));
      this.#channel.onmessage = ({ data }) => attempt(core, () => hear(data as News));
    };
    addEventListener("storage", this.#forgotten);
    addEventListener("pageshow", this.#open);
    addEventListener("pagehide", this.#close);
    this.#open();
  }

  tell(news: Omit<News, "visitor">): void {
    this.#channel?.postMessage({ visitor: this.#core.boot.visitor_id, ...news });
  }

  destroy(): void {
    removeEventListener("storage", this.#forgotten);
    removeEventListener("pageshow", this.#open);
    removeEventListener("pagehide", this.#close);
    this.#close();
  }
}

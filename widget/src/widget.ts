// The widget's state and its public calls: boots, shows the launcher, loads the panel when it is wanted.
import { recall, requestBoot } from "./boot";
import type { BootError } from "./boot";
import type { Core, EventName, Panel, PanelModule } from "./core";
import type { Options } from "./options";
import { Stage } from "./stage";
import type { State } from "./stage";
import type { Boot } from "./wire";

declare const PANEL_HASH: string;

const BOOT_RETRY_MS = 5_000;
const BOOT_TRIES_MAX = 6;

export class Widget implements Core {
  boot!: Boot;
  root!: ShadowRoot;
  #stage: Stage | undefined;
  #panel: Panel | undefined;
  #loading: Promise<Panel> | undefined;
  #booting: Promise<Boot> | undefined;
  #bootedAtMs = 0;
  #tries = 0;
  #wanted: boolean;
  #unread = 0;
  #listeners: [unknown, (detail: unknown) => void][] = [];

  constructor(readonly origin: string, readonly options: Options, readonly warn: (text: string) => void) {
    // On a phone the panel would cover the page before anyone has seen it.
    this.#wanted = /^(|true)$/.test(options.open ?? "-") && innerWidth >= 480;
  }

  run([command, first, second]: unknown[]): void {
    if (command === "open") void this.#show();
    else if (command === "close") this.minimise();
    else if (command === "end") this.#panel?.end();
    else if (command === "destroy") this.#destroy();
    else if (command === "on") this.#listeners.push([first, second as () => void]);
    else if (command === "set") this.#set(first as Options);
    else this.warn(`unknown call ${command}`);
  }

  async start(): Promise<void> {
    try {
      await this.refresh(0);
    } catch (error) {
      const { status = 0, message } = error as BootError;
      // Unknown agent or foreign page: trying again is no use.
      if (status >= 400 && status < 500 && status !== 429) this.warn(`not shown: ${message}`);
      else if (++this.#tries < BOOT_TRIES_MAX) setTimeout(() => void this.start(), BOOT_RETRY_MS * 2 ** this.#tries);
      return;
    }
    if (window.ChatForge) this.#draw();
  }

  async refresh(ageMsMax: number): Promise<Boot> {
    if (this.boot && performance.now() - this.#bootedAtMs < ageMsMax) return this.boot;
    const session = this.boot?.session ?? recall(this.options.agent!)?.session;
    this.#booting ??= requestBoot(this.origin, this.options, session).finally(() => (this.#booting = undefined));
    this.boot = await this.#booting;
    this.#bootedAtMs = performance.now();
    return this.boot;
  }

  addUnread(count: number): void {
    this.#unread += count;
    this.#update();
    this.emit("unread", { count: this.#unread });
  }

  // A listener that throws is the page's error, not ours.
  emit(event: EventName, detail?: unknown): void {
    for (const [name, listener] of this.#listeners) {
      if (name === event) queueMicrotask(() => listener(detail));
    }
  }

  minimise(): void {
    const shown = this.#wanted && this.#panel;
    this.#wanted = false;
    this.#update();
    if (!shown) return;
    const focused = this.root.activeElement;
    shown.hide();
    if (focused) this.#stage?.button.focus();
    this.emit("close");
  }

  #draw(): void {
    const { agent, history } = this.boot;
    const stage = (this.#stage = new Stage(agent));
    const near = () => void this.#load().catch(() => 0);
    this.root = stage.root;
    stage.place(this.options);
    stage.button.onclick = () => (this.#wanted ? this.minimise() : this.#show());
    stage.button.onpointerenter = stage.button.onfocus = near;
    const last = history.findIndex(({ id }) => id === recall(agent.id)?.seen);
    if (last >= 0) this.#unread = history.slice(last + 1).filter(({ role }) => role !== "user").length;
    this.#update();
    this.emit("ready");
    if (this.#wanted) void this.#show(false);
  }

  async #show(focus = true): Promise<void> {
    this.#wanted = true;
    if (!this.#stage) return;
    try {
      this.#update("loading");
      this.#panel = await this.#load();
    } catch (error) {
      this.#wanted = false;
      this.#update();
      this.warn(`the chat could not be loaded: ${error}`);
      return this.emit("error", error);
    }
    if (!this.#wanted || !this.#stage) return;
    this.#unread = 0;
    this.#update();
    this.#panel.show(focus);
    this.emit("open");
  }

  // Browsers remember a failed import by its address, so the second try needs another one.
  #load(): Promise<Panel> {
    const address = `${this.origin}/widget/panel-${PANEL_HASH}.js`;
    this.#loading ??= import(address)
      .catch(() => import(`${address}?${Date.now()}`))
      .then((module: PanelModule) => module.mount(this));
    this.#loading.catch(() => (this.#loading = undefined));
    return this.#loading;
  }

  #set(values: Options): void {
    Object.assign(this.options, values, { agent: this.options.agent });
    this.#stage?.place(this.options);
    this.#update();
  }

  #update(state: State = this.#wanted && this.#panel ? "open" : "closed"): void {
    this.#stage?.update(this.options, state, this.#unread);
  }

  #destroy(): void {
    this.#panel?.destroy();
    this.#stage?.remove();
    this.#stage = undefined;
    this.#tries = BOOT_TRIES_MAX;
    this.#listeners = [];
    delete window.ChatForge;
  }
}

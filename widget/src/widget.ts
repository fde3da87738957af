// The widget's state and its public calls: boots, shows the launcher, loads the panel when the page is idle.
import { memoryKey, recall, requestBoot } from "./boot";
import type { BootError } from "./boot";
import type { Core, EventName, Panel, PanelModule } from "./core";
import { isNarrow, selector } from "./options";
import type { Options } from "./options";
import { Stage } from "./stage";
import type { Agent, Boot } from "./wire";

declare const PANEL_HASH: string;

const BOOT_RETRY_MS = 5_000;
const BOOT_TRIES_MAX = 6;

export class Widget implements Core {
  declare boot: Boot;
  declare root: ShadowRoot;
  declare host: HTMLElement;
  declare button: HTMLButtonElement;
  #stage: Stage | undefined;
  #panel: Panel | undefined;
  #loading: Promise<Panel> | undefined;
  #booting: Promise<Boot> | undefined;
  #bootedAtMs = -Infinity;
  #tries = 0;
  #wanted: boolean;
  #forgotten = 0;
  #listeners: [unknown, (detail: unknown) => void][] = [];
  // Delegated, so that the page's own launcher may come and go.
  #click = ({ target }: Event) => {
    if ((target as Element).closest?.(this.options.launcher!)) this.#toggle();
  };

  constructor(readonly origin: string, readonly options: Options, readonly warn: (text: string) => void) {
    options.inline = selector(options.inline);
    options.launcher = selector(options.launcher);
    // On a phone the panel would cover the page before anyone has seen it.
    this.#wanted = !!options.inline || (/^(|true)$/.test(options.open ?? "-") && !isNarrow());
    if (options.launcher) addEventListener("click", this.#click);
  }

  run([command, first, second]: unknown[]): void {
    if (command === "open") void this.show();
    else if (command === "close") this.minimise();
    else if (command === "toggle") this.#toggle();
    else if (command === "end") this.#panel?.end();
    else if (command === "forget") this.forget();
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
      if (/^4(?!29)/.test(`${status}`)) this.warn(`not shown: ${message}`);
      else if (++this.#tries < BOOT_TRIES_MAX) setTimeout(() => void this.start(), BOOT_RETRY_MS * 2 ** this.#tries);
      return;
    }
    if (window.ChatForge) this.#draw();
  }

  async refresh(ageMsMax: number): Promise<Boot> {
    if (performance.now() - this.#bootedAtMs < ageMsMax) return this.boot;
    const forgotten = this.#forgotten;
    // Another tab may have begun the conversation.
    const session = recall(this.options.agent!)?.session || this.boot?.session;
    this.#booting ??= requestBoot(this.origin, this.options, session).finally(() => (this.#booting = undefined));
    const boot = await this.#booting;
    if (forgotten !== this.#forgotten) return this.refresh(0);
    this.#bootedAtMs = performance.now();
    return (this.boot = boot);
  }

  forget(): void {
    this.#forgotten++;
    this.#booting = undefined;
    try {
      localStorage.removeItem(memoryKey(this.options.agent!));
    } catch {
      // Refused: then nothing was kept.
    }
    this.#panel?.forget();
    if (this.boot) this.boot.session = "";
  }

  // A listener that throws is the page's error, not ours.
  emit(event: EventName, detail?: unknown): void {
    for (const [name, listener] of this.#listeners) {
      if (name === event) queueMicrotask(() => listener(detail));
    }
  }

  minimise(): void {
    const shown = this.#wanted && this.#panel;
    if (this.options.inline) return;
    this.#wanted = false;
    if (!shown) return;
    shown.hide();
    this.emit("close");
  }

  async show(focus = true): Promise<void> {
    this.#wanted = true;
    if (!this.#stage || this.host.hidden) return;
    try {
      this.#panel = await this.#load();
    } catch (error) {
      this.#wanted = false;
      this.warn(`the chat could not be loaded: ${error}`);
      return this.emit("error", error);
    }
    if (!this.#wanted || !this.#stage || this.host.hidden) return;
    this.#panel.show(focus);
    this.emit("open");
  }

  place(): void {
    this.#stage?.place();
  }

  retire(): void {
    this.#stage?.remove();
    this.#stage = undefined;
    removeEventListener("click", this.#click);
  }

  #toggle(): void {
    if (this.#wanted) this.minimise();
    else void this.show();
  }

  #draw(): void {
    const { agent, conversation_id } = this.boot;
    const stage = (this.#stage = new Stage(agent, this.options));
    const near = () => void this.#load().then((panel) => (this.#panel ??= panel), () => 0);
    Object.assign(this, stage);
    stage.button.onclick = () => this.#toggle();
    stage.button.onpointerenter = stage.button.onfocus = near;
    this.emit("ready");
    // A chat that goes on stays open from page to page.
    this.#wanted ||= !!conversation_id && recall(agent.id)?.open === true && !isNarrow();
    if (this.#wanted) void this.show(false);
    else whenIdle(near);
  }

  // Browsers remember a failed import by its address, so the second try needs another one.
  #load(): Promise<Panel> {
    const address = `${this.origin}/widget/panel-${PANEL_HASH}.js`;
    this.#loading ??= import(address)
      .catch(() => import(`${address}?${Date.now()}`))
      .then((module: PanelModule) => {
        const panel = module.mount(this);
        // From here on the panel follows the page; it may have moved on before.
        this.place();
        return panel;
      });
    this.#loading.catch(() => (this.#loading = undefined));
    return this.#loading;
  }

  // `preview` holds fields of the agent as they are being edited.
  #set({ preview, ...values }: Options & { preview?: Partial<Agent> }): void {
    Object.assign(this.options, values, { agent: this.options.agent });
    Object.assign(this.boot?.agent ?? {}, preview);
    this.place();
    this.#panel?.update();
  }

  #destroy(): void {
    this.#panel?.destroy();
    this.retire();
    this.#tries = BOOT_TRIES_MAX;
    this.#listeners = [];
    delete window.ChatForge;
  }
}

export function whenIdle(work: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(work, { timeout: 2000 });
  else setTimeout(work, 200);
}

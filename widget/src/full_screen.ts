// On narrow screens the panel covers the page: then it is modal, the page stands still, the keyboard is made room for,
// and going back closes it.
import { isNarrow } from "./options";

export class FullScreen {
  // Only the body that we made inert may we make usable again; frameworks replace it.
  #held: HTMLElement | null = null;
  #room = new CSSStyleSheet();
  #still = new CSSStyleSheet();
  #entered = false;
  #leaving = false;
  #observer = new MutationObserver(() => this.update());
  #on = () => this.update();
  #back = () => {
    const closed = this.#entered && !this.#leaving;
    this.#entered = this.#leaving = false;
    if (closed) this.#close();
    else this.update();
  };

  #root: ShadowRoot;
  #panel: HTMLElement;
  #close: () => void;
  #inline: boolean;

  constructor(root: ShadowRoot, panel: HTMLElement, close: () => void, inline: boolean) {
    this.#root = root;
    this.#panel = panel;
    this.#close = close;
    this.#inline = inline;
    this.#still.replaceSync("html,body{overflow:hidden!important}");
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, this.#room];
    addEventListener("resize", this.#on);
    addEventListener("popstate", this.#back);
    visualViewport?.addEventListener("resize", this.#on);
    visualViewport?.addEventListener("scroll", this.#on);
    this.#observer.observe(document.documentElement, { childList: true });
  }

  get active(): boolean {
    return isNarrow() && !this.#panel.hidden && !this.#inline;
  }

  update(): void {
    const { active } = this;
    this.#panel.ariaModal = String(active);
    this.#fitKeyboard(active);
    this.#enter(active);
    if (this.#held === (active ? document.body : null) || (active && document.body.inert)) return;
    if (this.#held) this.#held.inert = false;
    this.#held = active ? document.body : null;
    if (active) document.body.inert = true;
    const others = document.adoptedStyleSheets.filter((sheet) => sheet !== this.#still);
    document.adoptedStyleSheets = active ? [...others, this.#still] : others;
  }

  destroy(): void {
    this.update();
    this.#root.adoptedStyleSheets = this.#root.adoptedStyleSheets.filter((sheet) => sheet !== this.#room);
    this.#observer.disconnect();
    removeEventListener("resize", this.#on);
    removeEventListener("popstate", this.#back);
    visualViewport?.removeEventListener("resize", this.#on);
    visualViewport?.removeEventListener("scroll", this.#on);
  }

  // An entry like the page's own, so that its router sees no change when it is left again.
  #enter(active: boolean): void {
    if (active === this.#entered || this.#leaving) return;
    if (active) history.pushState(history.state, "");
    else history.back();
    this.#entered = active;
    this.#leaving = !active;
  }

  // iOS moves the page under the keyboard and leaves 100dvh as it was. A pinch-zoomed page is left alone.
  #fitKeyboard(active: boolean): void {
    const view = visualViewport;
    const covered = active && view && view.scale === 1 && innerHeight - view.height > 1;
    this.#room.replaceSync(covered ? `.cf-panel{--cf-top:${view.offsetTop}px;--cf-height:${view.height}px;--cf-foot:0px}` : "");
  }
}

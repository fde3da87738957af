// On narrow screens the panel covers the page: then it is modal, the page stands still, and the keyboard is made room for.

const NARROW = "(max-width: 479.98px)";

export class FullScreen {
  #query = matchMedia(NARROW);
  #panel: HTMLElement;
  #room = new CSSStyleSheet();
  #still = new CSSStyleSheet();
  // Only what we made inert may we make usable again.
  #held = false;
  #on = () => this.update();

  constructor(root: ShadowRoot, panel: HTMLElement) {
    this.#panel = panel;
    this.#still.replaceSync("html,body{overflow:hidden!important}");
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, this.#room];
    this.#query.addEventListener("change", this.#on);
    visualViewport?.addEventListener("resize", this.#on);
    visualViewport?.addEventListener("scroll", this.#on);
  }

  get active(): boolean {
    return this.#query.matches && !this.#panel.hidden;
  }

  update(): void {
    const { active } = this;
    this.#panel.setAttribute("aria-modal", String(active));
    this.#fitKeyboard(active);
    if (active === this.#held || (active && document.body.inert)) return;
    this.#held = active;
    document.body.inert = active;
    const others = document.adoptedStyleSheets.filter((sheet) => sheet !== this.#still);
    document.adoptedStyleSheets = active ? [...others, this.#still] : others;
  }

  destroy(): void {
    this.update();
    this.#query.removeEventListener("change", this.#on);
    visualViewport?.removeEventListener("resize", this.#on);
    visualViewport?.removeEventListener("scroll", this.#on);
  }

  // iOS moves the page under the keyboard and leaves 100dvh as it was. A pinch-zoomed page is left alone.
  #fitKeyboard(active: boolean): void {
    const view = visualViewport;
    const covered = active && view && view.scale === 1 && innerHeight - view.height > 1;
    this.#room.replaceSync(covered ? `.cf-panel{--cf-top:${view.offsetTop}px;--cf-height:${view.height}px;--cf-foot:0px}` : "");
  }
}

// The one element in the host's page, the shadow root in which everything lives, and the round button.
import { inkOn, safeColor } from "./color";
import css from "./launcher.css";
import { locale, offsets, side, zIndex } from "./options";
import type { Options } from "./options";
import { fill, launcherStrings } from "./strings";
import type { Agent } from "./wire";

const SVG = "http://www.w3.org/2000/svg";
const BUBBLE = "M7 4h10a5 5 0 0 1 5 5v3a5 5 0 0 1-5 5h-3.6l-4.6 4.1A.8.8 0 0 1 7.5 20.5V17H7a5 5 0 0 1-5-5V9a5 5 0 0 1 5-5Z";
const CHEVRON = "m6 9 6 6 6-6";
const UNREAD_SHOWN_MAX = 9;

export type State = "closed" | "loading" | "open";

export class Stage {
  host = document.createElement("div");
  root = this.host.attachShadow({ mode: "open" });
  button = document.createElement("button");
  #badge = document.createElement("span");
  #icon = document.createElementNS(SVG, "path");
  #theme = new CSSStyleSheet();
  #observer = new MutationObserver(() => this.#attach());

  constructor(private agent: Agent) {
    const { button, root, host } = this;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet, this.#theme];
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.append(this.#icon);
    button.append(svg, this.#badge);
    button.className = "cf-launcher cf-side";
    button.ariaHasPopup = "dialog";
    root.append(button);
    host.id = "chatforge";
    this.#attach();
    this.#observer.observe(document.documentElement, { childList: true });
  }

  // A stylesheet rather than a style attribute, which hosts may forbid. Only checked values go in.
  place(options: Options): void {
    const color = safeColor(this.agent.color);
    const [x, y] = offsets(options);
    const edge = side(options, this.agent.position);
    this.#theme.replaceSync(
      `:host{z-index:${zIndex(options)}!important;--cf-color:${color};--cf-ink:${inkOn(color)};--cf-x:${x}px;--cf-y:${y}px}` +
        `.cf-side{${edge}:calc(var(--cf-x) + env(safe-area-inset-${edge}));transform-origin:bottom ${edge}}`,
    );
  }

  update(options: Options, state: State, unread: number): void {
    const { button } = this;
    const open = state === "open";
    const texts = launcherStrings(locale(options));
    button.dataset.state = state;
    button.ariaExpanded = String(open);
    button.ariaLabel =
      (open ? texts.minimise : fill(texts.open, this.agent)) + (unread ? `, ${fill(texts.unread, { unread })}` : "");
    this.#icon.setAttribute("d", open ? CHEVRON : BUBBLE);
    this.#badge.textContent = unread > UNREAD_SHOWN_MAX ? `${UNREAD_SHOWN_MAX}+` : `${unread || ""}`;
  }

  remove(): void {
    this.#observer.disconnect();
    this.host.remove();
  }

  // Beside the body, not in it: frameworks replace the body, and a transformed body would carry fixed children along.
  #attach(): void {
    if (!this.host.isConnected) document.documentElement.append(this.host);
  }
}

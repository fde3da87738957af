// The one element in the host's page, the shadow root in which everything lives, and the launcher.
import { inkOn } from "./color";
import css from "./launcher.css";
import { hides, offsets, side, zIndex } from "./options";
import type { Options } from "./options";
import type { Agent } from "./wire";

const SVG = "http://www.w3.org/2000/svg";
const BUBBLE = "M7 4h10a5 5 0 0 1 5 5v3a5 5 0 0 1-5 5h-3.6l-4.6 4.1A.8.8 0 0 1 7.5 20.5V17H7a5 5 0 0 1-5-5V9a5 5 0 0 1 5-5Z";

export class Stage {
  host = document.createElement("div");
  root = this.host.attachShadow({ mode: "open" });
  button = document.createElement("button");
  #theme = new CSSStyleSheet();
  #observer = new MutationObserver(() => this.#attach());

  constructor(private agent: Agent, private options: Options) {
    const { button, root, host } = this;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet, this.#theme];
    const [svg, path] = ["svg", "path"].map((name) => document.createElementNS(SVG, name)) as [SVGElement, SVGElement];
    const label = document.createElement("span");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.append(path);
    path.setAttribute("d", BUBBLE);
    label.textContent = agent.launcher_text;
    button.append(svg, label);
    button.className = "cf-launcher cf-side";
    button.ariaLabel = agent.launcher_text || `Chat with ${agent.name}`;
    root.append(button);
    host.id = "chatforge";
    this.place();
    this.#attach();
  }

  // A stylesheet rather than a style attribute, which hosts may forbid. Only checked values go in: the server has read the
  // colour.
  place(): void {
    const { agent, options, button, host } = this;
    const { color } = agent;
    const [x, y] = offsets(options, agent);
    const edge = side(options, agent.position);
    host.hidden = hides(agent.hide_on);
    button.hidden = !!(options.launcher || options.inline);
    this.#theme.replaceSync(
      `:host{z-index:${zIndex(options)}!important;--cf-color:${color};--cf-ink:${inkOn(color)};--cf-x:${x}px;--cf-y:${y}px}` +
        `.cf-side{${edge}:calc(var(--cf-x) + env(safe-area-inset-${edge}))}`,
    );
  }

  remove(): void {
    this.#observer.disconnect();
    this.host.remove();
  }

  // Beside the body, not in it: frameworks replace the body, and a transformed body would carry fixed children along.
  #attach(): void {
    const { documentElement } = document;
    const { inline } = this.options;
    if (!this.host.isConnected) (inline ? document.querySelector(inline) : documentElement)?.append(this.host);
    this.#observer.observe(document, { childList: true, subtree: !!inline });
    this.#observer.observe(documentElement, { childList: true, subtree: !!inline });
  }
}

// The panel's head: who answers, and the buttons that begin anew, minimise and end.
import type { Core } from "./core";
import { button, h, icon } from "./dom";
import { CROSS, MINUS, RESTART } from "./icons";
import type { Texts } from "./texts";
import type { Operator } from "./wire";

export interface Header {
  node: HTMLElement;
  begun(begun: boolean): void;
  introduce(operator: Operator | null): void;
}

export function header(core: Core, texts: Texts, on: { restart(): void; end(): void }): Header {
  const { boot, options } = core;
  const { name, disclosure } = boot.agent;
  const who = h("p", { class: "cf-who" });
  const avatar = h("span", { class: "cf-avatar", "aria-hidden": "true" });
  const restart = button("cf-tool", texts.restart, on.restart, icon(RESTART));
  const node = h(
    "div",
    { class: "cf-header" },
    avatar,
    h("div", { class: "cf-title" }, h("h2", {}, name), who),
    restart,
  );
  if (!options.inline) node.append(button("cf-tool", texts.minimise, () => core.minimise(), icon(MINUS)), button("cf-tool", texts.end, on.end, icon(CROSS)));
  const introduce = (operator: Operator | null) => {
    avatar.textContent = Array.from((operator?.name ?? name).trim())[0]?.toUpperCase() ?? "";
    who.textContent = operator ? `${operator.name} · ${texts.operator}` : disclosure ? texts.disclosure : "";
  };
  introduce(null);
  restart.hidden = true;
  return { node, introduce, begun: (begun) => (restart.hidden = !begun) };
}

// Builds nodes without ever parsing HTML, so that pages which demand Trusted Types can embed us.

export type Child = Node | string | null | false | undefined;

type Attributes = Record<string, string | number | boolean | null | undefined>;

export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.filter((child): child is Node | string => !!child));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

export function button(name: string, label: string, press: () => void, ...children: Child[]): HTMLButtonElement {
  const named = children.some((child) => typeof child === "string");
  const node = h("button", { class: name, type: "button", "aria-label": named ? null : label, title: named ? null : label }, ...children);
  node.addEventListener("click", press);
  return node;
}

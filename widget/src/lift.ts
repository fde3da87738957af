// Keeps the launcher above what covers its corner: a cookie banner, a bar at the foot of the page.
import type { Core } from "./core";

const LOOK_MS = 500;
const STEP_PX = 4;
const GAP_PX = 12;

export function watchCorner({ root, button, host }: Core): () => void {
  const sheet = new CSSStyleSheet();
  const look = () => {
    // On a phone the open chat covers it, and the page behind cannot be asked.
    if (document.body.inert) return;
    // First back to where it belongs, and nobody sees it.
    sheet.replaceSync("");
    const lift = liftOf(button.getBoundingClientRect(), host);
    const bottom = parseFloat(getComputedStyle(host).getPropertyValue("--cf-y"));
    if (lift) sheet.replaceSync(`:host{--cf-y:${bottom + lift}px}`);
  };
  const timer = setInterval(look, LOOK_MS);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  look();
  return () => {
    clearInterval(timer);
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet);
  };
}

function liftOf({ left, right, top, bottom, width }: DOMRect, host: Element): number {
  const columns = [left, left + width / 2, right - 1];
  const covered = (lift: number) =>
    [top, (top + bottom) / 2, Math.min(bottom + (lift && GAP_PX), innerHeight - 1)].some((y) => columns.some((x) => isCovered(x, y - lift, host)));
  for (let lift = 0; width && top - lift >= innerHeight / 2; lift += STEP_PX) if (!covered(lift)) return lift;
  // In the middle of the screen it would be in the way itself.
  return 0;
}

function isCovered(x: number, y: number, host: Element): boolean {
  const hit = document.elementsFromPoint(x, y).find((node) => node !== host);
  const inner = hit?.shadowRoot?.elementFromPoint(x, y) ?? hit;
  return !!inner && (floats(inner) || holdsElsewhere(inner, x, y));
}

// What is not fixed scrolls away by itself, and what fills the screen is the page, or stands before all of it.
function floats(start: Element): boolean {
  for (let node: Element | null | undefined = start; node && node !== document.body; node = node.parentElement ?? (node.getRootNode() as Partial<ShadowRoot>).host) {
    const { position, bottom, pointerEvents } = getComputedStyle(node);
    const stays = position === "fixed" || (position === "sticky" && bottom !== "auto");
    if (stays && (node.clientHeight < innerHeight / 2 || pointerEvents === "none")) return true;
  }
  return false;
}

// Hit beside its own box, it holds something fixed that nobody can look into.
function holdsElsewhere(node: Element, x: number, y: number): boolean {
  const { left, right, top, bottom } = node.getBoundingClientRect();
  return /-|^div$/.test(node.localName) && !(x >= left && x <= right && y >= top && y <= bottom);
}

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
  const covered = (lift: number) =>
    [top, (top + bottom) / 2, Math.min(bottom + (lift && GAP_PX), innerHeight - 1)].some((y) => [left, left + width / 2, right - 1].some((x) => isCovered(x, y - lift, host)));
  for (let lift = 0; width && top - lift >= innerHeight / 2; lift += STEP_PX) if (!covered(lift)) return lift;
  // In the middle of the screen it would be in the way itself.
  return 0;
}

// What is not fixed scrolls away by itself, and what fills the screen is the page, or stands before all of it.
function isCovered(x: number, y: number, host: Element): boolean {
  const hit = document.elementsFromPoint(x, y).find((node) => node !== host);
  let node: Element | null | undefined = hit?.shadowRoot?.elementFromPoint(x, y) ?? hit;
  // Hit above or below its own box, it holds something fixed that nobody can look into.
  const { top = y, bottom = y } = node?.localName.includes("-") ? node.getBoundingClientRect() : {};
  if (y < top || y > bottom) return true;
  for (; node && node !== document.body; node = node.parentElement ?? (node.getRootNode() as Partial<ShadowRoot>).host) {
    const { position, bottom, pointerEvents } = getComputedStyle(node);
    const stays = position === "fixed" || (position === "sticky" && bottom !== "auto");
    if (stays && (node.clientHeight < innerHeight / 2 || pointerEvents === "none")) return true;
  }
  return false;
}

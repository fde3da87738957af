// Reads the embed tag's data attributes, and ChatForge("set", …); whatever is malformed counts as not given.

export type Options = Record<string, string | undefined>;

const OFFSET_PX = 20;
// Below the largest 32-bit value, so that a page can still put something on top of the chat.
const Z_INDEX = 2147483000;

export const isNarrow = (): boolean => innerWidth < 480;

// Paths on which nothing is shown; a star stands for any text.
export function hides(paths: string[]): boolean {
  return paths.some((path) => RegExp(`^${path.replace(/[^\w/*-]/g, "\\$&").replace(/\*/g, ".*")}$`).test(location.pathname));
}

// "24", or "24 32" for the distances from the side and from the bottom.
export function offsets({ offset = "" }: Options): [number, number] {
  const [, x = OFFSET_PX, y = x] = /^(\d{1,3})(?:[ ,]+(\d{1,3}))?$/.exec(offset) ?? [];
  return [+x, +y];
}

export function zIndex({ zIndex }: Options): number {
  return Math.trunc(Number(zIndex)) || Z_INDEX;
}

export function side({ position }: Options, preferred: string): "left" | "right" {
  return (/^(left|right)$/.test(position ?? "") ? position : preferred) === "left" ? "left" : "right";
}

// A selector that the browser cannot read counts as not given: it would throw at every use.
export function selector(text: string | undefined): string | undefined {
  return text && CSS.supports(`selector(${text})`) ? text : undefined;
}

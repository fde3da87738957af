// Reads the embed tag's data attributes, and ChatForge("set", …); whatever is malformed counts as not given.

import type { Agent } from "./wire";

export type Options = Record<string, string | undefined>;

// Below the largest 32-bit value, so that a page can still put something on top of the chat.
const Z_INDEX = 2147483000;

export const isNarrow = (): boolean => innerWidth < 480;

// Paths on which nothing is shown; a star stands for any text.
export function hides(paths: string[]): boolean {
  return paths.some((path) => RegExp(`^${path.replace(/\W/g, (sign) => (sign === "*" ? ".*" : `\\${sign}`))}$`).test(location.pathname));
}

// "24", or "24 32" for the distances from the side and from the bottom; else the agent's.
export function offsets({ offset = "" }: Options, { offset_x, offset_y }: Agent): [number, number] {
  const [, x, y = x] = /^(\d{1,3})(?:[ ,]+(\d{1,3}))?$/.exec(offset) ?? [, offset_x, offset_y];
  return [+x!, +y!];
}

export function zIndex({ zIndex }: Options): number {
  return Math.trunc(Number(zIndex)) || Z_INDEX;
}

// Where a page is written from right to left, its launchers are customarily on the left.
export function side({ position }: Options, preferred: string): "left" | "right" {
  const wanted = /^(left|right|auto)$/.test(position ?? "") ? position : preferred;
  return wanted === "left" || (wanted === "auto" && getComputedStyle(document.body).direction === "rtl") ? "left" : "right";
}

// A selector that the browser cannot read counts as not given: it would throw at every use.
export function selector(text: string | undefined): string | undefined {
  return text && CSS.supports(`selector(${text})`) ? text : undefined;
}

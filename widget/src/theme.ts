// The agent's colour where it carries or is text: as a fill under text, and as text on the panel's two grounds.
import { channels, inkOn, luminance, safeColor } from "./color";

const CONTRAST_MIN = 4.5;
const STEPS_MAX = 60;

export function themeOf(color: string): string {
  const against = (ground: string) => readableOn(ground, safeColor(color));
  const ink = inkOn(safeColor(color)) === "#fff" ? "#ffffff" : "#15161a";
  return `:host{--cf-fill:${against(ink)};--cf-on-light:${against("#f4f4f6")};--cf-on-dark:${against("#26272c")}}`;
}

// Moved towards black or white until it reads.
function readableOn(ground: string, color: string): string {
  const base = luminance(channels(ground));
  const goal = base > 0.5 ? 0 : 255;
  let rgb = channels(color);
  for (let step = 0; step < STEPS_MAX && contrast(luminance(rgb), base) < CONTRAST_MIN; step++) {
    rgb = rgb.map((value) => Math.round(value + (goal - value) * 0.04));
  }
  return `rgb(${rgb.join()})`;
}

function contrast(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

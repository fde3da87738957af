// The agent's colour where it carries or is text: as a fill under text, and as text on the panel's two grounds.
import { channels, inkOn, luminance, safeColor } from "./color";
import type { Core } from "./core";

const CONTRAST_MIN = 4.5;
// So near to white or black that a fill would be lost on the panel's ground without an edge.
const LOST_FROM_MIDDLE = 0.47;
const STEPS_MAX = 60;

export function themeOf(color: string): string {
  const against = (ground: string) => readableOn(ground, safeColor(color));
  const ink = inkOn(safeColor(color)) === "#fff" ? "#ffffff" : "#15161a";
  const lost = Math.abs(luminance(channels(safeColor(color))) - 0.5) > LOST_FROM_MIDDLE;
  const hair = lost ? "#7f7f8c66" : "#0000";
  const text = `--cf-on-light:${against("#f4f4f6")};--cf-on-dark:${against("#26272c")}`;
  return `:host{--cf-hair:${hair};--cf-fill:${against(ink)};${text}}`;
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

// Light or dark, as the tag or the agent says, else as the visitor's system does, also when that changes.
export function followTheme({ options, boot }: Core, skins: HTMLElement[]): () => void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const shade = () => {
    const theme = options.theme ?? boot.agent.theme;
    for (const skin of skins) skin.dataset.theme = theme === "dark" || (theme !== "light" && dark.matches) ? "dark" : "light";
  };
  dark.addEventListener("change", shade);
  shade();
  return () => dark.removeEventListener("change", shade);
}

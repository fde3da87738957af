// Contrast arithmetic (WCAG 2 relative luminance), so that any agent colour stays readable.

const FALLBACK = "#2f4b7c";
// White on a colour of at most this luminance has a contrast of 4 and more: enough for an icon, and so near to what
// text needs that the panel can darken the colour for its bubbles without anyone noticing.
const LUMINANCE_UNDER_WHITE_MAX = 0.2125;

// Only six digits pass: the value goes into a stylesheet.
export function safeColor(color: string): string {
  return /^#[0-9a-f]{6}$/i.test(color) ? color : FALLBACK;
}

// White wherever it reads well, because it is what people expect on a coloured button.
export function inkOn(color: string): string {
  return luminance(channels(color)) > LUMINANCE_UNDER_WHITE_MAX ? "#15161a" : "#fff";
}

export function channels(color: string): number[] {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}

export function luminance(rgb: number[]): number {
  const linear = (value: number) => (value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const [r = 0, g = 0, b = 0] = rgb.map(linear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

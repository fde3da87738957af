// Instants as a visitor reads them.

const DAY_MS = 86_400_000;

export function clock(date: Date, locale: string): string {
  return date.toLocaleTimeString(locale, { timeStyle: "short" });
}

export function dayOf(date: Date): number {
  return new Date(date).setHours(0, 0, 0, 0);
}

// "today" and "yesterday" where they are, else the date.
export function dayName(day: number, locale: string): string {
  const ago = Math.round((dayOf(new Date()) - day) / DAY_MS);
  if (ago < 2) return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(-ago, "day");
  return new Date(day).toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long" });
}

// "2 seconds", in the visitor's language and its plural.
export function span(seconds: number, locale: string): string {
  const [value, unit] = seconds > 90 ? [Math.ceil(seconds / 60), "minute"] : [seconds || 1, "second"];
  return value.toLocaleString(locale, { style: "unit", unit, unitDisplay: "long" });
}

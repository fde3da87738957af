// Tables as GitHub's Markdown writes them: a row of heads, a row of dashes that says how columns are aligned, and the rest.
import { h } from "./dom";
import type { Child } from "./dom";

const ALIGNED: Record<string, string> = { "-": "", ":-": "left", "-:": "right", ":-:": "center" };

// How each column is aligned, if a table begins in this line.
export function columnsAt(lines: string[], at: number): string[] | null {
  const [head = "", rule = ""] = lines.slice(at, at + 2);
  if (!head.includes("|") || !/^[|:\s-]+$/.test(rule)) return null;
  const columns = cellsOf(rule).map((cell) => ALIGNED[cell.replace(/-+/, "-")]!);
  return columns.includes(undefined!) || columns.length !== cellsOf(head).length ? null : columns;
}

export function table(lines: string[], start: number, inline: (text: string) => Child[]): [Node, number] {
  const columns = columnsAt(lines, start)!;
  const row = (line: string, name: "th" | "td") => {
    const cells = cellsOf(line);
    return h("tr", {}, ...columns.map((align, at) => h(name, { align: align || null }, ...inline(cells[at] ?? ""))));
  };
  const body = h("tbody");
  let at = start + 2;
  for (; lines[at]?.includes("|"); at++) body.append(row(lines[at]!, "td"));
  // What is wider than its bubble is scrolled in it, also by keyboard.
  return [h("div", { class: "cf-table", tabindex: 0 }, h("table", {}, h("thead", {}, row(lines[start]!, "th")), body)), at];
}

// A bar after a backslash is a bar, also in code.
function cellsOf(line: string): string[] {
  const cells = [""];
  for (const [at, part] of line.trim().replace(/^\|/, "").split("|").entries()) {
    const last = cells.at(-1)!;
    if (at && last.endsWith("\\")) cells.splice(-1, 1, `${last.slice(0, -1)}|${part}`);
    else if (at) cells.push(part);
    else cells[0] = part;
  }
  if (cells.length > 1 && !cells.at(-1)!.trim()) cells.pop();
  return cells.map((cell) => cell.trim());
}

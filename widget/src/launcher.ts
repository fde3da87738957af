// Entry of widget.js: finds its own tag, takes over calls made before it loaded, and starts once a page.
import { Widget, whenIdle } from "./widget";

export interface Api {
  (command: string, ...values: unknown[]): void;
  // The tag that brought it: set once it has loaded.
  tag?: HTMLScriptElement;
  q?: ArrayLike<unknown>[];
}

declare global {
  interface Window {
    ChatForge?: Api | undefined;
  }
}

const warn = (text: string) => console.warn(`ChatForge: ${text}`);
// A tag manager inserts the script, and then document.currentScript is null.
const tag = (document.currentScript ?? document.querySelector('script[data-agent][src*="/widget.js"]')) as HTMLScriptElement | null;
const early = window.ChatForge;

if (early?.tag) {
  // A framework that swaps the body runs the tag anew; only two at once are a mistake.
  if (early.tag.isConnected) warn("already on this page; the second tag is ignored");
  else if (tag) early.tag = tag;
} else if (!tag?.dataset.agent) warn("the script tag lacks data-agent");
else start(tag);

function start(tag: HTMLScriptElement): void {
  const { src, dataset } = tag;
  const widget = new Widget(new URL(".", src).href.slice(0, -1), { ...dataset }, warn);
  const api: Api = (...call) => widget.run(call);
  api.tag = tag;
  window.ChatForge = api;
  for (const call of early?.q ?? []) widget.run(Array.from(call));
  // The page's own work goes first.
  const soon = () => whenIdle(() => void widget.start());
  if (document.readyState === "complete") soon();
  else addEventListener("load", soon);
}

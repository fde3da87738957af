// Entry of widget.js: finds its own tag, takes over calls made before it loaded, and starts once a page.
import { Widget, whenIdle } from "./widget";

export interface Api {
  (command: string, ...values: unknown[]): void;
  loaded?: boolean;
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

if (early?.loaded) warn("already on this page; the second tag is ignored");
else if (!tag?.dataset.agent) warn("the script tag lacks data-agent");
else start(tag);

function start({ src, dataset }: HTMLScriptElement): void {
  const widget = new Widget(new URL(src).origin, { ...dataset }, warn);
  const api: Api = (...call) => widget.run(call);
  api.loaded = true;
  window.ChatForge = api;
  for (const call of early?.q ?? []) widget.run(Array.from(call));
  // The page's own work goes first.
  const soon = () => whenIdle(() => void widget.start());
  if (document.readyState === "complete") soon();
  else addEventListener("load", soon);
}

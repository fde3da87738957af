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
// A tag manager inserts the script, and then document.currentScript is null. An optimiser runs the code from a script of its
// own and leaves the tag where it is, often inert and with its address under another name.
const ours = 'script[data-agent][src*="widget.js"],script[data-agent^="agt_"]';
const current = document.currentScript as HTMLScriptElement | null;
const tag = current?.matches(ours) ? current : document.querySelector<HTMLScriptElement>(ours);
const address = tag && Array.from(tag.attributes).find(({ value }) => /\/widget\.js/.test(value));
const early = window.ChatForge;

if (early?.tag) {
  // A framework that swaps the body runs the tag anew; only two at once are a mistake.
  if (early.tag.isConnected) warn("already on this page; second tag ignored");
  else if (tag) early.tag = tag;
} else if (tag && address) start(tag, new URL(address.value, document.baseURI));
else warn("the script tag lacks data-agent or src: copy the embed code anew");

// Everything lies beside the script, which may be under a path.
function start(tag: HTMLScriptElement, script: URL): void {
  const base = new URL(".", script).href.slice(0, -1);
  const widget = new Widget(base, { ...tag.dataset }, warn);
  let told = false;
  // A fetch that a policy stops only fails; why, only this event knows.
  addEventListener("securitypolicyviolation", (event) => {
    if (told || event.disposition !== "enforce" || !event.blockedURI.startsWith(`${base}/widget`)) return;
    told = true;
    warn(`blocked by this page's Content-Security-Policy (${event.effectiveDirective.replace("-elem", "")}). Add ${script.origin} to it.`);
  });
  const api: Api = (...call) => widget.run(call);
  api.tag = tag;
  window.ChatForge = api;
  for (const call of early?.q ?? []) widget.run(Array.from(call));
  // The page's own work goes first.
  const soon = () => whenIdle(() => void widget.start());
  if (document.readyState === "complete") soon();
  else addEventListener("load", soon);
}

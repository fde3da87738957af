// A question above the composer, before something is thrown away.
import { button, h } from "./dom";
import type { Texts } from "./texts";

export interface Question {
  node: HTMLElement;
  ask(act: () => void): void;
  // Answers no; false where nothing was asked.
  refuse(): boolean;
}

export function question(texts: Texts, stay: () => void): Question {
  const node = h("div", { class: "cf-ask", role: "alertdialog", "aria-labelledby": "cf-ask" });
  const close = (then: () => void) => () => (node.replaceChildren(), then());
  const no = button("cf-quiet", texts.endStay, close(stay), texts.endStay);
  return {
    node,
    ask(act) {
      const yes = button("cf-primary", texts.end, close(act), texts.end);
      node.replaceChildren(h("p", { id: "cf-ask" }, texts.endAsk), h("div", { class: "cf-actions" }, yes, no));
      no.focus();
    },
    refuse() {
      const asked = no.isConnected;
      if (asked) no.click();
      return asked;
    },
  };
}

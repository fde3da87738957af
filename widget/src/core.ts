// What the launcher lends to the panel, and the panel to the launcher.
import type { Options } from "./options";
import type { Boot } from "./wire";

export type EventName = "ready" | "open" | "close" | "message" | "lead" | "unread" | "end" | "error";

export interface Core {
  origin: string;
  root: ShadowRoot;
  host: HTMLElement;
  button: HTMLButtonElement;
  options: Options;
  boot: Boot;
  // Boots again if the session is older than that; a failure is the caller's to show.
  refresh(ageMsMax: number): Promise<Boot>;
  warn(text: string): void;
  emit(event: EventName, detail?: unknown): void;
  show(focus?: boolean): Promise<void>;
  minimise(): void;
  // The visitor leaves the machine to another.
  forget(): void;
  // Looks anew where to stand, and whether this page shows the chat at all.
  place(): void;
  // The agent does not answer any more: no launcher, and no opening.
  retire(): void;
}

export interface Panel {
  // Without the focus where the page, and not the visitor, opens it.
  show(focus: boolean): void;
  hide(): void;
  end(): void;
  forget(): void;
  // Options or agent have changed.
  update(): void;
  destroy(): void;
}

export interface PanelModule {
  mount(core: Core): Promise<Panel>;
}

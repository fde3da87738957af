// What the launcher lends to the panel, and the panel to the launcher.
import type { Options } from "./options";
import type { Boot } from "./wire";

export type EventName = "ready" | "open" | "close" | "message" | "lead" | "unread" | "end" | "error";

export interface Core {
  origin: string;
  root: ShadowRoot;
  options: Options;
  boot: Boot;
  // Boots again if the session is older than that; a failure is the caller's to show.
  refresh(ageMsMax: number): Promise<Boot>;
  addUnread(count: number): void;
  emit(event: EventName, detail?: unknown): void;
  minimise(): void;
}

export interface Panel {
  // Without the focus where the page, and not the visitor, opens it.
  show(focus: boolean): void;
  hide(): void;
  end(): void;
  destroy(): void;
}

export interface PanelModule {
  mount(core: Core): Panel;
}

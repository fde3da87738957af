// Whatever a part of the chat stumbles over, the rest of it opens and sends.
import type { Core } from "./core";

export function attempt<T>(core: Core, part: () => T): T | undefined {
  try {
    return part();
  } catch (error) {
    core.warn(error as string);
    return undefined;
  }
}

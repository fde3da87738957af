// Asks the server who the agent is, and for a session; one request at a time.
import type { Options } from "./options";
import type { Boot, ErrorBody } from "./wire";

const URL_CHARS_MAX = 2000;

// What outlives the page: written by the panel, and only after the visitor's first message.
export interface Memory {
  session: string;
  // Whose session it is: another tab may have begun as another visitor.
  visitor?: unknown;
  seen?: unknown;
  // Whether the panel was open when the page went away.
  open?: unknown;
  // Messages without an answer yet. No array: an old Prototype.js makes JSON of those a string.
  unsent?: unknown;
}

export const memoryKey = (agent: string): string => `chatforge:${agent}`;

// The page can write there too. What is read back is checked field by field, here or where it is used.
export function recall(agent: string): Memory | null {
  try {
    const kept = JSON.parse(localStorage.getItem(memoryKey(agent))!) as Memory;
    kept.session = /^[\w.-]{1,9999}$/.exec(kept.session)?.[0] ?? "";
    return kept;
  } catch {
    return null;
  }
}

export type BootError = Error & { status?: number };

// A string body is sent as text/plain, which needs no preflight.
export async function requestBoot(origin: string, options: Options, session: string | undefined): Promise<Boot> {
  const response = await fetch(`${origin}/widget/v1/boot`, {
    method: "POST",
    credentials: "omit",
    body: JSON.stringify({
      agent_id: options.agent,
      // What follows the # is the page's own affair, and often a token.
      page_url: (options.pageUrl || location.href).replace(/#.*/, "").slice(0, URL_CHARS_MAX),
      referrer: document.referrer.slice(0, URL_CHARS_MAX) || undefined,
      locale: options.locale || document.documentElement.lang || navigator.language,
      session,
      // What marks the conversation as the team's own trial.
      trial: options.trial,
    }),
  });
  const body = (await response.json()) as Boot & ErrorBody;
  if (!response.ok) throw Object.assign(new Error(body.error?.message), { status: response.status });
  return body;
}

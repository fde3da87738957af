// One message and its answer. The client id makes a second try harmless: the server stores the message once.
import { call, Failure } from "./client";
import type { Core } from "./core";
import { readEvents } from "./sse";
import type { Done, ErrorBody, Message, Source } from "./wire";

export interface TurnEvents {
  start(message: Message | undefined): unknown;
  delta(text: string): unknown;
  sources(sources: Source[]): unknown;
  leadForm(): unknown;
}

export interface Turn {
  content: string;
  client_id: string;
  sent_ms: number;
}

// Without a byte for this long, keep-alive comments included, the connection counts as dead.
const SILENCE_MS_MAX = 60_000;

export async function runTurn(core: Core, { content, client_id }: Turn, on: TurnEvents, signal: AbortSignal): Promise<Done> {
  const watchdog = new AbortController();
  let timer = 0;
  const awake = () => {
    clearTimeout(timer);
    timer = setTimeout(() => watchdog.abort(), SILENCE_MS_MAX);
  };
  signal.addEventListener("abort", () => watchdog.abort());
  awake();
  try {
    const response = await call(core, "messages", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify({ content, client_id }),
      signal: watchdog.signal,
    });
    return await follow(response, on, awake);
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(0);
  } finally {
    clearTimeout(timer);
  }
}

async function follow(response: Response, on: TurnEvents, awake: () => void): Promise<Done> {
  for await (const { event, data } of readEvents(response.body!, awake)) {
    if (event === "start") on.start((data as { user_message?: Message }).user_message);
    else if (event === "delta") on.delta((data as { text: string }).text);
    else if (event === "sources") on.sources((data as { sources: Source[] }).sources);
    else if (event === "lead_form") on.leadForm();
    else if (event === "done") return data as Done;
    else if (event === "error") throw new Failure((data as ErrorBody).error?.status ?? 500, data as ErrorBody);
  }
  throw new Failure(0);
}

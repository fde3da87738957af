// Reads a text/event-stream from a fetch: EventSource can send neither a POST nor an Authorization header.

export interface ServerEvent {
  event: string;
  data: unknown;
  id: string;
}

// Far above any real event; a stream without line ends must not fill the memory.
const BUFFER_CHARS_MAX = 1_000_000;

export async function* readEvents(body: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let buffer = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      buffer += decoder.decode(value, { stream: true });
      if (buffer.length > BUFFER_CHARS_MAX) throw new Error("event too long");
      // A lone CR at the very end may be half of a CRLF: it waits for the next bytes.
      const blocks = buffer.replace(/\r\n|\r(?!$)/g, "\n").split("\n\n");
      buffer = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parse(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function parse(block: string): ServerEvent | null {
  const event = { event: "message", id: "" };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^(\w+):? ?(.*)$/.exec(line) ?? [];
    if (field === "data") data.push(value);
    else if (field === "event" || field === "id") event[field] = value;
  }
  if (!data.length) return null;
  try {
    return { ...event, data: JSON.parse(data.join("\n")) };
  } catch {
    return null;
  }
}

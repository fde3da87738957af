// Calls to the server in the visitor's name.
import type { BootError } from "./boot";
import type { Core } from "./core";
import type { ErrorBody } from "./wire";

// Why a call failed; status 0 means that no answer came at all.
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody = {},
    readonly retryAfterS = 0,
  ) {
    super(body.error?.message);
  }
}

export async function call(core: Core, path: string, init: RequestInit): Promise<Response> {
  const request = () =>
    fetch(`${core.origin}/widget/v1/${path}`, {
      ...init,
      credentials: "omit",
      headers: { ...init.headers, Authorization: `Bearer ${core.boot.session}` },
    });
  try {
    let response = await request();
    if (response.status === 401) {
      await core.refresh(0);
      response = await request();
    }
    if (response.ok) return response;
    throw await failureOf(response);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure((error as BootError).status ?? 0);
  }
}

export function post(core: Core, path: string, body: object, signal?: AbortSignal): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return call(core, path, { method: "POST", headers, body: JSON.stringify(body), signal: signal ?? null });
}

// Text without a preflight and with keepalive: it must arrive even while the page is going away.
export async function postClose(core: Core): Promise<void> {
  const body = JSON.stringify({ session: core.boot.session });
  const address = `${core.origin}/widget/v1/close`;
  await fetch(address, { method: "POST", credentials: "omit", keepalive: true, body }).catch(() => navigator.sendBeacon(address, body));
}

async function failureOf(response: Response): Promise<Failure> {
  const body = (await response.json().catch(() => ({}))) as ErrorBody;
  return new Failure(response.status, body, Number(response.headers.get("Retry-After")) || 0);
}

import { createHmac, timingSafeEqual } from "node:crypto";

// body: the raw bytes of the request, before any JSON parsing.
export function verify(body, signature, secret) {
  const expected = createHmac("sha256", secret).update(body).digest();
  const received = Buffer.from(signature ?? "", "hex");
  return received.length === expected.length && timingSafeEqual(received, expected);
}

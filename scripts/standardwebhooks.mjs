// What npm's standardwebhooks says of deliveries: reads them as JSON from standard input, and prints a word on each.
import { readFileSync } from "node:fs";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

function verdict({ secret, headers, body }) {
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64"), headers);
    return "verified";
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.message;
    throw error;
  }
}

console.log(JSON.stringify(JSON.parse(readFileSync(0)).map(verdict)));

"""A program of the business's own that receives webhooks."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """The business's own program: keeps every delivery, and refuses the first try of the events it is told to."""

    daemon_threads = True

    def __init__(self, refuse_first):
        super().__init__(("127.0.0.1", 0), Delivery)
        self.refuse_first, self.deliveries, self.challenges, self.lock = refuse_first, [], [], threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/webhooks/chatforge"

    def take(self, headers, raw):
        """The status to answer with."""
        body = json.loads(raw)
        with self.lock:
            tries = sum(earlier["body"]["id"] == body["id"] for earlier in self.deliveries)
            status = 500 if body["type"] in self.refuse_first and tries == 0 else 200
            self.deliveries.append({"headers": headers, "raw": raw, "body": body, "status": status})
        return status

    def accepted(self, kind):
        """The payloads of a type that were answered with 200, in order."""
        with self.lock:
            return [d["body"] for d in self.deliveries if d["body"]["type"] == kind and d["status"] == 200]


class Delivery(BaseHTTPRequestHandler):
    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(raw)
        if body["type"] == "webhook.verification":
            self.server.challenges.append({"headers": headers, "raw": raw})
            return self.answer(200, json.dumps({"challenge": body["challenge"]}))
        return self.answer(self.server.take(headers, raw), "")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass

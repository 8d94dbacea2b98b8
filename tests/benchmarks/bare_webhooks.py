"""What the standard library gives for the same work: HMAC of the body, and its insert, on disk before the answer.

Run with a database file, a secret, and "plain" (the server as it comes) or "tuned" (it does not wait for
acknowledgements, which costs it 40 ms an answer); prints its port.
"""

import hashlib
import hmac
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FILE, SECRET, IS_TUNED = sys.argv[1], sys.argv[2].encode(), sys.argv[3] == "tuned"
ANSWER = (
    b'{"success":true,"message":"Update applied successfully","local_version":1,"applied_at":"2026-01-27T11:20:05Z"}'
)


class Handler(BaseHTTPRequestHandler):
    """One thread a connection, with a connection to the database of its own."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = IS_TUNED
    kept = threading.local()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, self.headers["X-Cloud-Signature"]):
            self.send_error(401)
            return
        self._store(hashlib.sha256(body).hexdigest(), body)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def _store(self, digest: str, body: bytes) -> None:
        if not hasattr(self.kept, "database"):
            self.kept.database = _opened()
        database = self.kept.database
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO webhook VALUES (?, ?, ?)", (digest, body, ANSWER))
        database.execute("COMMIT")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _opened() -> sqlite3.Connection:
    database = sqlite3.connect(FILE, isolation_level=None, timeout=60)
    database.execute("PRAGMA journal_mode = wal")
    database.execute("PRAGMA synchronous = full")
    database.execute("CREATE TABLE IF NOT EXISTS webhook(digest TEXT PRIMARY KEY, body BLOB, answer BLOB)")
    return database


if __name__ == "__main__":
    _opened().close()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(server.server_port, flush=True)
        server.serve_forever()

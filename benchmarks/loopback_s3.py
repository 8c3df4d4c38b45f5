"""A canned S3 endpoint on loopback: every bucket exists, every answer is the same, nothing is stored."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _EveryBucketExists(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("x-amz-bucket-region", "us-east-1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the benchmark's output clean."""


@contextmanager
def loopback_s3() -> Iterator[str]:
    """Serve on a free loopback port; the value is the endpoint URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _EveryBucketExists)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()

"""What runs in every pod of the demo: a web server that says who it is and whom it saw, a download
that takes a few seconds, and the same greeting over UDP.

usage: pod.py NAME
"""
import hashlib
import random
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HTTP_PORT = 8080
UDP_PORT = 5353
DOWNLOAD_CHUNK = 64 * 1024
DOWNLOAD_CHUNKS = 480
DOWNLOAD_SECONDS = 3.0


def download_chunk(number):
    """The same bytes in every pod, different in every chunk."""
    return random.Random(number).randbytes(DOWNLOAD_CHUNK)


def download_digest():
    """Size and SHA-256 of the whole download."""
    digest = hashlib.sha256()
    for number in range(DOWNLOAD_CHUNKS):
        digest.update(download_chunk(number))
    return DOWNLOAD_CHUNK * DOWNLOAD_CHUNKS, digest.hexdigest()


class Handler(BaseHTTPRequestHandler):
    """GET / answers "NAME saw ADDRESS", GET /download streams."""

    name = ""

    def do_GET(self):  # noqa: N802 (the name http.server asks for)
        if self.path == "/download":
            self.answer(DOWNLOAD_CHUNK * DOWNLOAD_CHUNKS)
            for number in range(DOWNLOAD_CHUNKS):
                self.wfile.write(download_chunk(number))
                time.sleep(DOWNLOAD_SECONDS / DOWNLOAD_CHUNKS)
        else:
            saw = self.client_address[0].removeprefix("::ffff:")
            body = f"{self.name} saw {saw}\n".encode()
            self.answer(len(body), body)

    def answer(self, size, body=b""):
        head = f"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, *_):
        """Silence: the demo tells what happens."""


class Server(ThreadingHTTPServer):
    """Both families on one socket."""

    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    request_queue_size = 256

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def serve_udp(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", UDP_PORT))
        while True:
            _, client = server.recvfrom(2048)
            server.sendto(name.encode(), client)


def main():
    Handler.name = sys.argv[1]
    threading.Thread(target=serve_udp, args=[Handler.name], daemon=True).start()
    any_address = "::" if Server.address_family == socket.AF_INET6 else "0.0.0.0"
    Server((any_address, HTTP_PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()

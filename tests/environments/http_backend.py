"""git's own http-backend behind a small https server with a password, as forges have it."""

import base64
import contextlib
import datetime
import http.server
import ipaddress
import os
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself; the same file holds the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.test")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
    signed = made.add_extension(address, critical=False).sign(key, hashes.SHA256())
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *form) + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


class Handler(http.server.BaseHTTPRequestHandler):
    """One request, one CGI process."""

    protocol_version = "HTTP/1.0"
    server: "Server"

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        self.answer(self.body())

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        return b"".join(parts)

    def answer(self, body: bytes) -> None:
        wanted = "Basic " + base64.b64encode(self.server.login.encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        head, _, content = self.cgi(body).partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((value for name, value in fields if name == "Status"), "200 OK")
        self.send_response(int(status.split()[0]))
        for name, value in [*fields, ["Content-Length", str(len(content))]]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def cgi(self, body: bytes) -> bytes:
        path, _, query = self.path.partition("?")
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "bot",
        }
        return subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=False).stdout

    def log_message(self, *_: object) -> None:
        return


class Server(http.server.ThreadingHTTPServer):
    """Serves the repositories below `root` to whoever knows `login` ("user:password")."""

    daemon_threads = True

    def __init__(self, root: Path, login: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.root, self.login = root, login
        self.certificate = certificate(root)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def address(self, name: str) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}/{name}"

    def shutdown_request(self, request: Any) -> None:
        """Say goodbye as TLS wants it: git takes anything else for a cut line."""
        with contextlib.suppress(OSError, ValueError):
            request.unwrap()
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """A client that goes away is no news."""

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join(5)

"""Health of one service, for docker-compose.yml: `python -m lifecycle.embedded.health web|deployer|worker|beat|keeper`.

Exit code 0 when it lives. Quick on purpose, because it runs every few seconds: Django is not loaded.
"""

import http.client
import os
import sys
import urllib.request

import psycopg2

from deployments.keeper_state import keeper_age_seconds
from lifecycle.embedded.paths import var_folder

LATE_SECONDS = 30
LAST_PULSE = "SELECT extract(epoch FROM now() - max(at)) FROM lifecycle_heartbeat WHERE kind = %s"


def main(kind: str) -> str:
    """Why `kind` is not healthy, "" when it is."""
    if kind == "web":
        return web()
    seconds = keeper_age_seconds(var_folder()) if kind == "keeper" else last_pulse(kind)
    if seconds is None:
        return f"{kind} was never seen"
    return "" if seconds < LATE_SECONDS else f"{kind} was last seen {seconds:.0f} s ago"


def web() -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz")
    request.add_header("Host", os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(",")[0])
    try:
        with opener.open(request, timeout=3):
            return ""
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__


def last_pulse(kind: str) -> float | None:
    """Seconds since a worker or beat noted in the database that they live."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=3)
    with connection, connection.cursor() as cursor:
        cursor.execute(LAST_PULSE, [kind])
        (seconds,) = cursor.fetchone() or (None,)
    connection.close()
    return seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) or 0)

"""The environment that settings.py reads, made from what run.json says about a stack."""

import os
from pathlib import Path
from typing import Any

from lifecycle.embedded import credentials

# for commands that load settings.py and connect to nothing
PLACEHOLDERS = {
    "SECRET_KEY": "not-secret",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def service_environment(var: Path, facts: dict[str, Any]) -> dict[str, str]:
    """Our own environment with the stack's addresses and secrets; a secret set outside wins over ours."""
    secrets = credentials.load(var / "secrets.json")
    kept = {
        "SECRET_KEY": secrets["secret_key"],
        "LIFECYCLE_SECRET_KEYS": secrets["fernet_key"],
        "LIFECYCLE_URL": facts["url"],
    }
    fixed = {
        "DATABASE_URL": facts["database_url"],
        "REDIS_URL": facts["redis_url"],
        "LIFECYCLE_VAR": str(var),
        "LIFECYCLE_DEMO": "1" if facts["demo"] else "0",
        "LIFECYCLE_SHOP_PORTS": ",".join(f"{name}={url.rpartition(':')[2]}" for name, url in facts["shops"].items()),
        "PYTHONUNBUFFERED": "1",
    }
    return kept | os.environ | fixed

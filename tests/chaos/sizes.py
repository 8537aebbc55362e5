"""How much of the campaign runs: `make chaos` all of it, `make chaos-smoke` the tests marked `smoke`, made small."""

import os
import random

SHARE = float(os.environ.get("LIFECYCLE_CHAOS_SHARE") or 1)  # of the rounds, for a machine that is busy with others
IS_SMOKE = os.environ.get("LIFECYCLE_CHAOS") == "smoke"
SEED = int(os.environ.get("LIFECYCLE_CHAOS_SEED") or random.SystemRandom().randrange(10**6))


def rounds(full: int, *, smoke: int) -> int:
    """How often to do it in this run."""
    return smoke if IS_SMOKE else max(smoke, round(full * SHARE))


def dice(name: str) -> random.Random:
    """The dice of one test: LIFECYCLE_CHAOS_SEED, printed with every result, throws them again."""
    return random.Random(f"{SEED} {name}")

"""Brings database and static files up to date: `python -m lifecycle.embedded.prepare migrate static seed`.

One process, because importing the whole project takes longer than the steps themselves.
"""

import gc
import os
import sys

from lifecycle.embedded.terminal import say

STEPS = {
    "migrate": (("migrate", "--verbosity=0", "--no-input"), "database migrated"),
    "static": (("collectstatic", "--verbosity=0", "--no-input"), "static files collected"),
    "seed": (("seed", "--if-empty"), "demo data ready"),
}
RARELY = (100_000, 50, 100)  # the states of all migrations stay: a third of the time went on looking for garbage


def main(steps: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lifecycle.settings")
    gc.set_threshold(*RARELY)
    import django
    from django.core.management import call_command

    django.setup()
    for step in steps:
        command, message = STEPS[step]
        call_command(*command)
        say(message)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Which release really runs: by the declared command, else by the field in a JSON answer."""

from collections.abc import Sequence

from lifecycle import process

from . import http
from .base import Log, Note, Release, Stop, Target, no_note

_SECONDS = 20


def running_release(target: Target, *, health: http.Answer | None = None) -> str | None:
    """The label the target answers with, or None without a clear answer (also when nothing is declared).

    `health` is what its health address has just said: most say it there, and are not asked twice.
    """
    probe = target.manifest.probe
    argv = target.settings.get("probe") or (probe.command if probe else ())
    if argv:
        return _printed(target, argv)
    if probe is None or not target.port:
        return None
    is_said = health is not None and probe.path == target.manifest.health.path
    return (health if health and is_said else http.get(target.port, probe.path)).field(probe.field)


def _printed(target: Target, argv: Sequence[str]) -> str | None:
    printed: list[str] = []

    def keep(stream: str, text: str) -> None:
        if stream == "stdout":
            printed.append(text)

    here = target.checkout if target.checkout and target.checkout.exists() else target.data
    seconds = target.manifest.probe.timeout_seconds if target.manifest.probe else _SECONDS
    done = run_for(target, argv, Release("", here, ""), keep, lambda: False, seconds)
    return "".join(printed).strip() if done.ok else None


def run_for(
    target: Target,
    argv: Sequence[str],
    release: Release,
    log: Log,
    stop: Stop,
    seconds: float,
    *,
    inactivity_seconds: float | None = None,
    note: Note = no_note,
    **facts: str,
) -> process.Finished:
    """Run a declared command in the release's folder with the target's whole environment, plus `facts`.

    It may be silent for `inactivity_seconds` (None: all the time).
    """
    context = target.context(release)
    target.data.mkdir(parents=True, exist_ok=True)
    return process.run(
        [context.fill(argument) for argument in argv],
        cwd=release.path,
        env=target.environ(release) | facts,
        on_output=log,
        stop=stop,
        total_seconds=seconds,
        inactivity_seconds=seconds if inactivity_seconds is None else inactivity_seconds,
        on_start=lambda pid, started: note(pid, started, seconds),
    )

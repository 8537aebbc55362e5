"""What happens in reviews by itself, a few seconds after its time."""

from datetime import datetime

from django.utils import timezone

from ideas import agenda, balloting, meeting, waking


def tick(*, at: datetime | None = None) -> None:
    """Wake ideas, let agendas stand, open ballots whose time is over, close what was forgotten."""
    now = at or timezone.now()
    waking.wake_due(at=now)
    agenda.freeze_due(at=now)
    balloting.reveal_due(at=now)
    meeting.close_forgotten(at=now)

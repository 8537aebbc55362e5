"""`Idea.stop` is a projection of events; this compares it with them and rebuilds it."""

from typing import NamedTuple

from django.db import connection, transaction

from ideas.journey import REACHED

FROM_EVENTS = """
WITH last_stop AS (
    SELECT DISTINCT ON (e.subject_id) e.subject_id AS id, (e.data ->> 'stop')::int AS stop, coalesce(n.text, '') AS note
    FROM lifecycle_event e LEFT JOIN lifecycle_eventnote n ON n.event_id = e.id
    WHERE e.subject_kind = 'idea' AND e.verb = %s
    ORDER BY e.subject_id, e.id DESC
)
SELECT i.id, i.number, i.stop, coalesce(last_stop.stop, 1), left(coalesce(last_stop.note, ''), 200)
FROM ideas_idea i LEFT JOIN last_stop USING (id)
WHERE (i.stop, i.stop_note) IS DISTINCT FROM (coalesce(last_stop.stop, 1), left(coalesce(last_stop.note, ''), 200))
ORDER BY i.id FOR UPDATE OF i
"""


class Wrong(NamedTuple):
    """An idea whose row says another stop than its events."""

    pk: int
    number: int
    stop: int
    right_stop: int
    right_note: str


@transaction.atomic
def rebuild(*, repair: bool) -> list[Wrong]:
    """The ideas whose stop or note differs from their events; with `repair` they are put right."""
    with connection.cursor() as cursor:
        cursor.execute(FROM_EVENTS, [REACHED])
        found = [Wrong(*row) for row in cursor.fetchall()]
        for wrong in found if repair else []:
            cursor.execute(
                "UPDATE ideas_idea SET stop = %s, stop_note = %s WHERE id = %s",
                [wrong.right_stop, wrong.right_note, wrong.pk],
            )
    return found

"""Similar ideas while somebody types, on the triage desk and in the API: one statement over every visible idea.

Candidates share a stem with the text (its last word also as a prefix, because it is still being typed) or have a title
like it by trigrams (typing mistakes); shipped, declined and merged ideas count too. The score, 0 to 1, is half the
share of the text's words that are found and half how alike the titles look. ё is е.
"""

import re

from django.db import connection

from ideas.models import Idea
from ideas.queries import folded
from lifecycle.roles import Actor

SHORTEST = 3  # letters; below it nothing useful can be found
LONGEST = 400  # characters of the text that are looked at
LEAST = 0.15  # scores below it are chance
PROBABLY_THE_SAME = 0.5
MAYBE = 0.3

SIMILAR = """
WITH asked AS (
    SELECT %(text)s AS text, tsvector_to_array(to_tsvector('russian', %(text)s)) AS lexemes,
        replace(plainto_tsquery('russian', %(text)s)::text, '&', '|')::tsquery
        || to_tsquery('simple', %(prefix)s) AS query
), by_words AS (
    SELECT i.id FROM ideas_idea i
    WHERE i.product_id = %(product)s AND i.words @@ (SELECT query FROM asked) AND {visible}
    ORDER BY ts_rank(i.words, (SELECT query FROM asked), 1) DESC, i.id DESC LIMIT 60
), by_letters AS (
    SELECT i.id FROM ideas_idea i
    WHERE i.product_id = %(product)s AND translate(lower(i.title), 'ё', 'е') %% %(text)s AND {visible}
    ORDER BY similarity(translate(lower(i.title), 'ё', 'е'), %(text)s) DESC, i.id DESC LIMIT 60
), scored AS (
    SELECT coalesce(i.canonical_id, i.id) AS id, i.id AS found,
        0.5 * (SELECT count(*) FROM unnest(asked.lexemes) AS lexeme WHERE lexeme = ANY(tsvector_to_array(i.words)))
            / greatest(cardinality(asked.lexemes), 1)
        + 0.5 * greatest(
            similarity(translate(lower(i.title), 'ё', 'е'), asked.text),
            0.9 * word_similarity(asked.text, translate(lower(i.title), 'ё', 'е'))
        ) AS score
    FROM (SELECT id FROM by_words UNION SELECT id FROM by_letters) AS candidates
    JOIN ideas_idea i USING (id), asked
)
SELECT i.id, i.number, i.title, i.body, i.language, i.kind, i.source, i.status, i.stop, i.stop_note, i.votes,
    i.comments, i.merged_count, i.created_at, i.moved_at, i.canonical_id,
    max(scored.score) AS score,
    EXISTS (
        SELECT 1 FROM ideas_vote v JOIN ideas_idea m ON m.id = v.idea_id
        WHERE v.user_id = %(user)s AND (m.id = i.id OR m.canonical_id = i.id)
    ) AS voted
FROM scored JOIN ideas_idea i USING (id)
WHERE i.id <> %(but)s AND scored.found <> %(but)s AND {visible}
GROUP BY i.id HAVING max(scored.score) >= %(least)s
ORDER BY score DESC, i.votes DESC, i.id DESC LIMIT %(limit)s
"""

# For each waiting idea, how alike the most similar other title is.
NEAREST = """
SELECT w.id, (
    SELECT similarity(translate(lower(i.title), 'ё', 'е'), translate(lower(w.title), 'ё', 'е')) AS alike
    FROM ideas_idea i
    WHERE i.product_id = w.product_id AND i.id <> w.id
        AND translate(lower(i.title), 'ё', 'е') %% translate(lower(w.title), 'ё', 'е')
    ORDER BY alike DESC LIMIT 1
) FROM ideas_idea w WHERE w.id = ANY(%s)
"""


def similar(actor: Actor, text: str, *, but: Idea | None = None, limit: int = 5) -> list[Idea]:
    """The primaries most like `text` that `actor` may see, each with `score` (0 to 1) and `voted`, best first.

    `but` is left out, with everything in its group. Under three letters there is nothing.
    """
    text = " ".join(folded(text[:LONGEST]).lower().split())
    words = re.findall(r"\w+", text)
    if sum(len(word) for word in words) < SHORTEST:
        return []
    visible, parameters = visibility(actor)
    parameters |= {"text": text, "prefix": f"{words[-1]}:*", "product": actor.product.pk}
    parameters |= {"limit": limit, "least": LEAST}
    parameters |= {"but": but.pk if but else 0, "user": actor.user.pk if actor.user else 0}
    return list(Idea.objects.raw(SIMILAR.format(visible=visible), parameters))


def visibility(actor: Actor) -> tuple[str, dict[str, object]]:
    """`IdeaQuerySet.visible_to` as a condition on the alias `i`."""
    if actor.is_team:
        return "true", {}
    return "(NOT i.team_only OR i.author_id = %(reader)s)", {"reader": actor.user.pk if actor.user else 0}


def nearest(ideas: list[Idea]) -> dict[int, float]:
    """How alike the most similar other title is to each idea's, 0 to 1, by the idea's key; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(NEAREST, [[idea.pk for idea in ideas]])
        return {pk: alike or 0.0 for pk, alike in cursor.fetchall()}


def common_words(one: str, other: str) -> set[str]:
    """Beginnings of words (five letters) that both texts have, to mark them on both sides."""
    return stems(one) & stems(other)


def stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"\w{4,}", folded(text).lower())}

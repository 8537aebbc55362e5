"""The chip: icon, word and tint that say the state of a thing, never by colour alone."""

from typing import NamedTuple


class Chip(NamedTuple):
    """What `{% chip thing.chip %}` draws.

    `state` is one of the tints in static/css/controls.css: new, review, planned, development, staging, demo,
    production, returned, warn, ok, bad, info. `icon` is a lucide name. `label` may be lazily translated.
    """

    state: str
    icon: str
    label: object

"""What is said of losses before anything leaves: icon, tone and words of each fact."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from releases.losses import Losses

Fact = tuple[str, str, str]


def asked_for(lost: Losses) -> list[Fact]:
    """The ideas that would not be served any more, by their votes."""
    if not lost.ideas:
        return []
    ideas = ngettext("%(n)d idea", "%(n)d ideas", lost.ideas) % {"n": lost.ideas}
    votes = ngettext("%(n)d vote", "%(n)d votes", lost.votes) % {"n": lost.votes}
    return [("lightbulb", "", _("They serve %(ideas)s with %(votes)s") % {"ideas": ideas, "votes": votes})]


def what_stays(lost: Losses) -> Fact:
    """Migrations are never reversed: the older code runs on the newer schema."""
    if not lost.staying:
        return "database", "", _("The database stays as it is")
    count = len(lost.staying)
    text = ngettext("The migration of %(keys)s stays", "The migrations of %(keys)s stay", count)
    text %= {"keys": ", ".join(one.change.key for one in lost.staying)}
    files = ", ".join(path for one in lost.staying for path in one.files)
    return "database", "", f"{text}: {files}" if files else text


def told(lost: Losses) -> list[Fact]:
    """Everybody who follows one of the ideas, also through a duplicate."""
    if not lost.told:
        return []
    text = ngettext("%(n)d person who asked for it is told", "%(n)d people who asked for it are told", lost.told)
    voters = ngettext("%(n)d of them voted", "%(n)d of them voted", lost.voters) % {"n": lost.voters}
    return [("users", "", f"{text % {'n': lost.told}}; {voters}")]

"""The kinds of news there are: what each says, what it is called among the preferences, and who can get it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lifecycle.models.messages import Channel

IN_APP, EMAIL = Channel.IN_APP, Channel.EMAIL
BOTH = (IN_APP, EMAIL)

Words = str | Promise


@dataclass(frozen=True)
class Topic:
    """`sentence` is filled from `Notification.data`; `channels` are used unless the person switched them off."""

    label: Words
    sentence: Words
    channels: tuple[Channel, ...] = BOTH
    for_team: bool = False


TOPICS: dict[str, Topic] = {
    "idea.moved": Topic(_("An idea I follow moves on"), _("“%(title)s” reached %(stop)s")),
    "idea.taken_back": Topic(_("An idea I follow is taken back"), _("“%(title)s” was taken back: %(reason)s")),
    "idea.merged": Topic(
        _("An idea I follow is merged into another"),
        _("“%(title)s” was merged into “%(into)s”; your vote counts there"),
    ),
    "idea.declined": Topic(_("An idea I follow is declined"), _("“%(title)s” will not be done: %(reason)s")),
    "idea.decided": Topic(
        _("The review decides about an idea I follow"), _("“%(title)s”: %(outcome)s%(when)s. %(reason)s")
    ),
    "idea.answered": Topic(_("My question is answered"), _("“%(title)s” was answered")),
    "idea.comment": Topic(_("Somebody comments on an idea I follow"), _("%(who)s commented on “%(title)s”")),
    "survey.open": Topic(_("I am asked whether an idea helped"), _("Did “%(title)s” help you? Tell us")),
    "release.live": Topic(_("A release is live"), _("Release %(version)s is live")),
    "demo.invited": Topic(
        _("I am shown what I asked for before it is released"),
        _("See what is new in %(name)s before it is released, and say if it is right. %(when)s"),
    ),
    "release.rolled_back": Topic(_("A release is taken back"), _("Release %(version)s was taken back: %(reason)s")),
    "review.open": Topic(
        _("A review is open"), _("The review of %(week)s is open: your ballot is needed"), for_team=True
    ),
    "change.comment": Topic(
        _("Somebody comments on a change of mine, or after me"),
        _("%(who)s commented on %(change)s, “%(title)s”"),
        for_team=True,
    ),
    "review.ready": Topic(
        _("An agenda stands"),
        _("The agenda of %(week)s stands: you can cast your ballots before the meeting"),
        for_team=True,
    ),
    "review.forgotten": Topic(
        _("A review was left open"),
        _("The review of %(week)s was left open overnight, so it was closed; what was not decided comes again"),
        for_team=True,
    ),
    "change.assigned": Topic(_("A change is given to me"), _("You build “%(title)s”"), (IN_APP,), for_team=True),
    "change.returned": Topic(
        _("My change comes back"), _("“%(title)s” came back from testing: %(reason)s"), for_team=True
    ),
    "change.pulled_back": Topic(
        _("My change waits for the one below it"), _("“%(title)s” is in development again: %(reason)s"), for_team=True
    ),
    "change.checks_failed": Topic(
        _("The tests of my change fail"), _("The tests of “%(title)s” failed"), (IN_APP,), for_team=True
    ),
    "change.conflict": Topic(
        _("My change is in conflict"), _("“%(title)s” conflicts with %(other)s in %(files)s"), for_team=True
    ),
    "change.on_staging": Topic(
        _("A change waits for a tester"),
        _("“%(title)s” is on staging and waits for a tester"),
        (IN_APP,),
        for_team=True,
    ),
    "environment.asked_for": Topic(
        _("Somebody waits for the environment that I hold"),
        _("%(who)s waits for %(environment)s, which you hold"),
        for_team=True,
    ),
    "release.tests_failed": Topic(
        _("A release fails its combined test"),
        _("The combined test of %(version)s fails: %(reason)s"),
        for_team=True,
    ),
    "release.tests_explained": Topic(
        _("A worker found out why a release fails its tests"),
        _("Release %(version)s: %(what)s"),
        for_team=True,
    ),
    "release.published": Topic(
        _("The plan of a release is out"), _("The plan of release %(version)s is out"), for_team=True
    ),
    "release.enough": Topic(
        _("A plan of mine has enough to be frozen"), _("%(version)s may be frozen: %(words)s"), for_team=True
    ),
    "release.signoff": Topic(
        _("A release was shown"), _("Release %(version)s was shown to %(audience)s"), (IN_APP,), for_team=True
    ),
    "release.approval_needed": Topic(
        _("A release waits for my approval"), _("Release %(version)s waits for your approval"), for_team=True
    ),
    "release.approval_reminder": Topic(
        _("I am reminded of a release that waits for my approval"),
        _("Release %(version)s still waits for your approval"),
        for_team=True,
    ),
    "release.deputy_asked": Topic(
        _("A release waits for somebody whose deputy I am"),
        _("Release %(version)s waits for the approval of %(who)s: you may give it instead"),
        for_team=True,
    ),
    "release.own_work_approved": Topic(
        _("Somebody approves their own work"),
        _("%(who)s approved release %(version)s, which they planned or built a part of"),
        (IN_APP,),
        for_team=True,
    ),
    "release.gate_reminder": Topic(
        _("I am reminded of something that a release waits for"),
        _("%(who)s reminds you: “%(gate)s” is missing for release %(version)s"),
        for_team=True,
    ),
    "release.glass_asked": Topic(
        _("Somebody wants to break the glass and needs a second person"),
        _("%(who)s asks you to open the gates of release %(version)s by force: %(reason)s"),
        for_team=True,
    ),
    "release.glass_broken": Topic(
        _("Somebody breaks the glass"),
        _("%(who)s opened the gates of release %(version)s by force: %(reason)s"),
        for_team=True,
    ),
    "deployment.failed": Topic(
        _("A deployment fails"), _("Deployment %(id)s to %(environment)s failed: %(reason)s"), for_team=True
    ),
    "deployment.expired": Topic(
        _("A deployment could not begin in its time"),
        _("Deployment %(id)s to %(environment)s expired: %(reason)s"),
        for_team=True,
    ),
    "backup.drill_failed": Topic(
        _("A backup cannot be restored"),
        _("The backup of %(environment)s could not be restored: %(reason)s"),
        for_team=True,
    ),
    "watch.finding": Topic(_("A watch finds something"), _("Watch of %(version)s: %(finding)s"), for_team=True),
    "watch.closed": Topic(_("A watch ends"), _("The watch of %(version)s has ended: %(verdict)s"), for_team=True),
}

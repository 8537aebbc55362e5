"""Looking over the whole: who somebody is, who did what, whether the machinery lives."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from deployments.keeper_state import keeper_age_seconds
from deployments.queue_ages import ages
from lifecycle import halts, heartbeats, history
from lifecycle.models import Membership, Notification, Work
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("see_team_pages")
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Who somebody is in this product and what they did last."""
    member = get_object_or_404(Membership.objects.select_related("user"), user=pk, product=request.product)
    page = history.page(request.product, actor=pk, before=before(request))
    return render(request, "lifecycle/person.html", {"member": member, "page": page})


@allow("see_audit")
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first, 50 at a time."""
    return render(request, "lifecycle/audit.html", {"page": history.page(request.product, before=before(request))})


def before(request: HttpRequest) -> int | None:
    """The event below which the page starts; None for the newest, or for something that is no number."""
    text = request.GET.get("before", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


@allow("see_team_pages")
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """Watch the watchers: workers, beat and keeper, how long their queues wait and what failed last."""
    active = Work.objects.filter(status__in=Work.ACTIVE)
    running = halts.without_halted(active)
    pulses, queues = [*heartbeats.pulses(), heartbeats.Pulse("keeper", keeper_age_seconds(settings.VAR))], ages()
    context = {
        "pulses": pulses,
        "silent": sum(pulse.is_late for pulse in pulses),
        "queues": queues,
        "held_up": sum(queue.is_late for queue in queues),
        "gone": heartbeats.silent_processes(),
        "waiting": Work.objects.filter(status=Work.Status.QUEUED).count() + active.exclude(pk__in=running).count(),
        "running": running.order_by("id")[:20],
        "failures": Work.objects.filter(status__in=[Work.Status.FAILED, Work.Status.ERRORED]).order_by("-id")[:10],
        "unsent": Notification.objects.filter(status=Notification.Status.FAILED).order_by("-id")[:10],
    }
    return render(request, "lifecycle/system.html", context)

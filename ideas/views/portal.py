"""The portal: the list, one idea, sharing, voting, following, comments, the roadmap."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ideas import roadmap as plan
from ideas import rows, search, services
from ideas.detail import detail as detail_of
from ideas.detail import queryset
from ideas.forms import CommentForm, IdeaForm
from ideas.models import Idea
from ideas.queries import IdeaQuerySet
from ideas.views.common import back, blame, done, get_idea_for, get_votable_for
from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import Actor, allow


@allow("see_portal")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The ideas, most votes first unless asked otherwise; searched, filtered, a page at a time."""
    query = {name: request.GET.get(name, "").strip()[:200] for name in ("q", "s", "sort", "after")}
    found = rows.page(
        chosen(request.actor, query), request.actor, order=query["sort"], cursor=query["after"], at=timezone.now()
    )
    context = {"page": found, "query": query, "more": more(request, found.cursor), "tabs": tabs(request, query)}
    if request.htmx and not request.htmx.boosted:
        return render(request, "ideas/_rows.html" if query["after"] else "ideas/_ideas.html", context)
    return render(request, "ideas/list.html", context)


def chosen(actor: Actor, query: dict[str, str]) -> IdeaQuerySet:
    ideas = Idea.objects.visible_to(actor).primary().shown(query["s"])
    if query["s"] == "followed" and actor.user:
        ideas = ideas.followed_by(actor.user)
    return ideas.matching(query["q"]) if query["q"] else ideas


def more(request: HttpRequest, cursor: str) -> str:
    """The address of the next page, or nothing."""
    if not cursor:
        return ""
    query = request.GET.copy()
    query["after"] = cursor
    return f"?{query.urlencode()}"


def tabs(request: HttpRequest, query: dict[str, str]) -> list[tuple[str, str, bool]]:
    """The status filter: words, address, whether it is the present one."""
    names = [("", _("All")), ("planned", _("Planned")), ("progress", _("In progress")), ("live", _("Live"))]
    if request.user.is_authenticated:
        names.append(("followed", _("Yours")))
    kept = request.GET.copy()
    kept.pop("after", None)
    links = []
    for value, words in names:
        kept["s"] = value
        links.append((words, f"?{kept.urlencode()}", query["s"] == value))
    return links


@allow("share_idea")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Share an idea, on a page of its own or in the list's dialog."""
    form = IdeaForm(posted(request), actor=request.actor, initial={"title": request.GET.get("title", "")[:200]})
    if request.method == "POST" and form.is_valid():
        idea = services.submit(product=request.product, author=request.user, **form.values)
        if request.htmx:
            return render(request, "ideas/_shared.html", {"idea": idea})
        return done(request, _("Thank you, your idea is in. You will hear when it moves."), "ideas:detail", idea.number)
    title = request.POST.get("title", form.initial["title"])
    context = {"form": form, "similar": search.similar(request.actor, title) if title else []}
    template = "ideas/_form.html" if request.htmx else "ideas/new.html"
    return render(request, template, context, status=422 if form.errors else 200)


@allow("see_portal")
@require_safe
def similar(request: HttpRequest) -> HttpResponse:
    """Ideas like the words that are being typed, with "me too" in place."""
    found = search.similar(request.actor, request.GET.get("title", ""))
    return render(request, "ideas/_similar.html", {"similar": found})


@allow("see_portal")
@require_safe
def detail(request: HttpRequest, number: int, slug: str = "") -> HttpResponse:
    """One idea: its journey, what was asked, in which words, and what happened since."""
    idea = get_object_or_404(queryset(request.actor), number=number)
    return render(request, "ideas/detail.html", page_of(idea, request.actor))


def page_of(idea: Idea, actor: Actor, form: CommentForm | None = None) -> dict[str, object]:
    return {"detail": detail_of(idea, actor), "idea": idea, "form": form or CommentForm(actor=actor)}


@allow("vote")
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest, number: int) -> HttpResponse:
    """Vote. A link only opens the idea: reading never acts."""
    idea = get_votable_for(request.actor, number)
    if request.method == "POST":
        return voted(request, services.vote(idea, by=request.user), True)
    return redirect("ideas:detail", number)


@allow("vote")
@require_POST
def unvote(request: HttpRequest, number: int) -> HttpResponse:
    """Take the vote back."""
    idea = get_votable_for(request.actor, number)
    return voted(request, services.unvote(idea, by=request.user), False)


def voted(request: HttpRequest, idea: Idea, is_mine: bool) -> HttpResponse:
    """The button as it is now, or without htmx the page the vote came from."""
    if not request.htmx:
        return back(request, reverse("ideas:detail", args=[idea.number]))
    idea.voted = is_mine
    url = reverse("ideas:unvote" if is_mine else "ideas:vote", args=[idea.number])
    template = "ideas/_like.html" if request.POST.get("look") == "like" else "ideas/_vote.html"
    return render(request, template, {"idea": idea, "vote_url": url})


@allow("follow")
@require_POST
def follow(request: HttpRequest, number: int) -> HttpResponse:
    """Hear about the idea from now on."""
    idea = get_idea_for(request.actor, number)
    services.follow(idea, by=request.user)
    return done(request, _("You will hear when it moves."), "ideas:detail", number)


@allow("follow")
@require_POST
def unfollow(request: HttpRequest, number: int) -> HttpResponse:
    """Hear no more about the idea."""
    idea = get_idea_for(request.actor, number)
    services.unfollow(idea, by=request.user)
    return done(request, _("You no longer hear about it."), "ideas:detail", number)


@allow("comment")
@require_POST
def comment(request: HttpRequest, number: int) -> HttpResponse:
    """Say something about the idea."""
    idea = get_object_or_404(queryset(request.actor), number=number)
    form = CommentForm(request.POST, actor=request.actor)
    if form.is_valid():
        try:
            services.comment(idea, by=request.user, **form.values)
            return done(request, _("Your comment is in."), "ideas:detail", number)
        except ValidationError as error:
            blame(form, error)
    return render(request, "ideas/detail.html", page_of(idea, request.actor, form), status=422)


@allow("merge_ideas")
@require_POST
def unmerge(request: HttpRequest, number: int) -> HttpResponse:
    """Take a wording out of its group again."""
    idea = get_idea_for(request.actor, number)
    services.unmerge(idea, by=request.user)
    return done(request, _("It stands by itself again; every vote is where it was cast."), "ideas:detail", number)


@allow("triage")
@require_POST
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    """Let a declined, answered or snoozed idea wait for triage again."""
    idea = get_idea_for(request.actor, number)
    services.reopen(idea, by=request.user)
    return done(request, _("It waits in triage again."), "ideas:detail", number)


@allow("see_portal")
@require_safe
def roadmap(request: HttpRequest) -> HttpResponse:
    """Now, next and later."""
    *columns, arrived = plan.columns(request.actor, at=timezone.now())
    is_empty = not any(column.entries for column in columns)
    return render(request, "ideas/roadmap.html", {"columns": columns, "arrived": arrived, "is_empty": is_empty})

"""Who is in the commits of a revision, and which of our people they are."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from environments.git import LIFECYCLE, Part
from lifecycle.models import User
from releases.models import Revision, RevisionPerson


def store(revision: Revision, parts: Iterable[Part]) -> None:
    """Write down everybody, with the person who has this address now. Repeated, it adds what is missing."""
    found = [part for part in parts if part.email != LIFECYCLE.email]
    owners = owners_of(part.email for part in found)
    rows = [
        RevisionPerson(
            revision=revision,
            email=part.email[:254],
            name=part.name[:200],
            role=part.role,
            user_id=owners.get(part.email),
        )
        for part in found
    ]
    RevisionPerson.objects.bulk_create(rows, ignore_conflicts=True)


def of(revision: Revision) -> set[Part]:
    """What is written down of a revision, to be carried on to the one that is built on top of it."""
    return {Part(row.role, row.name, row.email) for row in revision.people.all()}


def owners_of(emails: Iterable[str]) -> dict[str, int]:
    """Address in small letters → who signs in with it, or has proved that it is theirs."""
    wanted = {email.lower() for email in emails}
    proved = EmailAddress.objects.filter(verified=True, email__in=wanted).values_list("email", "user_id")
    own = User.objects.annotate(address=Lower("email")).filter(address__in=wanted).values_list("address", "pk")
    return {email.lower(): pk for email, pk in [*proved, *own]}


def in_revisions(revisions: Iterable[int | None]) -> QuerySet[RevisionPerson]:
    return RevisionPerson.objects.filter(Q(revision__in=[pk for pk in revisions if pk]))

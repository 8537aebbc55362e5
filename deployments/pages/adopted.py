"""What the repository's page says of candidate 0: what ran before Lifecycle."""

from dataclasses import dataclass

from deployments import adopting
from deployments.adopt_forms import AdoptForm
from lifecycle.dates import ago
from lifecycle.models import Product
from releases.models import Candidate


@dataclass(frozen=True)
class Adopted:
    """The commit that was asked for or recorded last, and whether another one may still be said."""

    candidate: Candidate | None
    when: str
    form: AdoptForm | None

    @property
    def is_recorded(self) -> bool:
        return self.candidate is not None and self.candidate.status == Candidate.Status.READY

    @property
    def is_looked_at(self) -> bool:
        return self.candidate is not None and self.candidate.status == Candidate.Status.COMPOSING


def adopted(product: Product) -> Adopted:
    """The card. The form offers the main branch, or what did not work last."""
    found = adopting.latest(product)
    is_looked_at = found is not None and found.status == Candidate.Status.COMPOSING
    form = None if is_looked_at or not adopting.may_be_said(product) else AdoptForm(initial=_offered(product, found))
    return Adopted(found, ago(found.created_at) if found else "", form)


def _offered(product: Product, found: Candidate | None) -> dict[str, str]:
    return {"ref": found.label if found else product.repository.main_branch}

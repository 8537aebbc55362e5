"""What ended some days ago, each with two lines of log."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from deployments.models import BackupDrill, Deployment
from lifecycle import logs
from lifecycle.models import Product, Work
from releases.models import Check
from tests.deployments.paper import Paper


class Past:
    """The product of a `Paper`; `days` is how long ago a row ended, `facts` are its columns."""

    def __init__(self, paper: Paper) -> None:
        self.paper, self.product, self.now = paper, paper.cast.product, timezone.now()

    def _said(self, row: Any) -> Any:
        logs.Writer(row.log_key).info("begun\nended")
        return row

    def deployment(self, days: float, slug: str = "production", **facts: Any) -> Deployment:
        at, runs = self.now - timedelta(days=days), self.paper.adopted
        times = dict.fromkeys(("requested_at", "due_at", "started_at", "finished_at", "verified_at"), at)
        usual = {"status": Deployment.Status.SUCCEEDED, "candidate": runs, "digest": runs.digest, **times}
        place = self.paper.environments[slug]
        return self._said(Deployment.objects.create(product=self.product, environment=place, **{**usual, **facts}))

    def check(self, days: float, **facts: Any) -> Check:
        check = self.paper.check(self.paper.adopted, **facts)
        Check.objects.filter(pk=check.pk).update(finished_at=self.now - timedelta(days=days))
        return self._said(check)

    def drill(self, days: float) -> BackupDrill:
        at = self.now - timedelta(days=days)
        place, times = self.paper.production, {"requested_at": at, "finished_at": at}
        return self._said(BackupDrill.objects.create(environment=place, status="succeeded", note="3 rows", **times))

    def work(self, days: float, product: Product | None, **facts: Any) -> Work:
        at = self.now - timedelta(days=days)
        times = dict.fromkeys(("requested_at", "due_at", "finished_at"), at)
        usual = {"kind": "compose", "subject_id": 1, "key": f"compose:{days}", "status": "succeeded", **times}
        return self._said(Work.objects.create(product=product, **{**usual, **facts}))

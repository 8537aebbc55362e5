"""Boards, deltas, deployments, the way to production and the watch after it."""

from django.urls import path, re_path

from deployments.views import board, cockpit, delta, deployment, rollback, watch

app_name = "deployments"

urlpatterns = [
    path("environments/", board.board, name="board"),
    path("environments/promote/", board.promote, name="promote"),
    path("environments/<slug:slug>/roll-back/", rollback.roll_back, name="roll_back"),
    path("environments/<slug:slug>/history/", deployment.history, name="history"),
    path("delta/", delta.compare, name="compare"),
    re_path(r"^delta/(?P<old>[\w.-]+?)\.\.(?P<new>[\w.-]+)/$", delta.detail, name="delta"),
    path("deployments/", deployment.index, name="list"),
    path("deployments/<int:pk>/", deployment.detail, name="detail"),
    path("deployments/<int:pk>/live/", deployment.live, name="live"),
    path("deployments/<int:pk>/log/", deployment.log, name="log"),
    path("deployments/<int:pk>/log.txt", deployment.raw_log, name="raw_log"),
    path("deployments/<int:pk>/abort/", deployment.abort, name="abort"),
    path("deployments/<int:pk>/retry/", deployment.retry, name="retry"),
    path("releases/<str:version>/cockpit/", cockpit.cockpit, name="cockpit"),
    path("releases/<str:version>/approve/", cockpit.approve, name="approve"),
    path("releases/<str:version>/withdraw/", cockpit.withdraw, name="withdraw"),
    path("releases/<str:version>/waive/", cockpit.waive, name="waive"),
    path("releases/<str:version>/unfreeze/", cockpit.unfreeze, name="unfreeze"),
    path("releases/<str:version>/ship/", cockpit.ship, name="ship"),
    path("releases/<str:version>/watch/", watch.of_release, name="release_watch"),
    path("watch/", watch.index, name="watches"),
    path("watch/<int:pk>/", watch.detail, name="watch"),
    path("watch/<int:pk>/settle/", watch.settle, name="settle"),
]

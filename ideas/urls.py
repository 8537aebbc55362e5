"""Points 1 and 2: the portal, triage, the review and the queue."""

from django.urls import path

from ideas.views import ballots, portal, queue, review, rhythm, triage

app_name = "ideas"
ITEM = "review/<slug:week>/<int:pk>"

urlpatterns = [
    path("ideas/", portal.index, name="list"),
    path("ideas/new/", portal.create, name="new"),
    path("ideas/similar/", portal.similar, name="similar"),
    path("ideas/<int:number>/", portal.detail, name="detail"),
    path("ideas/<int:number>/vote/", portal.vote, name="vote"),
    path("ideas/<int:number>/unvote/", portal.unvote, name="unvote"),
    path("ideas/<int:number>/follow/", portal.follow, name="follow"),
    path("ideas/<int:number>/unfollow/", portal.unfollow, name="unfollow"),
    path("ideas/<int:number>/comment/", portal.comment, name="comment"),
    path("ideas/<int:number>/unmerge/", portal.unmerge, name="unmerge"),
    path("ideas/<int:number>/reopen/", portal.reopen, name="reopen"),
    path("ideas/<int:number>/<slug:slug>/", portal.detail, name="detail_with_slug"),
    path("roadmap/", portal.roadmap, name="roadmap"),
    path("triage/", triage.index, name="triage"),
    path("triage/<int:number>/", triage.request_in_hand, name="triage_request"),
    path("triage/<int:number>/decline/", triage.decline, name="decline"),
    path("triage/<int:number>/snooze/", triage.snooze, name="snooze"),
    path("triage/<int:number>/answer/", triage.answer, name="answer"),
    path("triage/<int:number>/merge/<int:into>/", triage.merge, name="merge"),
    path("review/", review.index, name="review"),
    path("review/rhythm/", rhythm.rhythm, name="rhythm"),
    path("review/<slug:week>/", review.session, name="session"),
    path("review/<slug:week>/live/", review.live, name="live"),
    path("review/<slug:week>/freeze/", review.freeze, name="freeze_agenda"),
    path("review/<slug:week>/thaw/", review.thaw, name="thaw_agenda"),
    path("review/<slug:week>/skip/", review.skip, name="skip_session"),
    path("review/<slug:week>/open/", review.open_session, name="open_session"),
    path("review/<slug:week>/close/", review.close_session, name="close_session"),
    path("review/<slug:week>/minute/", review.add_minute, name="add_minute"),
    path("review/<slug:week>/attend/", review.attend, name="attend"),
    path("review/<slug:week>/seat/", review.take_seat, name="take_seat"),
    path("review/<slug:week>/reveal/", ballots.reveal_all, name="reveal_all"),
    path("review/<slug:week>/together/", ballots.decide_together, name="decide_together"),
    path("review/<slug:week>/minutes/", review.minutes, name="minutes"),
    path("reviews/<slug:week>/", review.public_minutes, name="public_minutes"),
    path(f"{ITEM}/ballot/", ballots.ballot, name="ballot"),
    path(f"{ITEM}/reveal/", ballots.reveal, name="reveal"),
    path(f"{ITEM}/remind/", ballots.remind, name="remind"),
    path(f"{ITEM}/again/", ballots.vote_again, name="vote_again"),
    path(f"{ITEM}/call/", review.call, name="call"),
    path(f"{ITEM}/decide/", ballots.decide, name="decide"),
    path(f"{ITEM}/undo/", ballots.undo, name="undo_decision"),
    path("queue/", queue.queue, name="queue"),
    path("queue/promises/", queue.kept, name="promises"),
    path("queue/<int:number>/place/", queue.place, name="place"),
]

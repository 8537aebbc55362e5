"""Plans, changes, testing, demo, feedback."""

from django.urls import path

from releases.views import beside, changes, checks, demo, feedback, notes, plans, testing, trunk, urgent

app_name = "releases"

urlpatterns = [
    path("releases/", plans.index, name="list"),
    path("releases/new/", plans.new, name="new"),
    path("releases/hotfix/", urgent.hotfix, name="hotfix"),
    path("releases/next/", plans.coming, name="next"),
    path("releases/<str:version>/", plans.detail, name="detail"),
    path("releases/<str:version>/customers/", plans.customers, name="customers"),
    path("releases/<str:version>/publish/", plans.publish, name="publish"),
    path("releases/<str:version>/reschedule/", plans.reschedule, name="reschedule"),
    path("releases/<str:version>/freeze/", plans.freeze, name="freeze"),
    path("releases/<str:version>/drop/", plans.drop, name="drop"),
    path("releases/<str:version>/ideas/", plans.add_ideas, name="add_ideas"),
    path("releases/<str:version>/changes/<int:number>/must/", plans.must, name="must"),
    path("releases/<str:version>/changes/<int:number>/leave/", plans.leave, name="leave"),
    path("releases/<str:version>/demo/", demo.detail, name="demo"),
    path("releases/<str:version>/demo/managers/", demo.managers, name="sign_off_managers"),
    path("releases/<str:version>/demo/customers/", demo.customers, name="sign_off_customers"),
    path("releases/<str:version>/notes/", notes.edit, name="notes"),
    path("releases/<str:version>/outcome/", feedback.outcome, name="outcome"),
    path("changes/<int:number>/", changes.detail, name="change"),
    path("changes/<int:number>/assign/", changes.assign, name="assign"),
    path("changes/<int:number>/branch/", changes.branch, name="branch"),
    path("changes/<int:number>/migrations/", changes.migrations, name="migrations"),
    path("changes/<int:number>/ready/", changes.ready, name="ready"),
    path("changes/<int:number>/not-ready/", changes.not_ready, name="not_ready"),
    path("changes/<int:number>/undo/", urgent.undo, name="undo"),
    path("changes/<int:number>/comment/", changes.comment, name="comment"),
    path("experience/<int:number>/", beside.experience, name="experience"),
    path("queue/drafted/", beside.drafted, name="drafted"),
    path("my-changes/", changes.mine, name="my_changes"),
    path("testing/", testing.bench, name="testing"),
    path("testing/hold/", testing.hold, name="hold"),
    path("testing/let-go/", testing.let_go, name="let_go"),
    path("testing/<int:number>/approve/", testing.approve, name="approve_change"),
    path("testing/<int:number>/return/", testing.give_back, name="return_change"),
    path("trunk/<int:pk>/ship/", trunk.ship, name="trunk_ship"),
    path("trunk/<int:pk>/leave-out/", trunk.leave_out, name="trunk_leave_out"),
    path("checks/<int:pk>/", checks.detail, name="check"),
    path("checks/<int:pk>/log/", checks.log, name="check_log"),
    path("checks/<int:pk>/again/", checks.again, name="check_again"),
    path("feedback/", feedback.overview, name="feedback_overview"),
    path("feedback/<str:version>/<int:number>/", feedback.question, name="feedback"),
    path("whats-new/", feedback.whats_new, name="whats_new"),
]

"""Every screen of the product with somebody who sees it. What stands in braces is looked up in the told demo."""

from tests.browser.demo_stack import DemoStack

VISITOR = "Nobody"

FACTS = {
    "new": "SELECT min(number) FROM ideas_idea WHERE status = 'new' AND canonical_id IS NULL",
    "alike": "SELECT max(number) FROM ideas_idea WHERE status = 'new' AND canonical_id IS NULL",
    "merged": "SELECT min(number) FROM ideas_idea WHERE canonical_id IS NOT NULL",
    "declined": "SELECT min(number) FROM ideas_idea WHERE status = 'declined'",
    "queued": "SELECT max(number) FROM ideas_idea WHERE queue_rank > 0",
    "asked": "SELECT min(number) FROM ideas_idea WHERE stop = 8",
    "week": "SELECT lower(week) FROM ideas_reviewsession WHERE status <> 'closed' ORDER BY id LIMIT 1",
    "past": "SELECT lower(week) FROM ideas_reviewsession WHERE status = 'closed' ORDER BY id LIMIT 1",
    "change": "SELECT min(number) FROM releases_change",
    "live": "SELECT min(number) FROM releases_change WHERE status = 'live'",
    "broken": "SELECT max(number) FROM releases_change",
    "check": "SELECT max(id) FROM releases_check",
    "deployment": "SELECT max(id) FROM deployments_deployment WHERE release_id IS NOT NULL",
    "watch": "SELECT max(id) FROM deployments_watch",
    "dev": "SELECT id FROM lifecycle_user WHERE name = 'Dev'",
}

SCREENS = [
    (VISITOR, "/ideas/"),
    (VISITOR, "/ideas/{asked}/"),
    (VISITOR, "/roadmap/"),
    (VISITOR, "/whats-new/"),
    (VISITOR, "/demo/"),
    (VISITOR, "/accounts/login/"),
    (VISITOR, "/accounts/login/code/"),
    (VISITOR, "/accounts/password/reset/"),
    (VISITOR, "/releases/26.10/customers/"),
    ("Cleo", "/ideas/?q=search"),
    ("Cleo", "/ideas/new/?title=gift+wrap"),
    ("Cleo", "/ideas/{new}/"),
    ("Cleo", "/ideas/{declined}/"),
    ("Cleo", "/inbox/"),
    ("Cleo", "/account/"),
    ("Cleo", "/releases/26.11/demo/"),
    ("Cleo", "/feedback/26.10/{asked}/"),
    ("Cleo", "/triage/"),
    ("Petra", "/inbox/"),
    ("Petra", "/ideas/{merged}/"),
    ("Petra", "/triage/"),
    ("Petra", "/triage/{new}/merge/{alike}/"),
    ("Petra", "/triage/{new}/decline/"),
    ("Petra", "/triage/{new}/snooze/"),
    ("Petra", "/triage/{new}/answer/"),
    ("Petra", "/review/{week}/"),
    ("Petra", "/review/{past}/minutes/"),
    ("Petra", "/queue/"),
    ("Petra", "/queue/promises/"),
    ("Petra", "/queue/{queued}/place/?after=top"),
    ("Petra", "/releases/"),
    ("Petra", "/releases/new/"),
    ("Petra", "/releases/hotfix/"),
    ("Petra", "/changes/{live}/undo/"),
    ("Petra", "/releases/26.12/"),
    ("Petra", "/releases/26.12/customers/"),
    ("Petra", "/releases/26.11/"),
    ("Petra", "/releases/26.11/demo/"),
    ("Petra", "/releases/26.11/notes/"),
    ("Petra", "/releases/26.10/outcome/"),
    ("Petra", "/feedback/"),
    ("Petra", "/notifications/"),
    ("Petra", "/find/?q=gift"),
    ("Petra", "/people/{dev}/"),
    ("Dev", "/my-changes/"),
    ("Dev", "/changes/{change}/"),
    ("Dev", "/changes/{broken}/"),
    ("Dev", "/checks/{check}/"),
    ("Tess", "/testing/"),
    ("Max", "/inbox/"),
    ("Max", "/releases/26.11/cockpit/"),
    ("Max", "/releases/26.11/approve/"),
    ("Max", "/releases/26.11/time/"),
    ("Ops", "/environments/"),
    ("Ops", "/environments/new/"),
    ("Ops", "/environments/stop/"),
    ("Ops", "/environments/staging/"),
    ("Ops", "/environments/staging/history/"),
    ("Ops", "/environments/production/backups/"),
    ("Ops", "/environments/production/settings/"),
    ("Ops", "/environments/production/roll-back/"),
    ("Ops", "/environments/repository/"),
    ("Ops", "/environments/freezes/"),
    ("Ops", "/environments/promote/"),
    ("Ops", "/delta/production..staging/"),
    ("Ops", "/deployments/"),
    ("Ops", "/deployments/{deployment}/"),
    ("Ops", "/watch/"),
    ("Ops", "/watch/{watch}/"),
    ("Ops", "/audit/"),
    ("Ops", "/system/"),
    ("Ops", "/kit/"),
    ("Ops", "/nowhere/"),
]


def fill_in(path: str, told: DemoStack) -> str:
    """The path with its facts; AssertionError names one that the demo does not have."""
    for name, sql in FACTS.items():
        if f"{{{name}}}" in path:
            found = told.ask(sql)
            assert found is not None, f"the demo has no {name}: {sql}"
            path = path.replace(f"{{{name}}}", str(found))
    return path

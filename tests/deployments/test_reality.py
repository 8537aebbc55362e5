"""What really answers is asked of the application itself, and only believed when it says so twice."""

from datetime import timedelta

from django.utils import timezone

from deployments import reality, running, targets
from environments.models import Environment


def look(environment):
    reality.look(environment)
    environment.refresh_from_db()
    return environment


def test_it_writes_down_what_answers(engine):
    one = engine.deploy(engine.dev, engine.candidate("one")).candidate
    dev = look(engine.dev)
    assert (dev.probed_release, dev.probe_note, dev.is_contradicted) == (running.release_id(one), "", False)


def test_another_answer_is_believed_when_it_comes_twice(engine):
    engine.deploy(engine.dev, engine.candidate("one"))
    engine.deploy(engine.dev, engine.candidate("two"))
    behind_our_back(engine, "one")
    dev = look(engine.dev)
    assert (dev.probed_release.split("+")[0], dev.is_contradicted) == ("one", False)
    assert look(dev).is_contradicted
    engine.deploy(engine.dev, engine.candidate("three"))
    assert not look(dev).is_contradicted


def behind_our_back(engine, label):
    """Somebody starts an older release by hand."""
    dev = engine.dev
    old = running.succeeded(dev).filter(candidate__label=label).get().candidate
    driver = targets.driver_for(dev, old)
    fence = running.next_fence(dev)
    driver.switch(targets.release_of(old), fence=fence, log=lambda *_line: None, stop=lambda: False)
    assert driver.health(targets.release_of(old), deadline_seconds=10, log=lambda *_line: None, stop=lambda: False)


def test_silence_is_noted_and_no_contradiction(engine):
    engine.deploy(engine.dev, engine.candidate("one"))
    engine.kept.end()
    for _time in range(3):
        dev = look(engine.dev)
    assert (dev.probed_release, dev.probe_misses) == ("", 0)
    assert dev.probe_note


def test_each_is_asked_by_one_worker_and_twice_a_minute(engine):
    engine.deploy(engine.dev, engine.candidate("one"))
    Environment.objects.update(probed_at=None)
    reality.tick()
    first = engine.dev.probed_at
    assert first is not None
    reality.tick()
    assert engine.dev.probed_at == first
    Environment.objects.update(probed_at=timezone.now() - timedelta(seconds=reality.LOOK_SECONDS + 1))
    reality.tick()
    assert engine.dev.probed_at > first


def test_nothing_is_asked_where_nothing_is_recorded(engine):
    Environment.objects.filter(slug="dev").update(probe_misses=5)
    dev = look(engine.dev)
    assert dev.probe_misses == 0
    assert dev.probe_note, "silence is not the answer that nothing runs"

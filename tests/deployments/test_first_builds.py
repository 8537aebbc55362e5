"""What was tested is what is deployed: other files under the same digest are refused, wherever they are built."""

import pytest

from deployments import artefacts, building
from deployments.models import Deployment
from lifecycle import jobs
from lifecycle.models import Work
from releases import candidates
from releases.models import Candidate
from tests.deployments.engine import MANIFEST, Shop, log_of

S = Deployment.Status
OTHER_EACH_TIME = "import pathlib, time; pathlib.Path('made').write_text(str(time.time_ns()))"
THE_SAME = "import pathlib; pathlib.Path('made').write_text('always so')"


def built(engine: Shop, code: str = OTHER_EACH_TIME, retries: int = 0) -> Candidate:
    """A candidate whose build was made by a worker, before anybody deploys it."""
    section = f'[build]\ncommand = ["{{python}}", "build.py"]\nretries = {retries}\n'
    candidate = engine.candidate("one", **{"lifecycle.toml": MANIFEST + section, "build.py": code})
    building.later(candidate)
    jobs.execute(Work.objects.get(kind="build").key)
    candidate.refresh_from_db()
    return candidate


def lose(engine: Shop, candidate: Candidate) -> None:
    assert artefacts.prune(engine.var / "artefacts", lambda digest: False) == [candidate.digest]


def spoil(engine: Shop, candidate: Candidate) -> None:
    file = engine.var / "artefacts" / candidate.digest / "made"
    file.chmod(0o644)
    file.write_text("changed")


def test_the_first_build_is_written_down_and_is_what_every_environment_gets(engine: Shop):
    candidate = built(engine)
    assert candidate.artefact_hash == artefacts.verify(engine.var / "artefacts" / candidate.digest, candidate.digest)
    for environment in (engine.dev, engine.production):
        done = engine.deploy(environment, candidate)
        assert done.status == S.SUCCEEDED, log_of(done)


def test_a_lost_artefact_that_is_built_anew_with_other_files_is_refused(engine: Shop):
    candidate = built(engine)
    assert engine.deploy(engine.dev, candidate).status == S.SUCCEEDED
    lose(engine, candidate)
    refused = engine.deploy(engine.production, candidate)
    assert refused.status == S.FAILED, log_of(refused)
    assert "put the release together again, so that it is tested anew" in refused.error
    assert not list((engine.var / "artefacts").iterdir()), "what was not tested is not kept under its name"


def test_one_that_is_built_anew_with_the_same_files_is_what_was_tested(engine: Shop):
    candidate = built(engine, THE_SAME)
    assert engine.deploy(engine.dev, candidate).status == S.SUCCEEDED
    lose(engine, candidate)
    done = engine.deploy(engine.production, candidate)
    assert done.status == S.SUCCEEDED, log_of(done)


def test_nobody_minds_another_build_before_the_first_one_was_given_to_anybody(engine: Shop):
    candidate = built(engine)
    lose(engine, candidate)
    done = engine.deploy(engine.dev, candidate)
    assert done.status == S.SUCCEEDED, log_of(done)
    first = candidate.artefact_hash
    candidate.refresh_from_db()
    assert candidate.artefact_hash not in ("", first), "from now on this one is the first"


def test_a_changed_artefact_is_refused_and_not_built_anew_in_the_same_deployment(engine: Shop):
    candidate = built(engine, THE_SAME, retries=2)
    spoil(engine, candidate)
    refused = engine.deploy(engine.dev, candidate)
    assert refused.status == S.FAILED, log_of(refused)
    assert "deploy once more" in refused.error and refused.steps.get(key="prepare").attempt == 1
    assert engine.deploy(engine.dev, candidate).status == S.SUCCEEDED


def test_who_asks_again_gets_what_was_tested_or_nothing(engine: Shop):
    candidate = built(engine)
    assert engine.deploy(engine.dev, candidate).status == S.SUCCEEDED
    spoil(engine, candidate)
    first, second, third = (engine.deploy(engine.production, candidate) for _n in range(3))
    assert "deploy once more" in first.error
    for again in (second, third):
        assert "put the release together again" in again.error, log_of(again)
    assert engine.runs(engine.production) == ""


def test_an_artefact_with_a_marker_of_its_own_is_no_first_build(engine: Shop):
    candidate = built(engine, THE_SAME)
    spoil(engine, candidate)
    folder = engine.var / "artefacts" / candidate.digest
    folder.chmod(0o755)
    (folder / artefacts.MARKER).chmod(0o644)
    artefacts._seal(folder, candidate.digest, candidate.sha)
    refused = engine.deploy(engine.dev, candidate)
    assert "another one than was built first" in refused.error, log_of(refused)


@pytest.mark.parametrize(("is_gone", "is_same"), [(False, True), (True, False)])
def test_putting_it_together_again_is_a_way_out(engine: Shop, is_gone: bool, is_same: bool):
    candidate = built(engine)
    assert engine.deploy(engine.dev, candidate).status == S.SUCCEEDED
    if is_gone:
        lose(engine, candidate)
        assert engine.deploy(engine.production, candidate).status == S.FAILED
    again = candidates.adopt(engine.cast.product, sha=candidate.sha, by=engine.cast.ops)
    assert (again.digest == candidate.digest) is is_same
    done = engine.deploy(engine.production, again)
    assert done.status == S.SUCCEEDED, log_of(done)

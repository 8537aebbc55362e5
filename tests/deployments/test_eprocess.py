"""The detector: its promise about false alarms, what it finds, and the hard gates."""

import math
import random

import pytest

from deployments.eprocess import (
    ACT,
    NO_EVIDENCE,
    RATIOS,
    WARN,
    Reference,
    Window,
    alarm,
    beta_quantile,
    errors_burst,
    observe,
    probes_failed,
    reference,
    restart,
    strength,
)

WINDOWS, PER_HOUR = 288, 12


def poisson(mean: float, source: random.Random) -> int:
    limit, product, count = math.exp(-mean), source.random(), 0
    while product > limit:
        product, count = product * source.random(), count + 1
    return count


def first_alarm(rate: float, normal: Reference, alpha: float, source: random.Random, *, per_day=5000, begins=0):
    """The window of the first alarm in a simulated day, or None."""
    evidence, trials = NO_EVIDENCE, round(per_day / WINDOWS)
    for number in range(WINDOWS):
        if number % PER_HOUR == 0:
            evidence = restart(evidence)
        true_rate = rate if number >= begins else normal.rate / 2
        evidence = observe(evidence, Window(trials, min(trials, poisson(trials * true_rate, source))), normal)
        if alarm(evidence, alpha):
            return number
    return None


def alarms(days: int, *args, **kwargs) -> list[int]:
    source = random.Random(11)
    found = (first_alarm(*args, source, **kwargs) for _ in range(days))
    return [number for number in found if number is not None]


def test_at_the_limit_of_what_is_normal_false_alarms_stay_below_alpha():
    assert len(alarms(150, 0.01, Reference(0.01), 0.10)) <= 15


def test_a_tenfold_rate_is_always_found_within_hours_also_when_it_begins_late():
    early = alarms(20, 0.05, Reference(0.0075), ACT.alpha)
    late = alarms(20, 0.05, Reference(0.0075), ACT.alpha, begins=144)
    assert len(early) == len(late) == 20
    assert max(early) < 6 * PER_HOUR and all(144 <= number < 144 + 3 * PER_HOUR for number in late)


def test_burstiness_of_the_baseline_makes_it_slower_to_judge():
    window = Window(100, 10)
    sure = observe(restart(NO_EVIDENCE), window, Reference(0.01))
    careful = observe(restart(NO_EVIDENCE), window, Reference(0.01, dispersion=4))
    assert strength(sure) > strength(careful) > strength(restart(NO_EVIDENCE))


def test_before_the_first_restart_and_without_trials_nothing_changes():
    assert observe(NO_EVIDENCE, Window(1000, 1000), Reference(0.01)) == NO_EVIDENCE
    begun = restart(NO_EVIDENCE)
    assert observe(begun, Window(0, 0), Reference(0.01)) == begun
    assert strength(begun) == pytest.approx(1 / 24)
    assert strength(restart(begun, restarts=2)) == pytest.approx(1 / 24 + 1 / 2)


def test_good_windows_speak_for_the_release():
    begun = restart(NO_EVIDENCE)
    assert strength(observe(begun, Window(1000, 0), Reference(0.01))) < strength(begun)


def test_one_window_is_the_likelihood_ratio_of_each_alternative():
    after = observe((1.0,) * len(RATIOS), Window(10, 2), Reference(0.05))
    expected = [min(r * 0.05, 0.95) for r in RATIOS]
    for value, p1 in zip(after, expected, strict=True):
        assert value == pytest.approx((p1 / 0.05) ** 2 * ((1 - p1) / 0.95) ** 8)


def test_numbers_stay_finite_and_events_never_exceed_trials():
    evidence = restart(NO_EVIDENCE)
    for _ in range(50):
        evidence = observe(evidence, Window(100_000, 200_000), Reference(0.001))
    assert all(math.isfinite(value) for value in evidence) and alarm(evidence, 1e-9)


def test_several_metrics_share_alpha():
    evidence = (15.0,) * len(RATIOS)
    assert alarm(evidence, WARN.alpha) and not alarm(evidence, WARN.alpha, metrics=2)


def test_the_reference_is_the_upper_limit_of_the_baseline_times_the_tolerance():
    baseline = Window(20_000, 100)
    warn, act = reference(baseline, WARN), reference(baseline, ACT, dispersion=0.2)
    assert 0.005 < warn.rate < 0.0062
    assert act.rate == pytest.approx(1.5 * warn.rate) and act.dispersion == 1.0
    assert reference(Window(1_000_000, 0), WARN).rate == 0.001


def test_an_empty_baseline_never_condemns():
    normal = reference(Window(0, 0), WARN)
    evidence = observe(restart(NO_EVIDENCE), Window(500, 500), normal)
    assert not alarm(evidence, WARN.alpha)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (0.5, 100.5), (100.5, 19_900.5), (3, 1), (5000.5, 5000.5)])
def test_the_beta_quantile_agrees_with_drawn_samples(a, b):
    source = random.Random(7)
    found = beta_quantile(0.95, a, b)
    below = sum(source.betavariate(a, b) <= found for _ in range(20_000)) / 20_000
    assert below == pytest.approx(0.95, abs=0.006)


def test_known_beta_quantiles():
    assert beta_quantile(0.95, 1, 1) == pytest.approx(0.95)
    assert beta_quantile(0.95, 0.5, 0.5) == pytest.approx(math.sin(0.95 * math.pi / 2) ** 2)
    assert beta_quantile(0.5, 1, 10) == pytest.approx(1 - 0.5**0.1)


def test_three_failed_probes_in_a_row_are_a_hard_gate():
    assert probes_failed([True, False, False, False])
    assert not probes_failed([False, False])
    assert not probes_failed([False, False, True, False, False])


@pytest.mark.parametrize(
    ("trials", "events", "burst"), [(20, 5, True), (19, 19, False), (40, 4, False), (60, 5, False), (50, 5, True)]
)
def test_a_quarter_hour_of_errors_is_a_hard_gate(trials, events, burst):
    assert errors_burst([Window(trials - 10, events), Window(10, 0)]) is burst

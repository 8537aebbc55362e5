"""Reading Prometheus text."""

import pytest

from deployments.metrics import prometheus_text
from deployments.metrics.prometheus_text import MetricsError, parse

PAGE = """\
# HELP http_requests_total Answered requests.
# TYPE http_requests_total counter
http_requests_total{endpoint="/cart",status="200"} 1027 1395066363000
http_requests_total{endpoint="/cart",status="500"} 3

up 1
  spaced { a = "b" , } 2e3
odd{path="C:\\\\DIR\\n\\"}{ 5",empty=""} -0.5
http_request_seconds_bucket{le="0.1"} 5 # {trace_id="{a}"} 0.05 1520879607.789
http_request_seconds_bucket{le="+Inf"} 6
nothing_yet NaN
endless +Inf
# EOF
"""


def test_samples_with_labels_escapes_timestamps_and_exemplars():
    assert parse(PAGE) == [
        ("http_requests_total", {"endpoint": "/cart", "status": "200"}, 1027),
        ("http_requests_total", {"endpoint": "/cart", "status": "500"}, 3),
        ("up", {}, 1),
        ("spaced", {"a": "b"}, 2000),
        ("odd", {"path": 'C:\\DIR\n"}{ 5', "empty": ""}, -0.5),
        ("http_request_seconds_bucket", {"le": "0.1"}, 5),
        ("http_request_seconds_bucket", {"le": "+Inf"}, 6),
    ]


def test_windows_line_ends_and_an_empty_page():
    assert parse("up 1\r\ndown 0\r\n") == [("up", {}, 1), ("down", {}, 0)]
    assert parse("") == []


@pytest.mark.parametrize(
    "line", ["<html>", "up", "up x", 'up{a="b" 1', "up{a=b} 1", 'up{a="b"}', "1up 3", 'up{a="b\\"} 1', "{} 1"]
)
def test_what_is_no_sample_is_named_with_its_line(line):
    with pytest.raises(MetricsError, match="line 2"):
        parse(f"up 1\n{line}\n")


def test_a_flood_of_samples_is_refused(monkeypatch):
    monkeypatch.setattr(prometheus_text, "SAMPLES_LIMIT", 10)
    assert len(parse("up 1\n" * 10)) == 10
    with pytest.raises(MetricsError, match="line 11: more than 10"):
        parse("up 1\n" * 11)


def test_a_long_hostile_line_takes_no_time():
    with pytest.raises(MetricsError):
        parse("up{" + 'a="\\\\",' * 20_000 + "} x")
    with pytest.raises(MetricsError):
        parse("up{" + "} " * 50_000)

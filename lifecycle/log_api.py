"""A log over the API: its lines behind the last one that was read."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from lifecycle import live_log, logs
from lifecycle.models import Logged
from lifecycle.problems import Gone
from lifecycle.requests import Request

LOG_PAGE = 500


class LogLineOut(serializers.Serializer):
    """One line; the greatest `seq` that was read is the next `after`."""

    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    stream = serializers.CharField()
    text = serializers.CharField()


described = extend_schema(
    parameters=[OpenApiParameter("after", int)],
    responses={200: LogLineOut(many=True), 204: None, 410: None},
)


def lines_of(of: Logged, request: Request) -> Response:
    """The lines with a number greater than `after`, at most LOG_PAGE; 204 when there are none. Gone once removed."""
    if removed := live_log.why_removed(of):
        raise Gone(removed)
    lines = logs.lines_after(of.log_key, integer(request, "after"), limit=LOG_PAGE)
    return Response(LogLineOut(lines, many=True).data) if lines else Response(status=204)


def integer(request: Request, name: str) -> int:
    """A query parameter that counts; 0 when it is missing or no number."""
    return live_log.number(request.query_params.get(name, ""))

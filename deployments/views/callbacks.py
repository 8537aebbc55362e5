"""Where pipelines call back: no session and no form, a signature instead."""

from django.core.exceptions import ValidationError
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from deployments import pipelines
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from lifecycle.transitions import NotAllowed


@csrf_exempt
@require_POST
@allow("call_back")
def pipeline(request: HttpRequest, key: str) -> JsonResponse:
    """200 when it was written down or known already; 403 without a true signature, 409, 413 and 422 say why."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length) > pipelines.BODY_BYTES:
        return JsonResponse({"detail": "The body may have 64 kB."}, status=413)
    timestamp = request.headers.get("X-Lifecycle-Timestamp", "")
    signature = request.headers.get("X-Lifecycle-Signature", "")
    try:
        pipelines.receive(key, request.body, timestamp=timestamp, signature=signature)
    except pipelines.Unsigned:
        return JsonResponse({"detail": "The signature does not fit."}, status=403)
    except ValidationError as error:
        return JsonResponse({"detail": error.messages}, status=422)
    except NotAllowed as error:
        return JsonResponse({"detail": str(error)}, status=409)
    return JsonResponse({"detail": "Noted."})

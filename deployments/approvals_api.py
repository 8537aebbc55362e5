"""Approvals over the API: who can, taking one's word back, break-glass, deputies and the product's rules."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import approval_rules, approvals, break_glass, product_rules
from deployments.approval_rules import ASKABLE
from deployments.loading import get_release_for
from deployments.models import BreakGlass
from lifecycle.models import Product, Role, User
from lifecycle.requests import Request, read

ROLES = [(role, Role(role).label) for role in ASKABLE]


class PersonOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")
    email = serializers.EmailField()


class AbleOut(serializers.Serializer):
    """Who can give an approval that is missing now; `why_nobody` when the rule can never be satisfied."""

    people = PersonOut(many=True)
    why_nobody = serializers.CharField()


class GlassIn(serializers.Serializer):
    """Why nobody can be waited for; the second person of a strict product needs no reason of their own."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    digest = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)


class GlassOut(serializers.ModelSerializer):
    """`is_broken`: whether it takes effect, or waits for a second person."""

    first_by = serializers.CharField()
    second_by = serializers.CharField(allow_null=True)
    is_broken = serializers.SerializerMethodField()

    class Meta:
        model = BreakGlass
        fields = ["digest", "config_version", "reason", "first_by", "first_at", "second_by", "second_at", "is_broken"]

    def get_is_broken(self, row: BreakGlass) -> bool:
        return approval_rules.is_broken(row, row.release.product)


class ApprovalRulesShape(serializers.ModelSerializer):
    """`rule`: role → how many; empty for the preset's own numbers. The chat's address is written, never read."""

    rule = serializers.DictField(child=serializers.IntegerField(min_value=0, max_value=product_rules.MOST))
    chat_webhook = serializers.CharField(write_only=True, required=False, allow_blank=True, max_length=500)

    class Meta:
        model = Product
        fields = ["preset", "rule", "customers_demo_required", "remind_after_hours", "chat_webhook"]

    def to_representation(self, product: Product) -> dict[str, Any]:
        return product_rules.facts_of(product)


class DeputyShape(serializers.Serializer):
    """`person` and `deputy` are e-mail addresses."""

    id = serializers.IntegerField(read_only=True)
    person = serializers.EmailField(source="person.email")
    deputy = serializers.EmailField(source="deputy.email")
    role = serializers.ChoiceField(choices=ROLES)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()


class Withdraw(APIView):
    """Take one's own word back; what waits for its turn or its time is cancelled, 409 while it is deployed."""

    verbs = {"POST": "approve_release"}

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, product: str, version: str) -> Response:
        approvals.withdraw(get_release_for(request.actor, version), by=request.user)
        return Response(status=204)


class WhoCanApprove(APIView):
    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=AbleOut)
    def get(self, request: Request, product: str, version: str) -> Response:
        return Response(AbleOut(product_rules.able_for(get_release_for(request.actor, version))).data)


class Glass(APIView):
    """Open people's gates by force: one person with a reason, in strict products a second one who confirms."""

    verbs = {"GET": "see_team_pages", "POST": "break_glass"}

    @extend_schema(responses=GlassOut(many=True))
    def get(self, request: Request, product: str, version: str) -> Response:
        rows = get_release_for(request.actor, version).break_glasses.select_related(
            "first_by", "second_by", "release__product"
        )
        return Response(GlassOut(rows.order_by("-id"), many=True).data)

    @extend_schema(request=GlassIn, responses={201: GlassOut})
    def post(self, request: Request, product: str, version: str) -> Response:
        release = get_release_for(request.actor, version)
        made = break_glass.break_glass(release, by=request.user, **read(GlassIn, request))
        return Response(GlassOut(made).data, status=201)


class Rules(APIView):
    """How the product approves; PUT replaces it. 422 with the reason for a rule that nobody can satisfy."""

    verbs = {"GET": "see_team_pages", "PUT": "configure"}

    @extend_schema(responses=ApprovalRulesShape)
    def get(self, request: Request, product: str) -> Response:
        return Response(ApprovalRulesShape(request.actor.product).data)

    @extend_schema(request=ApprovalRulesShape, responses=ApprovalRulesShape)
    def put(self, request: Request, product: str) -> Response:
        kept = {name: getattr(request.actor.product, name) for name in KEPT}
        product_rules.set_rules(request.actor.product, by=request.user, **kept | read(ApprovalRulesShape, request))
        return Response(ApprovalRulesShape(Product.objects.get(pk=request.actor.product.pk)).data)


KEPT = ("preset", "customers_demo_required", "remind_after_hours", "chat_webhook")


class Deputies(APIView):
    verbs = {"GET": "see_team_pages", "POST": "configure"}

    @extend_schema(responses=DeputyShape(many=True))
    def get(self, request: Request, product: str) -> Response:
        return Response(DeputyShape(product_rules.deputies(request.actor.product), many=True).data)

    @extend_schema(request=DeputyShape, responses={201: DeputyShape})
    def post(self, request: Request, product: str) -> Response:
        wish = read(DeputyShape, request)
        pair = {name: self._member(request, wish.pop(name)["email"]) for name in ("person", "deputy")}
        made = product_rules.choose_deputy(request.actor.product, by=request.user, **pair, **wish)
        return Response(DeputyShape(made).data, status=201)

    def _member(self, request: Request, email: str) -> User:
        return get_object_or_404(User, email__iexact=email, memberships__product=request.actor.product)


class OneDeputy(APIView):
    verbs = {"DELETE": "configure"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, product: str, pk: int) -> Response:
        found = get_object_or_404(request.actor.product.deputies, pk=pk)
        product_rules.remove_deputy(found, by=request.user)
        return Response(status=204)


urlpatterns = [
    path("approval-rules/", Rules.as_view(), name="approval_rules"),
    path("deputies/", Deputies.as_view(), name="deputies"),
    path("deputies/<int:pk>/", OneDeputy.as_view(), name="deputy"),
    path("releases/<str:version>/withdraw/", Withdraw.as_view(), name="withdraw"),
    path("releases/<str:version>/who-can-approve/", WhoCanApprove.as_view(), name="who_can_approve"),
    path("releases/<str:version>/break-glass/", Glass.as_view(), name="break_glass"),
]

"""Who buys, and where it goes."""

import uuid

from django import forms

from features.checkout.models import Order


class CheckoutForm(forms.ModelForm):
    key = forms.UUIDField(required=False, initial=uuid.uuid4, widget=forms.HiddenInput)

    class Meta:
        model = Order
        fields = ("name", "email", "address")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "address": forms.Textarea(attrs={"autocomplete": "street-address", "rows": 3}),
        }

    def order_key(self) -> uuid.UUID:
        """The key sent with the form; a new one for a form without."""
        return self.cleaned_data["key"] or uuid.uuid4()

    def customer(self) -> dict[str, str]:
        return {field: self.cleaned_data[field] for field in self.Meta.fields}

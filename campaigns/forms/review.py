"""Verdicts: each names the very bytes that were read."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Variant


class VerdictForm(forms.Form):
    """``sha256`` of the text and the review cycle as they were on screen, compared when the verdict is stored."""

    sha256 = forms.RegexField(regex=r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    review_cycle = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    @classmethod
    def initial_of(cls, variant: Variant) -> dict[str, object]:
        revision = variant.current_revision
        return {"sha256": revision.sha256 if revision else "", "review_cycle": variant.review_cycle}


class ApproveForm(VerdictForm):
    reason = forms.CharField(
        label=_("Why may it be published?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The rules would block this text. Your reason is kept with the approval."),
    )


class RequestChangesForm(VerdictForm):
    reason = forms.CharField(
        label=_("What should change?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The author reads this."),
        error_messages={"required": _("Say what should change, so that the author can act.")},
    )

"""Routes of campaigns, briefs, generation runs, variants and review."""

from django.urls import URLPattern, path

from campaigns.views import brief, campaign, dashboard, review, run, variant

urlpatterns: list[URLPattern] = [
    path("", dashboard.dashboard, name="dashboard"),
    path("campaigns/", campaign.campaign_list, name="campaign_list"),
    path("campaigns/new/", campaign.campaign_create, name="campaign_create"),
    path("campaigns/<int:pk>/", campaign.campaign_detail, name="campaign_detail"),
    path("campaigns/<int:pk>/edit/", campaign.campaign_edit, name="campaign_edit"),
    path("campaigns/<int:pk>/launch/", campaign.campaign_move, {"verb": "launch"}, name="campaign_launch"),
    path("campaigns/<int:pk>/pause/", campaign.campaign_move, {"verb": "pause"}, name="campaign_pause"),
    path("campaigns/<int:pk>/resume/", campaign.campaign_move, {"verb": "resume"}, name="campaign_resume"),
    path("campaigns/<int:pk>/finish/", campaign.campaign_move, {"verb": "finish"}, name="campaign_finish"),
    path("campaigns/<int:campaign_pk>/briefs/new/", brief.brief_create, name="brief_create"),
    path("briefs/estimate/", brief.brief_preview, name="brief_preview"),
    path("briefs/<int:pk>/", brief.brief_detail, name="brief_detail"),
    path("briefs/<int:pk>/edit/", brief.brief_edit, name="brief_edit"),
    path("briefs/<int:pk>/generate/", brief.brief_generate, name="brief_generate"),
    path("runs/", run.run_list, name="run_list"),
    path("runs/<int:pk>/", run.run_detail, name="run_detail"),
    path("runs/<int:pk>/live/<int:after>/", run.run_live, name="run_live"),
    path("runs/<int:pk>/candidates/", run.run_candidates, name="run_candidates"),
    path("runs/<int:pk>/cancel/", run.run_cancel, name="run_cancel"),
    path("candidates/<int:pk>/adopt/", run.candidate_adopt, name="candidate_adopt"),
    path("variants/", variant.variant_list, name="variant_list"),
    path("variants/new/", variant.variant_create, name="variant_create"),
    path("variants/measure/", variant.variant_measure, name="variant_measure"),
    path("variants/<int:pk>/", variant.variant_detail, name="variant_detail"),
    path("variants/<int:pk>/edit/", variant.variant_edit, name="variant_edit"),
    path("variants/<int:pk>/diff/", variant.variant_diff, name="variant_diff"),
    path("variants/<int:pk>/submit/", variant.variant_submit, name="variant_submit"),
    path("variants/<int:pk>/withdraw/", variant.variant_withdraw, name="variant_withdraw"),
    path("variants/<int:pk>/retire/", variant.variant_retire, name="variant_retire"),
    path("variants/<int:pk>/restore/", variant.variant_restore, name="variant_restore"),
    path("variants/<int:pk>/approve/", review.approve, name="variant_approve"),
    path("variants/<int:pk>/request-changes/", review.request_changes, name="variant_request_changes"),
    path("review/", review.review_list, name="review_queue"),
    path("review/<int:pk>/", review.review_detail, name="review_detail"),
]

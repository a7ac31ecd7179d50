"""Model versions, base models and evaluations."""

from django.urls import path

from generation.views import evaluation, language_model, model_version

urlpatterns = [
    path("models/", model_version.model_list, name="model_list"),
    path("models/roll-back/", model_version.model_roll_back, name="model_roll_back"),
    path("models/bases/new/", language_model.base_add, name="base_add"),
    path("models/fetches/<int:pk>/", language_model.fetch_detail, name="fetch_detail"),
    path("models/fetches/<int:pk>/cancel/", language_model.fetch_cancel, name="fetch_cancel"),
    path("models/fetches/<int:pk>/resume/", language_model.fetch_resume, name="fetch_resume"),
    path("models/<int:pk>/", model_version.model_detail, name="model_detail"),
    path("models/<int:pk>/promote/", model_version.model_promote, name="model_promote"),
    path("models/<int:pk>/retire/", model_version.model_retire, name="model_retire"),
    path("models/<int:pk>/delete/", model_version.model_delete, name="model_delete"),
    path("models/<int:pk>/measure/", model_version.model_measure, name="model_measure"),
    path("evaluations/<int:pk>/", evaluation.evaluation_detail, name="evaluation_detail"),
    path("evaluations/<int:pk>/cancel/", evaluation.evaluation_cancel, name="evaluation_cancel"),
    path("evaluations/<int:pk>/vote/", evaluation.evaluation_vote, name="evaluation_vote"),
]

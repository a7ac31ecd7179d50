"""Training runs and the schedule."""

from django.urls import path

from generation.views import schedule, training

urlpatterns = [
    path("training/", training.training_list, name="training_list"),
    path("training/new/", training.training_start, name="training_start"),
    path("training/schedule/", schedule.schedule_edit, name="schedule_edit"),
    path("training/<int:pk>/", training.training_detail, name="training_detail"),
    path("training/<int:pk>/cancel/", training.training_cancel, name="training_cancel"),
    path("training/<int:pk>/resume/", training.training_resume, name="training_resume"),
]

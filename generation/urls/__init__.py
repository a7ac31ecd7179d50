"""The pages of the generation app, below ``/w/<workspace>/``: training and models."""

from generation.urls.models import urlpatterns as models
from generation.urls.training import urlpatterns as training

app_name = "generation"
urlpatterns = [*training, *models]

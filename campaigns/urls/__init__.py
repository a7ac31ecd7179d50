"""The pages of the campaigns app, below ``/w/<workspace>/``: the catalogue, the copy, the delivery."""

from campaigns.urls.catalogue import urlpatterns as catalogue
from campaigns.urls.copy import urlpatterns as copy
from campaigns.urls.delivery import urlpatterns as delivery

app_name = "campaigns"
urlpatterns = [*copy, *catalogue, *delivery]

"""Every route. Pages of a workspace stand below ``/w/<slug>/``, the API below ``/api/``."""

from django.urls import include, path

import generation.admin  # noqa: F401 (its tables, on the site below)
from copystudio.admin import site
from copystudio.views import failure, home, probes

handler400 = failure.bad_request
handler403 = failure.forbidden
handler404 = failure.not_found
handler500 = failure.server_error

urlpatterns = [
    path("healthz", probes.alive, name="alive"),
    path("readyz", probes.ready, name="ready"),
    path("csp-report", probes.csp_report, name="csp_report"),
    path("language/", home.set_language, name="set_language"),
    path("admin/", site.urls),
    path("accounts/", include("copystudio.account_urls")),
    path("", include("copystudio.studio_urls")),
    path("w/<slug:workspace>/", include("campaigns.urls")),
    path("w/<slug:workspace>/", include("generation.urls")),
    path("api/", include("campaigns.api.urls")),
]

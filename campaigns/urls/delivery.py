"""Routes of placements and API clients."""

from django.urls import path

from campaigns.views import client, placement

urlpatterns = [
    path("placements/", placement.placement_list, name="placement_list"),
    path("placements/new/", placement.placement_create_view, name="placement_create"),
    path("placements/<int:pk>/", placement.placement_detail, name="placement_detail"),
    path("placements/<int:pk>/edit/", placement.placement_edit, name="placement_edit"),
    path("placements/<int:pk>/assign/", placement.placement_assign_view, name="placement_assign"),
    path("clients/", client.client_list, name="client_list"),
    path("clients/new/", client.client_create_view, name="client_create"),
    path("clients/<int:pk>/revoke/", client.client_revoke_view, name="client_revoke"),
    path("clients/<int:pk>/rotate/", client.client_rotate_view, name="client_rotate"),
]

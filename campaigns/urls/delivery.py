"""Routes of placements, API clients and webhooks."""

from django.urls import path

from campaigns.views import client, placement, webhook

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
    path("webhooks/", webhook.webhook_list, name="webhook_list"),
    path("webhooks/new/", webhook.webhook_create_view, name="webhook_create"),
    path("webhooks/<int:pk>/", webhook.webhook_detail, name="webhook_detail"),
    path("webhooks/<int:pk>/edit/", webhook.webhook_edit, name="webhook_edit"),
    path("webhooks/<int:pk>/rotate/", webhook.webhook_rotate_view, name="webhook_rotate"),
    path("webhooks/<int:pk>/disable/", webhook.webhook_disable, name="webhook_disable"),
    path("webhooks/<int:pk>/enable/", webhook.webhook_enable, name="webhook_enable"),
    path("webhooks/<int:pk>/test/", webhook.webhook_test_view, name="webhook_test"),
    path("webhooks/messages/<int:pk>/retry/", webhook.delivery_retry_view, name="delivery_retry"),
]

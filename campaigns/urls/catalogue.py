"""Routes of products, imports, brands, segments and channels."""

from django.urls import path

from campaigns.views import brand, channel, dialogue, product, product_import, segment

urlpatterns = [
    path("products/", product.product_list, name="product_list"),
    path("products/new/", product.product_create, name="product_create"),
    path("products/<int:pk>/", product.product_detail, name="product_detail"),
    path("products/<int:pk>/edit/", product.product_edit, name="product_edit"),
    path("products/<int:pk>/archive/", product.product_set_archived, name="product_archive"),
    path("imports/", product_import.import_list, name="import_list"),
    path("imports/new/", product_import.import_create, name="import_create"),
    path("imports/<int:pk>/", product_import.import_detail, name="import_detail"),
    path("imports/<int:pk>/live/", product_import.import_live, name="import_live"),
    path("imports/<int:pk>/check/", product_import.import_check_view, name="import_check"),
    path("imports/<int:pk>/apply/", product_import.import_apply_view, name="import_apply"),
    path("imports/<int:pk>/cancel/", product_import.import_cancel, name="import_cancel"),
    path("brands/", brand.brand_list, name="brand_list"),
    path("brands/new/", brand.brand_create, name="brand_create"),
    path("brands/<int:pk>/", brand.brand_detail, name="brand_detail"),
    path("brands/<int:pk>/edit/", brand.brand_edit, name="brand_edit"),
    path("segments/", segment.segment_list, name="segment_list"),
    path("segments/new/", segment.segment_create, name="segment_create"),
    path("segments/<int:pk>/", segment.segment_detail, name="segment_detail"),
    path("segments/<int:pk>/edit/", segment.segment_edit, name="segment_edit"),
    path("channels/", channel.channel_list, name="channel_list"),
    path("channels/<int:pk>/edit/", channel.channel_edit, name="channel_edit"),
    path("dialogues/", dialogue.dialogue_list, name="dialogue_list"),
    path("dialogues/import/", dialogue.dialogue_import, name="dialogue_import"),
    path("dialogues/<int:pk>/delete/", dialogue.dialogue_delete_view, name="dialogue_delete"),
    path("dialogues/<int:pk>/delete-file/", dialogue.dialogue_delete_file_view, name="dialogue_delete_file"),
]

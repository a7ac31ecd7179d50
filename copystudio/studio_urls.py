"""Home, the own account, notifications, members and the audit log."""

from django.urls import path

from copystudio.views import account, demo, home, members, notification

app_name = "studio"
urlpatterns = [
    path("", home.home, name="home"),
    path("account/", account.profile, name="profile"),
    path("w/<slug:workspace>/members/", members.member_list, name="member_list"),
    path("w/<slug:workspace>/members/new/", members.member_create, name="member_create"),
    path("w/<slug:workspace>/members/<int:pk>/role/", members.member_role, name="member_role"),
    path("w/<slug:workspace>/members/<int:pk>/password/", members.member_password, name="member_password"),
    path("w/<slug:workspace>/members/<int:pk>/remove/", members.member_delete, name="member_delete"),
    path("w/<slug:workspace>/events/", members.event_list, name="event_list"),
    path("w/<slug:workspace>/notifications/", notification.notification_list, name="notification_list"),
    path("w/<slug:workspace>/notifications/<int:pk>/open/", notification.notification_open, name="notification_open"),
    path("w/<slug:workspace>/notifications/read/", notification.notification_read_all, name="notification_read_all"),
    path("w/<slug:workspace>/remove-demo/", demo.demo_remove, name="demo_remove"),
]

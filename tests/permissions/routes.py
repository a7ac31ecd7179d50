"""The reference of who may do what: every route of the URL configuration, written down by hand.

It shares nothing with the code that it judges. A route that is missing here fails the tests, and so does a row without a
route.
"""

from __future__ import annotations

from dataclasses import dataclass

GET = frozenset({"GET"})
POST = frozenset({"POST"})
BOTH = GET | POST


@dataclass(frozen=True)
class Page:
    """A page of a workspace: members with at least ``role``, by these methods."""

    role: str
    methods: frozenset[str]


@dataclass(frozen=True)
class Own:
    """A page of any signed-in person."""

    methods: frozenset[str]


@dataclass(frozen=True)
class Open:
    """For everybody, signed in or not."""

    methods: frozenset[str]


@dataclass(frozen=True)
class Api:
    """For keys with this scope."""

    scope: str
    methods: frozenset[str]


@dataclass(frozen=True)
class Described:
    """For any signed-in person and any key."""

    methods: frozenset[str]


READ, WRITE, DECIDE, RUN = "viewer", "copywriter", "approver", "admin"

ROUTES: dict[str, Page | Own | Open | Api | Described] = {
    "alive": Open(GET),
    "ready": Open(GET),
    "csp_report": Open(POST),
    "set_language": Open(POST),
    "studio:home": Own(GET),
    "studio:profile": Own(BOTH),
    "studio:member_list": Page(RUN, GET),
    "studio:member_create": Page(RUN, BOTH),
    "studio:member_role": Page(RUN, POST),
    "studio:member_password": Page(RUN, POST),
    "studio:member_delete": Page(RUN, POST),
    "studio:event_list": Page(RUN, GET),
    "studio:demo_remove": Page(RUN, POST),
    "campaigns:dashboard": Page(READ, GET),
    "campaigns:product_list": Page(READ, GET),
    "campaigns:product_create": Page(WRITE, BOTH),
    "campaigns:product_detail": Page(READ, GET),
    "campaigns:product_edit": Page(WRITE, BOTH),
    "campaigns:product_archive": Page(WRITE, POST),
    "campaigns:import_list": Page(READ, GET),
    "campaigns:import_create": Page(WRITE, BOTH),
    "campaigns:import_detail": Page(READ, GET),
    "campaigns:import_live": Page(READ, GET),
    "campaigns:import_check": Page(WRITE, POST),
    "campaigns:import_apply": Page(WRITE, POST),
    "campaigns:import_cancel": Page(WRITE, POST),
    "campaigns:brand_list": Page(READ, GET),
    "campaigns:brand_create": Page(WRITE, BOTH),
    "campaigns:brand_detail": Page(READ, GET),
    "campaigns:brand_edit": Page(WRITE, BOTH),
    "campaigns:segment_list": Page(READ, GET),
    "campaigns:segment_create": Page(WRITE, BOTH),
    "campaigns:segment_detail": Page(READ, GET),
    "campaigns:segment_edit": Page(WRITE, BOTH),
    "campaigns:channel_list": Page(READ, GET),
    "campaigns:channel_edit": Page(RUN, BOTH),
    "campaigns:campaign_list": Page(READ, GET),
    "campaigns:campaign_create": Page(WRITE, BOTH),
    "campaigns:campaign_detail": Page(READ, GET),
    "campaigns:campaign_edit": Page(WRITE, BOTH),
    "campaigns:campaign_launch": Page(DECIDE, POST),
    "campaigns:campaign_pause": Page(DECIDE, POST),
    "campaigns:campaign_resume": Page(DECIDE, POST),
    "campaigns:campaign_finish": Page(DECIDE, POST),
    "campaigns:brief_create": Page(WRITE, BOTH),
    "campaigns:brief_preview": Page(WRITE, GET),
    "campaigns:brief_detail": Page(READ, GET),
    "campaigns:brief_edit": Page(WRITE, BOTH),
    "campaigns:brief_generate": Page(WRITE, POST),
    "campaigns:run_list": Page(READ, GET),
    "campaigns:run_detail": Page(READ, GET),
    "campaigns:run_live": Page(READ, GET),
    "campaigns:run_candidates": Page(READ, GET),
    "campaigns:run_cancel": Page(WRITE, POST),
    "campaigns:candidate_adopt": Page(WRITE, POST),
    "campaigns:variant_list": Page(READ, GET),
    "campaigns:variant_create": Page(WRITE, BOTH),
    "campaigns:variant_measure": Page(WRITE, POST),
    "campaigns:variant_detail": Page(READ, GET),
    "campaigns:variant_edit": Page(WRITE, BOTH),
    "campaigns:variant_diff": Page(READ, GET),
    "campaigns:variant_submit": Page(WRITE, POST),
    "campaigns:variant_withdraw": Page(WRITE, POST),
    "campaigns:variant_retire": Page(WRITE, POST),
    "campaigns:variant_restore": Page(WRITE, POST),
    "campaigns:variant_approve": Page(DECIDE, POST),
    "campaigns:variant_request_changes": Page(DECIDE, POST),
    "campaigns:review_queue": Page(READ, GET),
    "campaigns:review_detail": Page(READ, GET),
    "campaigns:placement_list": Page(READ, GET),
    "campaigns:placement_create": Page(DECIDE, BOTH),
    "campaigns:placement_detail": Page(READ, GET),
    "campaigns:placement_edit": Page(DECIDE, BOTH),
    "campaigns:placement_assign": Page(DECIDE, POST),
    "campaigns:client_list": Page(RUN, GET),
    "campaigns:client_create": Page(RUN, BOTH),
    "campaigns:client_revoke": Page(RUN, POST),
    "campaigns:client_rotate": Page(RUN, BOTH),
    "api:decide": Api("decide", GET),
    "api:events": Api("events", POST),
    "api:copy_list": Api("copy:read", GET),
    "api:copy_detail": Api("copy:read", GET),
    "api:schema": Described(GET),
    "api:docs": Own(GET),
}

# allauth's own pages: not ours to test in depth, but none may appear unseen
ACCOUNT_OPEN = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_login_code",
    "mfa_authenticate",
}
ACCOUNT_SIGNED_IN = {
    "account_change_password",
    "account_set_password",
    "account_email",
    "account_reauthenticate",
    "usersessions_list",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_reauthenticate",
}

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
class Mine:
    """A page about something that belongs to one member, the world's viewer; for everybody else it is not there."""

    methods: frozenset[str]


@dataclass(frozen=True)
class Operator:
    """A page of the Django admin: for superusers. For members, whatever their role, it is not there. ``empty`` is the answer to
    an empty POST."""

    methods: frozenset[str]
    empty: int = 200


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

ROUTES: dict[str, Page | Mine | Operator | Own | Open | Api | Described] = {
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
    "studio:notification_list": Page(READ, GET),
    "studio:notification_open": Mine(POST),
    "studio:notification_read_all": Page(READ, POST),
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
    "campaigns:dialogue_list": Page(READ, GET),
    "campaigns:dialogue_import": Page(RUN, BOTH),
    "campaigns:dialogue_delete": Page(RUN, POST),
    "campaigns:dialogue_delete_file": Page(RUN, POST),
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
    "campaigns:run_items": Page(READ, GET),
    "campaigns:run_grid": Page(READ, GET),
    "campaigns:run_cell": Page(READ, GET),
    "campaigns:run_adopt": Page(WRITE, BOTH),
    "campaigns:run_cancel": Page(WRITE, POST),
    "campaigns:run_pause": Page(WRITE, POST),
    "campaigns:run_resume": Page(WRITE, POST),
    "campaigns:run_retry": Page(WRITE, POST),
    "campaigns:candidate_adopt": Page(WRITE, POST),
    "campaigns:candidate_tweak": Page(WRITE, POST),
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
    "campaigns:webhook_list": Page(RUN, GET),
    "campaigns:webhook_create": Page(RUN, BOTH),
    "campaigns:webhook_detail": Page(RUN, GET),
    "campaigns:webhook_edit": Page(RUN, BOTH),
    "campaigns:webhook_rotate": Page(RUN, POST),
    "campaigns:webhook_disable": Page(RUN, POST),
    "campaigns:webhook_enable": Page(RUN, POST),
    "campaigns:webhook_test": Page(RUN, POST),
    "campaigns:delivery_retry": Page(RUN, POST),
    "generation:model_list": Page(READ, GET),
    "generation:model_detail": Page(READ, GET),
    "generation:model_promote": Page(RUN, POST),
    "generation:model_roll_back": Page(RUN, POST),
    "generation:model_retire": Page(RUN, POST),
    "generation:model_delete": Page(RUN, POST),
    "generation:model_measure": Page(RUN, POST),
    "generation:base_add": Page(RUN, BOTH),
    "generation:fetch_detail": Page(RUN, GET),
    "generation:fetch_cancel": Page(RUN, POST),
    "generation:fetch_resume": Page(RUN, POST),
    "generation:evaluation_detail": Page(READ, GET),
    "generation:evaluation_cancel": Page(RUN, POST),
    "generation:evaluation_vote": Page(WRITE, BOTH),
    "generation:training_list": Page(DECIDE, GET),
    "generation:training_start": Page(RUN, BOTH),
    "generation:training_detail": Page(DECIDE, GET),
    "generation:training_cancel": Page(RUN, POST),
    "generation:training_resume": Page(RUN, POST),
    "generation:schedule_edit": Page(RUN, BOTH),
    "api:decide": Api("decide", GET),
    "api:events": Api("events", POST),
    "api:copy_list": Api("copy:read", GET),
    "api:copy_detail": Api("copy:read", GET),
    "api:run_list": Api("generate", BOTH),
    "api:run_detail": Api("generate", GET),
    "api:run_candidates": Api("generate", GET),
    "api:run_cancel": Api("generate", POST),
    "api:schema": Described(GET),
    "api:docs": Own(GET),
    "admin:index": Operator(GET),
    "admin:app_list": Operator(GET),
    "admin:jsi18n": Operator(GET),
    "admin:generation_languagemodel_changelist": Operator(BOTH),
    "admin:generation_languagemodel_change": Operator(GET),
    "admin:generation_languagemodel_train": Operator(BOTH, empty=422),
    "admin:generation_modelversion_changelist": Operator(BOTH),
    "admin:generation_modelversion_change": Operator(GET),
    "admin:generation_trainingrun_changelist": Operator(BOTH),
    "admin:generation_trainingrun_change": Operator(GET),
    "admin:generation_evaluation_changelist": Operator(BOTH),
    "admin:generation_evaluation_change": Operator(GET),
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

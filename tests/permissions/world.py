"""One object of every kind in the cast's workspace, so that every URL can be filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.utils import timezone

from campaigns.models import ApiClient, BriefItem, BriefRun, Placement, Scope, ServiceDialogue
from campaigns.services.brief import BriefData, brief_save
from campaigns.services.brief_payload import BriefPart, item_payload
from campaigns.services.client import client_create
from campaigns.services.dialogue import dialogue_import
from campaigns.services.product_import import import_upload
from campaigns.services.webhook import webhook_test
from copystudio.db import JobStatus
from copystudio.models import Membership, Notification
from generation.engine.training.config import TrainConfig
from generation.models import (
    BaseFetch,
    Candidate,
    Evaluation,
    GenerationItem,
    GenerationRun,
    LanguageModel,
    ModelVersion,
    TrainingRun,
)
from tests import factories
from tests.campaigns.webhook.makers import make_webhook
from tests.generation.versions import make_version
from tests.people import Cast


@dataclass
class World:
    cast: Cast
    objects: dict[str, Model]
    keys: dict[str, str]  # clear API key by scope

    def kwargs(self, route: str, names: set[str]) -> dict[str, Any]:
        """The arguments of a route's URL; the object's kind is the first word of the route's name."""
        noun = route.split(":")[-1].split("_")[0]
        values: dict[str, Any] = {}
        for name in names:
            if name == "workspace":
                values[name] = self.cast.workspace.slug
            elif name == "campaign_pk":
                values[name] = self.objects["campaign"].pk
            elif name == "item_pk":
                values[name] = self.objects["item"].pk
            elif name == "after":
                values[name] = 0
            elif name in {"pk", "id"}:
                values[name] = self.objects[noun].pk
            elif name == "verb":
                continue
            else:
                raise KeyError(f"{route}: no value for {name}")
        return values


def make_world(cast: Cast) -> World:
    product, segment = factories.make_product(cast), factories.make_segment(cast)
    campaign, channel = factories.make_campaign(cast, running=True), factories.channel(cast)
    brief = brief_save(
        actor=cast.copywriter,
        campaign=campaign,
        data=BriefData(name="Autumn", language="en", channels=[channel], segments=[segment], count=2),
    )
    run = GenerationRun.objects.create(
        workspace=cast.workspace,
        created_by=cast.copywriter,
        model_version=ModelVersion.objects.get(workspace=cast.workspace, status="active"),
        label="Autumn",
        seed=1,
        request_hash="0" * 64,
        total=2,
        done=1,
    )
    item = GenerationItem.objects.create(
        workspace=cast.workspace,
        run=run,
        position=0,
        payload=item_payload(brief=brief, part=BriefPart(product, segment, channel)),
        requested=2,
        produced=1,
    )
    candidate = Candidate.objects.create(
        workspace=cast.workspace, item=item, slot=0, text="Dry at 320 g", sha256="1" * 64, fluency=-1.5, token_count=5,
        length=12, attempt=1,
    )  # fmt: skip
    brief_run = BriefRun.objects.create(workspace=cast.workspace, brief=brief, run=run)
    BriefItem.objects.create(
        workspace=cast.workspace, brief_run=brief_run, item=item, product=product, segment=segment, channel=channel
    )
    keys, clients = {}, []
    for scope in Scope.values:
        client, keys[scope] = client_create(
            actor=cast.admin, workspace=cast.workspace, name=f"Shop {scope}", scopes=[scope]
        )
        clients.append(client)
    approved = factories.make_variant(cast, status="approved", campaign=campaign)
    asked = f"question,answer,sku\nIs it light?,Yes. It weighs 320 g.,{product.sku}\n"
    dialogue_import(
        actor=cast.admin, workspace=cast.workspace, upload=SimpleUploadedFile("service.csv", asked.encode())
    )
    webhook = make_webhook(cast)
    objects: dict[str, Model] = {
        "product": product,
        "brand": factories.make_brand(cast),
        "segment": segment,
        "channel": channel,
        "campaign": campaign,
        "brief": brief,
        "run": run,
        "item": item,
        "candidate": candidate,
        "variant": factories.make_variant(cast, status="in_review", campaign=campaign),
        "review": factories.make_variant(cast, status="in_review", campaign=campaign, text="Packs into its own pocket"),
        "copy": approved,
        "notification": Notification.objects.create(
            workspace=cast.workspace, person=cast.viewer, code="world.made", url="/"
        ),
        "member": Membership.objects.get(workspace=cast.workspace, user=cast.viewer),
        "client": ApiClient.objects.get(pk=clients[0].pk),
        "placement": Placement.objects.create(
            workspace=cast.workspace, slug="home", name="Home", channel=channel, variant=approved
        ),
        "webhook": webhook,
        "delivery": webhook_test(actor=cast.admin, endpoint=webhook),
        "dialogue": ServiceDialogue.objects.get(workspace=cast.workspace),
        # cancelled: it can be resumed, and another one can be started
        "training": TrainingRun.objects.create(
            workspace=cast.workspace,
            created_by=cast.admin,
            language_model=LanguageModel.objects.filter(workspace=cast.workspace).earliest("pk"),
            label="Autumn",
            config=TrainConfig().to_dict(),
            template="brief-1",
            status=JobStatus.CANCELLED,
        ),
        "model": make_version(cast),
        "evaluation": Evaluation.objects.create(
            workspace=cast.workspace,
            version=make_version(cast, status="retired", promoted_at=timezone.now()),  # to roll back to
            status=JobStatus.SUCCEEDED,
            samples=[
                {"brief": {"product_title": "Jacket"}, "texts": [{"of": of, "text": of} for of in ("new", "other")]}
            ],
            results={"new": {"metrics": {}}},
        ),
        # failed: it can be tried again
        "fetch": BaseFetch.objects.create(
            workspace=cast.workspace,
            created_by=cast.admin,
            hub_name="acme/tiny",
            name="Tiny",
            licence="MIT",
            status=JobStatus.FAILED,
            error_code="unreachable",
        ),
        "import": import_upload(
            actor=cast.copywriter,
            workspace=cast.workspace,
            upload=SimpleUploadedFile("products.csv", b"sku,title\nA-1,Jacket\n"),
        ),
    }
    return World(cast=cast, objects=objects, keys=keys)

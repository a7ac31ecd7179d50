"""Loading the demonstration: a workspace with catalogue, campaigns, and a past."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.models import AudienceSegment, Brand, DailyCount, PriceRecord, Product, ProductFact
from campaigns.services.demo.campaigns import load_campaign
from campaigns.services.demo.content import LANGUAGES, both, read, sku_in
from campaigns.services.demo.scene import Scene
from copystudio.models import Membership, Role, User, Workspace
from copystudio.services.workspace import workspace_create

SLUG = "demo"
FIRST_PRICE_DAYS_AGO = 180  # of a product whose price never changed


def demo_load(*, admin: User) -> Workspace:
    """Create the demonstration with ``admin`` as its admin. All of it, or nothing."""
    with transaction.atomic():
        workspace = workspace_create(actor=None, slug=SLUG, name="Demo · 演示", admin=admin, is_demo=True)
        scene = Scene(workspace=workspace, now=timezone.now(), people=_people(workspace))
        scene.brands = {row["key"]: _brand(workspace, row) for row in read("brands")["brands"]}
        scene.segments = {row["slug"]: _segment(workspace, row) for row in read("segments")["segments"]}
        for row in read("products")["products"]:
            for language in LANGUAGES:
                scene.products[row["sku"], language] = _product(workspace, row, language, scene.now)
        scene.channels = {channel.key: channel for channel in workspace.channels.filter(is_current=True)}
        for row in read("campaigns")["campaigns"]:
            load_campaign(scene, row)
        DailyCount.objects.bulk_create(scene.counts)
        return workspace


def _people(workspace: Workspace) -> dict[str, User]:
    """The invented team. They have no password, so nobody can sign in as them."""
    people = {}
    for row in read("campaigns")["people"]:
        user = User.objects.filter(email=row["email"]).first() or User.objects.create_user(
            email=row["email"], name=row["name"], language=row["language"]
        )
        Membership.objects.create(workspace=workspace, user=user, role=Role(row["role"]))
        people[row["key"]] = user
    return people


def _brand(workspace: Workspace, row: dict[str, Any]) -> Brand:
    return Brand.objects.create(
        workspace=workspace,
        name=both(row, "name"),
        voice=both(row, "voice", "\n"),
        tone=both(row, "tone")[:120],
        never_words=[*row["never_words_en"], *row["never_words_zh"]],
        good_examples="\n".join(example["text"] for example in row["good_examples"]),
        bad_examples="\n".join(example["text"] for example in row["bad_examples"]),
    )


def _segment(workspace: Workspace, row: dict[str, Any]) -> AudienceSegment:
    interests = [
        {"name": interest[f"name_{code}"], "weight": interest["weight"]}
        for interest in row["interests"]
        for code in LANGUAGES.values()
    ]
    return AudienceSegment.objects.create(
        workspace=workspace,
        slug=row["slug"],
        name=both(row, "name"),
        description=both(row, "description", "\n"),
        interests=interests,
        words=[*row["words_en"], *row["words_zh"]],
        avoid_words=[*row["avoid_words_en"], *row["avoid_words_zh"]],
        tone=both(row, "tone")[:120],
    )


def _product(workspace: Workspace, row: dict[str, Any], language: str, now: dt.datetime) -> Product:
    code = LANGUAGES[language]
    was = Decimal(row["was_price"]) if row["was_price"] else None
    product = Product.objects.create(
        workspace=workspace,
        sku=sku_in(row["sku"], language),
        title=row[f"title_{code}"],
        description=row[f"description_{code}"],
        category=row[f"category_{code}"],
        vendor=row["vendor"],
        language=language,
        currency=row["currency"],
        price=Decimal(row["price"]),
        was_price=was,
        tags=row["tags"],
    )
    ProductFact.objects.bulk_create(
        ProductFact(
            workspace=workspace,
            product=product,
            attribute=fact[f"attribute_{code}"],
            value=fact[f"value_{code}"],
            unit=fact["unit"] or "",
            position=position,
        )
        for position, fact in enumerate(row["facts"])
    )
    PriceRecord.objects.bulk_create(
        PriceRecord(
            workspace=workspace,
            product=product,
            price=Decimal(record["price"]),
            was_price=Decimal(record["was_price"]) if record["was_price"] else None,
            currency=row["currency"],
            recorded_at=now - dt.timedelta(days=record["days_ago"]),
        )
        for record in row["price_history"] or [{**row, "days_ago": FIRST_PRICE_DAYS_AGO}]
    )
    return product

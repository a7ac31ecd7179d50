"""Writing products: by hand, and as the import applies them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import PriceRecord, Product, ProductFact
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import InvalidInputError, TransitionError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record

PLAIN = (
    "sku", "title", "description", "category", "vendor", "language", "url", "image_url", "currency", "price", "was_price",
    "tags",
)  # fmt: skip
Fact = tuple[str, str, str]  # attribute, value, unit


@dataclass(frozen=True)
class ProductData:
    """Everything that a form or a file says of one product."""

    sku: str
    title: str
    description: str = ""
    category: str = ""
    vendor: str = ""
    language: str = ""
    url: str = ""
    image_url: str = ""
    currency: str = ""
    price: Decimal | None = None
    was_price: Decimal | None = None
    tags: list[str] = field(default_factory=list)
    facts: Sequence[Fact] = ()

    def __post_init__(self) -> None:
        if not self.sku.strip() or not self.title.strip():
            raise ValueError("a product needs a SKU and a title")


def product_save(*, actor: User, workspace: Workspace, data: ProductData, product: Product | None = None) -> Product:
    """Create a product, or change one, with its facts and a price record where the price changed."""
    if data.price is not None and not data.currency:
        raise InvalidInputError(fields={"currency": [_("A price needs its currency.")]})
    try:
        with transaction.atomic():
            require(actor=actor, workspace=workspace, role=Role.COPYWRITER)
            row = locked(Product, pk=product.pk, workspace=workspace) if product else Product(workspace=workspace)
            before = (row.price, row.was_price, row.currency)
            for name in PLAIN:
                setattr(row, name, getattr(data, name))
            row.save()
            facts_replace(product=row, facts=data.facts)
            if row.price is not None and before != (row.price, row.was_price, row.currency):
                price_record(row).save()
            verb = "product.change" if product else "product.create"
            event_record(actor=actor, workspace=workspace, verb=verb, target=row)
            return row
    except IntegrityError as error:
        if "campaigns_product_sku" not in str(error):
            raise
        raise InvalidInputError(fields={"sku": [_("There is already a product with this SKU.")]}) from None


def product_archive(*, actor: User, product: Product, archived: bool) -> Product:
    """Take a product out of the lists of new briefs, or bring it back. Copy written for it stays."""
    with transaction.atomic():
        row = locked(Product, pk=product.pk)
        require(actor=actor, workspace=row.workspace, role=Role.COPYWRITER)
        if (row.status == Product.Status.ARCHIVED) == archived:
            raise TransitionError
        row.status = Product.Status.ARCHIVED if archived else Product.Status.ACTIVE
        row.save(update_fields=["status", "updated_at"])
        verb = "product.archive" if archived else "product.restore"
        event_record(actor=actor, workspace=row.workspace, verb=verb, target=row)
        return row


def price_record(product: Product) -> PriceRecord:
    """The product's present price as an unsaved record."""
    assert product.price is not None
    return PriceRecord(
        workspace_id=product.workspace_id,
        product=product,
        price=product.price,
        was_price=product.was_price,
        currency=product.currency,
        recorded_at=timezone.now(),
    )


def facts_replace(*, product: Product, facts: Sequence[Fact]) -> bool:
    """Make the product's facts equal to ``facts``, each claim once. Returns whether anything changed."""
    units: dict[tuple[str, str], str] = {}
    for attribute, value, unit in facts:
        units.setdefault((attribute, value), unit)
    wanted = [(attribute, value, unit) for (attribute, value), unit in units.items()]
    if wanted == [(fact.attribute, fact.value, fact.unit) for fact in product.facts.all()]:
        return False
    product.facts.all().delete()
    ProductFact.objects.bulk_create(
        ProductFact(
            workspace_id=product.workspace_id,
            product=product,
            attribute=attribute,
            value=value,
            unit=unit,
            position=position,
        )
        for position, (attribute, value, unit) in enumerate(wanted)
    )
    return True

"""What the shop sells: the product, the facts that copy may use, and what it cost when."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from copystudio.db import TimeStampedModel


class ProductStatus(models.TextChoices):
    ACTIVE = "active", _("On sale")
    ARCHIVED = "archived", _("Archived")


class Product(TimeStampedModel):
    Status = ProductStatus

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="products")
    sku = models.CharField(_("SKU"), max_length=120)
    title = models.CharField(_("title"), max_length=500)
    description = models.TextField(_("description"), blank=True, max_length=20_000)
    category = models.CharField(_("category"), max_length=200, blank=True)
    vendor = models.CharField(_("vendor"), max_length=200, blank=True)
    # language of title, description and facts; empty where the file did not say
    language = models.CharField(_("language"), max_length=10, blank=True)
    url = models.URLField(_("product page"), max_length=1000, blank=True)
    image_url = models.URLField(_("image"), max_length=1000, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=2, null=True, blank=True)
    was_price = models.DecimalField(_("was price"), max_digits=14, decimal_places=2, null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("tags"))
    status = models.CharField(_("status"), max_length=16, choices=ProductStatus, default=ProductStatus.ACTIVE)

    class Meta:
        verbose_name = _("product")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "sku"], name="campaigns_product_sku"),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | (Q(price__gte=0) & ~Q(currency="")),
                name="campaigns_product_price_sane",
            ),
            models.CheckConstraint(
                condition=Q(was_price__isnull=True) | Q(was_price__gte=0), name="campaigns_product_was_sane"
            ),
            models.CheckConstraint(condition=Q(status__in=ProductStatus.values), name="campaigns_product_status_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="campaigns_product_recent"),
            models.Index(fields=["workspace", "category"], name="campaigns_product_category"),
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="campaigns_product_title_trgm"),
        ]

    def __str__(self) -> str:
        return self.title


class ProductFact(models.Model):
    """One attribute–value claim. ``unit`` stands apart where it is clean ("500", "ml")."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="facts")
    attribute = models.CharField(_("attribute"), max_length=120)
    value = models.CharField(_("value"), max_length=1000)
    unit = models.CharField(_("unit"), max_length=30, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("product fact")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "product", "attribute", "value"], name="campaigns_fact_once")
        ]

    def __str__(self) -> str:
        return f"{self.attribute}: {self.value}{self.unit and ' ' + self.unit}"


class PriceRecord(models.Model):
    """A price as it was at a time; written whenever an import or an edit changes it."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="prices")
    price = models.DecimalField(max_digits=14, decimal_places=2)
    was_price = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-recorded_at"]
        indexes = [models.Index(fields=["product", "-recorded_at"], name="campaigns_price_recent")]

    def __str__(self) -> str:
        return f"{self.price} {self.currency}"

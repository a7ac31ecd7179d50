from campaigns.models.api_request import ApiRequest
from campaigns.models.audience import AudienceSegment
from campaigns.models.brand import Brand
from campaigns.models.brief import (
    Brief,
    BriefChannel,
    BriefItem,
    BriefRun,
    BriefSegment,
    Emoji,
    Length,
    Sentiment,
    Style,
)
from campaigns.models.campaign import Campaign, CampaignStatus
from campaigns.models.channel import Channel, Unit
from campaigns.models.client import ApiClient, Scope
from campaigns.models.dialogue import ServiceDialogue
from campaigns.models.placement import Placement
from campaigns.models.product import PriceRecord, Product, ProductFact
from campaigns.models.product_import import ProductImport
from campaigns.models.review import ReviewEvent
from campaigns.models.tracking import Click, Conversion, DailyCount, Impression
from campaigns.models.variant import Revision, Variant, VariantStatus
from campaigns.models.webhook import WebhookDelivery, WebhookEndpoint, WebhookEvent

__all__ = [
    "ApiClient",
    "ApiRequest",
    "AudienceSegment",
    "Brand",
    "Brief",
    "BriefChannel",
    "BriefItem",
    "BriefRun",
    "BriefSegment",
    "Campaign",
    "CampaignStatus",
    "Channel",
    "Click",
    "Conversion",
    "DailyCount",
    "Emoji",
    "Impression",
    "Length",
    "Placement",
    "PriceRecord",
    "Product",
    "ProductFact",
    "ProductImport",
    "ReviewEvent",
    "Revision",
    "Scope",
    "Sentiment",
    "ServiceDialogue",
    "Style",
    "Unit",
    "Variant",
    "VariantStatus",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]

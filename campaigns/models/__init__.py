from campaigns.models.audience import AudienceSegment
from campaigns.models.brand import Brand
from campaigns.models.brief import Brief, BriefChannel, BriefItem, BriefRun, BriefSegment
from campaigns.models.campaign import Campaign, CampaignStatus
from campaigns.models.channel import Channel, Unit
from campaigns.models.client import ApiClient, Scope
from campaigns.models.placement import Placement
from campaigns.models.product import PriceRecord, Product, ProductFact
from campaigns.models.product_import import ProductImport
from campaigns.models.review import ReviewEvent
from campaigns.models.tracking import Click, Conversion, DailyCount, Impression
from campaigns.models.variant import Revision, Variant, VariantStatus

__all__ = [
    "ApiClient",
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
    "Impression",
    "Placement",
    "PriceRecord",
    "Product",
    "ProductFact",
    "ProductImport",
    "ReviewEvent",
    "Revision",
    "Scope",
    "Unit",
    "Variant",
    "VariantStatus",
]

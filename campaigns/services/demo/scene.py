"""What the parts of the demonstration share while it is loaded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from campaigns.models import AudienceSegment, Brand, Brief, Channel, DailyCount, Placement, Product
from copystudio.models import User, Workspace
from generation.models import Candidate


@dataclass
class Scene:
    workspace: Workspace
    now: dt.datetime
    people: dict[str, User]
    brands: dict[str, Brand] = field(default_factory=dict)
    segments: dict[str, AudienceSegment] = field(default_factory=dict)
    products: dict[tuple[str, str], Product] = field(default_factory=dict)  # by SKU and language
    channels: dict[str, Channel] = field(default_factory=dict)
    briefs: dict[str, Brief] = field(default_factory=dict)
    placements: dict[str, Placement] = field(default_factory=dict)
    counts: list[DailyCount] = field(default_factory=list)
    candidates: dict[str, Candidate] = field(default_factory=dict)  # by the variant that came of it

"""Product files: recognise the format, suggest a column mapping, stream products or errors. No Django in here."""

from campaigns.feeds.feed import Feed, open_feed
from campaigns.feeds.mapping import ColumnSuggestion, KeySource, Mapping, MappingSuggestion, Target
from campaigns.feeds.messages import MESSAGES, message
from campaigns.feeds.records import Fact, FeedError, FeedFormat, ParsedProduct, RowError, RowWarning

__all__ = [
    "MESSAGES",
    "ColumnSuggestion",
    "Fact",
    "Feed",
    "FeedError",
    "FeedFormat",
    "KeySource",
    "Mapping",
    "MappingSuggestion",
    "ParsedProduct",
    "RowError",
    "RowWarning",
    "Target",
    "message",
    "open_feed",
]

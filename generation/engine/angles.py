"""From which of its angles an output of an item is written. Nothing else here: models ask too."""

from collections.abc import Mapping, Sequence

Span = tuple[int, int | None]  # outputs from one number to before another, or without end
Refused = Mapping[int, Sequence[Span]]  # by place, the outputs that an angle did not get; never of all places at once


def angle_of(number: int, angles: int, refused: Refused) -> int:
    """The place of the angle from which output `number` is written: outputs take turns. The turn of an angle that is refused
    goes to the next one."""
    places = ((number + step) % angles for step in range(angles))
    return next((place for place in places if not lacks(number, refused.get(place, ()))), number % angles)


def lacks(number: int, spans: Sequence[Span]) -> bool:
    return any(begin <= number and (end is None or number < end) for begin, end in spans)

"""From which of its angles an output of an item is written. Nothing else here: models ask too."""

from collections.abc import Mapping


def angle_of(number: int, angles: int, refused: Mapping[int, int]) -> int:
    """The place of the angle from which output `number` is written: outputs take turns. The turn of an angle that is refused
    goes to the next one.

    refused  by place, the first output that a refused angle does not get any more; never of all of them
    """
    places = ((number + step) % angles for step in range(angles))
    return next((place for place in places if number < refused.get(place, number + 1)), number % angles)

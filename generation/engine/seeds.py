"""Seeds of single outputs, derived from the seed of a whole run. No torch here."""

import hashlib

# 2**63 x 0.38889, odd: of steps of that part of a circle any first few, and of every second, third and fourth too, lie far apart
_STEP = int(0.38889 * 2**63) | 1
_BACK = pow(_STEP, -1, 2**63)
_LOW = 2**32


def derive_seed(*parts: int | str) -> int:
    """A 63-bit seed that depends on every part and on their order, and on nothing else."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def seed_of_output(seed: int, number: int) -> int:
    """A 63-bit seed for one of several outputs that are drawn from `seed`, so that `unit_of` them lie apart. The seeds themselves
    do not: a model server that counts on from one seed must not come upon the next."""
    place = (derive_seed(seed) + number * _STEP) % 2**63
    return (place - place % _LOW + derive_seed(seed, number) % _LOW) * _BACK % 2**63


def unit_of(seed: int) -> float:
    """A number in [0, 1) of its own for every seed (multiplicative hashing: Knuth, The Art of Computer Programming 3, section 6.4)."""
    return (seed * _STEP % 2**63 >> 10) / 2**53

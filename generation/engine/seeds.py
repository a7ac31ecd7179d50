"""Seeds of single outputs, derived from the seed of a whole run. No torch here."""

import hashlib

_GOLDEN = 0x4F1BBCDCBFA53E0B  # of 2**63, odd so that no two seeds share a number


def derive_seed(*parts: int | str) -> int:
    """A 63-bit seed that depends on every part and on their order, and on nothing else."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def seed_of_output(seed: int, number: int) -> int:
    """A 63-bit seed for one of several outputs: one further on for each number, so that `unit_of` them lie apart."""
    return (derive_seed(seed) + number) % 2**63


def unit_of(seed: int) -> float:
    """A number in [0, 1). Those of neighbouring seeds are a golden ratio apart, on a circle: any first few of them, and of every
    second or third, fill it evenly (Fibonacci hashing: Knuth, The Art of Computer Programming 3, section 6.4)."""
    return (seed * _GOLDEN % 2**63 >> 10) / 2**53

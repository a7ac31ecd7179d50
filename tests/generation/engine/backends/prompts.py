"""Prompts in the tiny model's own words, and how they are drawn from, for the tests of local backends."""

from generation.engine.config import Prompt, SamplingConfig

CONFIG = SamplingConfig(temperature=1.0, top_k=50, top_p=1.0, repetition_penalty=1.1, max_new_tokens=30, batch_size=3)
SHARED = "Product: warm coat\nHeadline: soft wool for winter\n\n"
PROMPT = Prompt(SHARED + "Product: rain jacket\nHeadline:", "\n", shared=len(SHARED))
OTHER = Prompt("Product: lamp\nHeadline:", "\n")
WORDS = ["warm", "coat", "soft", "wool", "winter", "lamp", "garden", "chair", "wood", "steel", "rain", "jacket"]
PROMPTS = [Prompt(f"Product: {' '.join(WORDS[: 1 + 4 * (n % 4)] * (1 + n % 3))}\nHeadline:", "\n") for n in range(12)]
TEXTS = [" soft wool for winter", " lamp", " bright calm morning.\n", " ".join(WORDS * 9)]

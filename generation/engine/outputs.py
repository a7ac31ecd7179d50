"""From what a backend wrote to the copy in it."""

from generation.engine.clean import clean
from generation.engine.config import FinishReason, Language, Output, Prompt
from generation.engine.fit import fit
from generation.engine.measure import measure


def clean_output(output: Output, prompt: Prompt, language: Language) -> str:
    """The copy in an output, ended at a sentence or clause where it goes over the prompt's limit; possibly empty."""
    complete = output.finish_reason is not FinishReason.LENGTH
    if prompt.limit is None:
        return clean(output.text, labels=prompt.labels, complete=complete)
    text = clean(output.text, labels=prompt.labels)
    if measure(text, prompt.measure) > prompt.limit:
        return fit(text, prompt.limit, prompt.measure, language)
    return text if complete else clean(output.text, labels=prompt.labels, complete=False)

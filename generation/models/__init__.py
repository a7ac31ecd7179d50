from generation.models.language_model import LanguageModel
from generation.models.model_version import ModelVersion
from generation.models.run import Candidate, GenerationItem, GenerationRun

__all__ = ["Candidate", "GenerationItem", "GenerationRun", "LanguageModel", "ModelVersion"]

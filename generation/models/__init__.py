from generation.models.base_fetch import BaseFetch
from generation.models.evaluation import BlindVote, Evaluation
from generation.models.export import ModelExport
from generation.models.language_model import LanguageModel
from generation.models.model_version import ModelVersion
from generation.models.run import Candidate, GenerationBlock, GenerationItem, GenerationRun
from generation.models.schedule import TrainingSchedule
from generation.models.training import TrainingLine, TrainingPoint, TrainingRun, TrainingSample

__all__ = [
    "BaseFetch",
    "BlindVote",
    "Candidate",
    "Evaluation",
    "GenerationBlock",
    "GenerationItem",
    "GenerationRun",
    "LanguageModel",
    "ModelExport",
    "ModelVersion",
    "TrainingLine",
    "TrainingPoint",
    "TrainingRun",
    "TrainingSample",
    "TrainingSchedule",
]

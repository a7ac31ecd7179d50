"""What can go wrong in the engine, as exceptions whose message can be shown to an administrator."""


class EngineError(Exception):
    """Base of every error that the engine raises on purpose."""


class StarterModelError(EngineError):
    """The starter model cannot be assembled, checked, converted or stored."""


class ModelFolderError(EngineError):
    """A model folder is missing something, or holds something that must not be loaded."""


class PromptError(EngineError):
    """A prompt template does not exist or cannot render this brief."""


class GenerationCancelledError(EngineError):
    """The caller's `on_step` asked to stop; what was being written is thrown away."""

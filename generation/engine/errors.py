"""What can go wrong in the engine, as exceptions whose message can be shown to an administrator."""

from collections.abc import Mapping


class EngineError(Exception):
    """Base of every error that the engine raises on purpose."""


class StarterModelError(EngineError):
    """The starter model cannot be assembled, checked, converted or stored."""


class ModelFolderError(EngineError):
    """A model folder is missing something, or holds something that must not be loaded."""


class ModelNumbersError(EngineError):
    """A model computes what is no number, so nothing that it writes means anything."""


class PromptError(EngineError):
    """A prompt template does not exist or cannot render this brief."""


class GenerationCancelledError(EngineError):
    """The caller's `on_step` asked to stop; what was being written is thrown away."""


class TrainingError(EngineError):
    """A training run cannot be made from these data, this base or this checkpoint."""


class TrainingStoppedError(EngineError):
    """The caller's `on_step` asked to stop; the last checkpoint is kept."""


class RemoteError(EngineError):
    """A model server gave no usable answer. No message holds the key."""


class RemoteKeyError(RemoteError):
    """The server refuses the key (401, 403). Never retried."""


class RemoteModelError(RemoteError):
    """The server does not know the model, or nothing is at the address (404)."""


class RemoteRequestError(RemoteError):
    """The server refuses the request itself; asking again changes nothing. `status` is that of HTTP."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class RemoteRefusedError(RemoteRequestError):
    """The server refuses some prompts and answers others. `refused` has its refusals by the text of the prompt."""

    def __init__(self, refused: Mapping[str, RemoteRequestError]) -> None:
        first = next(iter(refused.values()))
        super().__init__(str(first), first.status)
        self.refused = refused


class RemotePassingError(RemoteError):
    """The server is away, busy or broken, also after the retries. Later it may answer."""


class RemoteRateLimitError(RemotePassingError):
    """The server wants fewer requests (429), also after the retries."""


class RemoteServerError(RemotePassingError):
    """The server fails (5xx) or answers what cannot be read, also after the retries."""


class RemoteConnectionError(RemotePassingError):
    """The server cannot be reached, or breaks off, also after the retries."""


class RemoteTimeoutError(RemotePassingError):
    """The server does not answer in time, also after the retries."""


class RemoteAnswerError(RemoteError):
    """The answer cannot be read, or the server leaves out of every answer what must be in it."""


class RemoteTooLargeError(RemoteAnswerError):
    """The answer is larger than the bound; the rest was not read."""


class RemoteUnavailableError(RemotePassingError):
    """The server failed so often that it is not asked at all for a while: the circuit is open."""


class OpenVinoError(EngineError):
    """OpenVINO is not installed, or does not run a model."""


class OpenVinoExportError(OpenVinoError):
    """A model cannot be converted for OpenVINO, or what was converted is not whole."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory ran out, in whatever way the libraries say it."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).casefold()
    return isinstance(error, RuntimeError) and any(
        part in said for part in ("out of memory", "allocate memory", "bad_alloc")
    )

"""The one error tree. Each message names the thing, the reason and the next step, in that order.

The command-line program prints the message alone and ends with `exit_code`; a traceback is a bug of ours.
"""


class WattnasWarning(UserWarning):
    """Something the user should know and may ignore."""


class WattnasError(Exception):
    """Base of every error that wattnas raises on purpose.

    Args:
        message: what was found and why it does not do, one sentence.
        hint: what to do next, one sentence; shown after the message.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[type["WattnasError"], tuple[str, str]]:
        """With its hint, when it comes from another process."""
        return type(self), (self.message, self.hint)


class ConfigError(WattnasError):
    """A setting that is unknown, half filled or out of range."""


class DataError(WattnasError):
    """Images or labels that cannot be used; names the file or row."""


class SpaceError(WattnasError):
    """A search space or architecture that is not well formed."""


class ProfileError(WattnasError):
    """A device profile that cannot be read, or does not cover what was asked; names the missing entries."""


class DeviceError(WattnasError):
    """A device that cannot be reached or cannot do what was asked; names the device."""


class MeterError(WattnasError):
    """An energy meter that cannot be read, or whose reading cannot be trusted; names the meter."""


class RunError(WattnasError):
    """A run directory that is missing, damaged, in use or made with other settings."""


class ExportError(WattnasError):
    """An exported network that differs from the one it was exported from, or cannot be loaded."""


class GoalError(WattnasError):
    """A goal or bounds that no architecture of the space can meet; says what the least is."""

    exit_code = 3


class MissingExtraError(WattnasError):
    """An optional package that is not installed; the hint names the extra."""


class NumericError(WattnasError):
    """A loss or weight that is not finite; names stage, epoch and step."""

    exit_code = 1

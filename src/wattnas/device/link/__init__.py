"""Links to devices: how the agent is started there, and how a job is driven over it."""

from wattnas.device.link.base import Link, LinkDown, Pipe
from wattnas.device.link.drive import Patience, greet, list_meters, run_job, tidy
from wattnas.device.link.local import LocalLink
from wattnas.device.link.open import is_link, open_link
from wattnas.device.link.replies import (
    Classes,
    Cleaned,
    Energy,
    Failed,
    Hello,
    Latency,
    Meter,
    Result,
    Stretch,
)
from wattnas.device.link.ssh import SshLink
from wattnas.device.link.target import Target

__all__ = [
    "Classes",
    "Cleaned",
    "Energy",
    "Failed",
    "Hello",
    "Latency",
    "Link",
    "LinkDown",
    "LocalLink",
    "Meter",
    "Patience",
    "Pipe",
    "Result",
    "SshLink",
    "Stretch",
    "Target",
    "greet",
    "is_link",
    "list_meters",
    "open_link",
    "run_job",
    "tidy",
]

"""This machine's profile for one space, in the few minutes that a build is ready to wait for it."""

from __future__ import annotations

import uuid

from wattnas.agent.timing import Protocol
from wattnas.device.campaign import Campaign, Progress, quiet
from wattnas.device.job import Settings
from wattnas.device.load import LOCAL
from wattnas.device.measured import Device, open_device
from wattnas.device.profile import Profile
from wattnas.errors import ConfigError
from wattnas.space import Layout


def measure_local(
    layout: Layout,
    *,
    threads: int = 1,
    progress: Progress | None = None,
    watts: float = 10.0,
    protocol: Protocol | None = None,
    device: Device | None = None,
) -> Profile:
    """Measure this machine for `layout`, batch 1: every block, and networks enough for a first estimate.

    Args:
        layout: the space at its input; its blocks, stem and head are covered, and no others.
        threads: threads inside one operation.
        progress: hears (items done, items in all, what is being done).
        watts: power assumed for the modelled energy.
        protocol: of the timing.
        device: stands in for this machine.

    Raises:
        ConfigError: threads or watts that make no sense.
        ExportError: a block that cannot be exported.
        DeviceError: the agent cannot run, or the runtime does not accept a block.
    """
    if threads < 1:
        raise ConfigError(f"{threads} threads cannot run anything.", "Give 1 or more.")
    if not 0 < watts < 1e6:
        raise ConfigError(f"{watts} W is no power of a device.", "Give what it draws at work, above 0.")
    settings = Settings(
        threads=threads, protocol=protocol or Protocol(), budget_s=None, token=uuid.uuid4().hex, watts=watts
    )
    if device is not None:
        return _measure(device, layout, settings, progress or quiet)
    with open_device(LOCAL) as opened:
        return _measure(opened, layout, settings, progress or quiet)


def _measure(device: Device, layout: Layout, settings: Settings, tell: Progress) -> Profile:
    campaign = Campaign(device, layout, settings, None, tell)
    campaign.measure()
    return campaign.finish().model_copy(update={"name": LOCAL})

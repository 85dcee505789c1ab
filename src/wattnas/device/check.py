"""`wattnas profile check`: fresh random networks on the device, beside what the profile predicts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from wattnas.device.campaign import Progress, quiet
from wattnas.device.collect import Collected
from wattnas.device.compare import compare
from wattnas.device.compose import Composer, export_parts
from wattnas.device.design import random_networks
from wattnas.device.fitted import Check, Fit
from wattnas.device.job import Settings, timing_job
from wattnas.device.measured import Device
from wattnas.device.predict import predict
from wattnas.device.profile import Profile
from wattnas.device.spread import level_sigma
from wattnas.device.table import cost_table
from wattnas.errors import ProfileError
from wattnas.space import Architecture, Layout
from wattnas.units import Z_95

_PASSES = 3
"""Times a network is timed at most while it stays uncertain: the profile is checked, not a busy minute."""


def check_profile(
    profile: Profile,
    device: Device,
    settings: Settings,
    *,
    networks: int = 30,
    layout: Layout | None = None,
    tell: Progress = quiet,
) -> Check:
    """How the seconds that `profile` predicts compare with `networks` fresh random ones on `device`.

    Args:
        layout: what the networks are of; by default the last space that the profile was measured for.

    Raises:
        ProfileError: the profile was not measured by wattnas, or does not cover the layout.
    """
    fit = fit_of(profile, layout)
    layout = layout or fit.layout
    cost_table(profile, layout)  # what is not covered is known before minutes of timing
    wanted = list(islice(random_networks(layout, settings.seed), networks))
    tell(0, len(wanted), "exporting every block once")
    composer = Composer(layout, export_parts(layout))
    models = {str(architecture): composer.network(architecture) for architecture in wanted}
    anchor = composer.network(Architecture.of(fit.anchor.operations, layout.space))
    found = Collected(fit.anchor)
    for _ in range(_PASSES):
        job, files = timing_job(models, anchor, replace(settings, token=uuid.uuid4().hex))
        for result in device.run(job, files):
            found.add(result)
            tell(min(found.items, len(wanted)), len(wanted), "timing networks")
        models = {name: models[name] for name in found.uncertain() if name in models}
        if not models:
            break
    return figures(profile, layout, wanted, found, fit.anchor.seconds)


def fit_of(profile: Profile, layout: Layout | None) -> Fit:
    """The campaign whose anchor and space a check uses; ProfileError where there is none."""
    fits = [fit for fit in profile.fits if layout is None or fit.holds_for(layout)]
    if not fits:
        where = ""
        if layout is not None:
            input_ = f"{layout.channels}x{layout.size}x{layout.size}"
            where = f" for space {layout.space.name!r} at {input_} with {layout.classes} classes"
        raise ProfileError(
            f"Profile {profile.name!r} holds no measurement of wattnas that could be repeated{where}.",
            "Measure one: wattnas profile --device DEVICE --space SPACE --out FILE.",
        )
    return fits[-1]


def figures(
    profile: Profile, layout: Layout, wanted: Sequence[Architecture], found: Collected, anchor_s: float
) -> Check:
    """The comparison of `found` with what `profile` predicts."""
    timed = found.timed()
    known = [architecture for architecture in wanted if str(architecture) in timed]
    measured = np.array([timed[str(architecture)].seconds for architecture in known])
    own = np.array([timed[str(architecture)].sigma for architecture in known])
    # Anchors that need not tell what is usual vary by the device's speed alone, which the interval holds.
    level = 0.0 if found.usual_known else level_sigma(found.anchors())
    noise = np.hypot(own, level * measured)
    costs = [predict(profile, layout, architecture).sources.latency_s for architecture in known]
    mean = np.array([cost.value for cost in costs])
    high = np.array([cost.value if cost.high is None else cost.high for cost in costs])
    return compare(mean, (high - mean) / Z_95, measured, noise, anchor_shift=found.anchor_s / anchor_s - 1)


def sentences(check: Check) -> Mapping[str, str]:
    """The figures for people, by what they are."""
    return {
        "networks": str(check.n),
        "mean absolute error": f"{check.mape:.1%}",
        "bias": f"{check.bias:+.1%}",
        "within 5 %": f"{check.within_5:.0%}",
        "within 10 %": f"{check.within_10:.0%}",
        "rank correlation (Kendall)": f"{check.tau:.3f}",
        "95 % interval covers": f"{check.coverage_95:.0%}",
        "device now against then": f"{check.anchor_shift:+.1%} seconds (its anchor network)",
        "error at the speed of then": f"{check.mape_anchored:.1%}",
    }

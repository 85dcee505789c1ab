"""Measuring a device for a space: from blocks and networks to time, over answers, to a fitted profile.

All that is sent and asked for follows from the layout, the settings and one token, so that a campaign that
was cut off is taken up by asking the same again: the device answers at once with what its journal holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone

import numpy as np

from wattnas.device.assemble import RESOLUTION_S, Facts, make_entries, make_profile
from wattnas.device.between import looseness, measure_of, names_of
from wattnas.device.collect import Collected, Timed
from wattnas.device.compare import compare
from wattnas.device.compose import Composer, export_parts
from wattnas.device.fit import Array, Observed, Posterior, fit_costs
from wattnas.device.fitted import Anchor, BetweenFit, Check, Covariance, EnergyFit, Fit, rounded
from wattnas.device.job import Settings, timing_job
from wattnas.device.link import Hello
from wattnas.device.measured import Device
from wattnas.device.null import null_model
from wattnas.device.parts import part_keys, parts
from wattnas.device.plan import Network, Plan, make_plan, waves
from wattnas.device.profile import Profile
from wattnas.device.spread import count_keys, level_sigma, likeness
from wattnas.device.statistic import WORDS
from wattnas.errors import ProfileError
from wattnas.space import Architecture, Layout
from wattnas.space.count import count_layout

Progress = Callable[[int, int, str], None]


def quiet(done: int, total: int, what: str) -> None:
    """Tell nobody."""


class Campaign:
    """One space measured on one device.

    Args:
        device: what is measured.
        layout: the space at its input.
        settings: how.
        known: a profile of the same device, whose entries are kept; only what it lacks is measured.
        tell: hears (networks and blocks done, in all, what is being done).
    """

    def __init__(
        self,
        device: Device,
        layout: Layout,
        settings: Settings,
        known: Profile | None = None,
        tell: Progress = quiet,
    ) -> None:
        self.device, self.layout, self.settings, self.known, self.tell = device, layout, settings, known, tell
        have = {entry.key for entry in known.entries} if known else set()
        self.plan: Plan = make_plan(
            layout, settings.protocol, settings.budget_s, settings.seed, known=sorted(have)
        )
        tell(0, self.total, "exporting every block once")
        self.exported = export_parts(layout)
        self.composer = Composer(layout, self.exported)
        self.collected = Collected()
        self._shapes = {part.key: part.shape for part in parts(layout)}

    @property
    def total(self) -> int:
        """Items, at most."""
        return len(self.plan.blocks) + len(self.plan.networks)

    def measure(self) -> None:
        """Time the blocks, then networks until the time is spent.

        Raises:
            ProfileError: a block was not timed; no network is begun then.
            DeviceError: the device cannot be reached, or timed nothing.
        """
        self._time(self._alone())
        self._blocks_s(self.collected.timed())
        for wave in waves(self.plan.networks):
            if not self._has_time(len(wave)):
                break
            self._time(self._composed([network.architecture for network in wave]))
        self._time_again()

    def _time_again(self) -> None:
        """Held-out networks whose timing stayed uncertain: a check is of the fit, not of a busy minute."""
        flagged = set(self.collected.uncertain())
        held = [n.architecture for n in self.plan.networks if n.held_out and str(n.architecture) in flagged]
        if held:
            self._time(self._composed(held))

    def _composed(self, architectures: Sequence[Architecture]) -> dict[str, bytes]:
        return {str(architecture): self.composer.network(architecture) for architecture in architectures}

    def _has_time(self, networks: int) -> bool:
        """Whether so many more fit into the budget, at the pace until now."""
        budget_s = self.settings.budget_s
        if budget_s is None:
            return True
        spent_s = self.collected.spent_s(self.settings.protocol.warmup_s)
        done = sum(len(stretch.items) for stretch in self.collected.stretches)
        return spent_s * (1 + networks / max(1, done)) <= budget_s

    def _alone(self) -> dict[str, bytes]:
        """Every block that is wanted, and the null sessions of their shapes."""
        models = {key: self.exported[key] for key in self.plan.blocks}
        shapes = [self._shapes[key] for key in self.plan.blocks]
        return models | {null_key(shape): null_model(shape) for shape in shapes}

    def _time(self, models: Mapping[str, bytes]) -> None:
        job, files = timing_job(models, self.composer.network(self.plan.anchor), self.settings)
        for result in self.device.run(job, files):
            self.collected.add(result)
            self.tell(min(self._done, self.total), self.total, "timing")

    @property
    def _done(self) -> int:
        return sum(not name.startswith("null ") for line in self.collected.stretches for name in line.items)

    def finish(self, energy: EnergyFit | None = None) -> Profile:
        """The profile that these answers make."""
        _, fit, seconds = self.fitted()
        fit = fit.model_copy(update={"energy": energy})
        hello, today = self.device.hello(), datetime.now(timezone.utc).date()
        facts = Facts(
            name=self.known.name if self.known else "device",
            hardware=hardware_of(hello),
            runtime=f"onnxruntime {hello.onnxruntime}",
            threads=self.settings.threads,
            date=today,
            watts=None if energy else self.settings.watts,
        )
        entries = make_entries(self.layout, fit, seconds, facts)
        described = f"Measured for space {self.layout.space.name}; energy "
        described += f"from {energy.meter}" if energy else f"modelled at {self.settings.watts:g} W"
        return make_profile(entries, [fit], facts, self._notes(fit, energy), described)

    def fitted(self) -> tuple[Posterior, Fit, dict[str, float]]:
        """The posterior of the parts measured here, its record, and the seconds of each part."""
        timed = self.collected.timed()
        keys = self.plan.blocks
        alone = self._blocks_s(timed)
        used = [n for n in self.plan.networks if not n.held_out and str(n.architecture) in timed]
        held = [n for n in self.plan.networks if n.held_out and str(n.architecture) in timed]
        anchors = self.collected.anchors()
        shown = [*(n.architecture for n in used), *[self.plan.anchor] * len(anchors)]
        names = names_of(self.layout)
        posterior = fit_costs(
            np.append(alone, np.zeros(len(names))),
            self._observed(shown, [*(timed[str(n.architecture)] for n in used), *anchors]),
            np.append(np.zeros(len(keys)), [looseness(name) for name in names]),
        )
        found = posterior.mean.tolist()
        seconds = dict(zip(keys, found[: len(keys)], strict=True))
        between = {name: rounded(s) for name, s in zip(names, found[len(keys) :], strict=True)}
        level = np.outer(posterior.mean, posterior.mean) * level_sigma(anchors) ** 2
        fit = Fit(
            space=self.layout.space,
            channels=self.layout.channels,
            size=self.layout.size,
            classes=self.layout.classes,
            latency=Covariance.of((*keys, *names), posterior.covariance + level, posterior.hyper.apart),
            scale=posterior.hyper.scale,
            between=BetweenFit(seconds=between, params=self._reference),
            networks=len(used),
            anchor=self._anchor(),
            target=self.device.name,
            check=self._check(posterior, held, timed),
            protocol=self.settings.protocol.to_json(),
            state=self.collected.last_state(),
        )
        return posterior, fit, seconds

    @property
    def _reference(self) -> int:
        """Parameters of the anchor."""
        return count_layout(self.layout, self.plan.anchor).params

    def _anchor(self) -> Anchor:
        return Anchor(
            operations=self.plan.anchor.operations,
            seconds=self.collected.anchor_s,
            statistic=self.collected.statistic,
            usual=self.collected.usual,
        )

    def _blocks_s(self, timed: Mapping[str, Timed]) -> Array:
        """(blocks,) seconds of each alone; ProfileError where one was not timed."""
        return np.array([self._block_s(key, timed) for key in self.plan.blocks])

    def _block_s(self, key: str, timed: Mapping[str, Timed]) -> float:
        """Seconds of a block alone, less those of a null session; the stem carries the cost of the call."""
        null = null_key(self._shapes[key])
        for name in (key, null):
            if name not in timed:
                failed = self.collected.failures
                why = failed[0].message.rstrip(".") if failed else "no reason was given"
                raise ProfileError(f"The device did not time {name!r}: {why}.", "Run the same command again.")
        nothing = 0.0 if key == self.layout.stem_key else timed[null].seconds
        return max(timed[key].seconds - nothing, RESOLUTION_S)

    def all_seconds(self, measured: Mapping[str, float]) -> dict[str, float]:
        """Seconds of every part of the layout: those `measured` here, else those of the known profile."""
        known = {entry.key: entry.latency.value for entry in self.known.entries} if self.known else {}
        return {part.key: measured.get(part.key, known.get(part.key, 0.0)) for part in parts(self.layout)}

    def _observed(self, architectures: Sequence[Architecture], timed: Sequence[Timed]) -> Observed:
        """Counts, seconds and spreads, less what parts of a known profile take in them."""
        index = {key: column for column, key in enumerate(self.plan.blocks)}
        counts, others = [], list[list[str]]()
        for architecture in architectures:
            keys = part_keys(self.layout, architecture)
            own = np.bincount([index[key] for key in keys if key in index], minlength=len(index))
            between = measure_of(self.layout, architecture, self._reference)
            counts.append(np.append(own, list(between.values())))
            others.append([key for key in keys if key not in index])
        totals = np.array([found.seconds for found in timed])
        known_s, doubt = self._known(others)
        return Observed(
            counts=np.array(counts, dtype=np.float64),
            values=totals - known_s,
            sigmas=np.array([found.sigma for found in timed]),
            groups=np.array([found.stretch for found in timed]),
            totals=totals,
            doubt=doubt,
            alike=likeness([part_keys(self.layout, architecture) for architecture in architectures]),
        )

    def _known(self, networks: Sequence[Sequence[str]]) -> tuple[Array, Array | None]:
        """Seconds, (networks,), and covariance, (networks, networks), of these parts of the known profile."""
        if self.known is None:
            return np.zeros(len(networks)), None
        seconds = {entry.key: entry.latency.value for entry in self.known.entries}
        doubt = np.zeros((len(networks), len(networks)))
        for fit in self.known.fits:
            counts = np.array([count_keys(fit.latency, keys) for keys in networks])
            doubt += counts @ fit.latency.matrix() @ counts.T
        return np.array([sum(seconds[key] for key in keys) for keys in networks]), doubt

    def _check(
        self, posterior: Posterior, held: Sequence[Network], timed: Mapping[str, Timed]
    ) -> Check | None:
        if len(held) < 2:
            return None
        found = [timed[str(network.architecture)] for network in held]
        observed = self._observed([network.architecture for network in held], found)
        rest = observed.whole - observed.values  # what known parts take
        mean, sigma = posterior.predict(observed.counts, rest)
        if observed.doubt is not None:
            sigma = np.sqrt(sigma**2 + np.diag(observed.doubt))
        return compare(mean, sigma, observed.whole, observed.sigmas)

    def _notes(self, fit: Fit, energy: EnergyFit | None) -> list[str]:
        notes = [
            f"Seconds of a part hold inside a network: blocks timed alone are the start, {fit.networks} "
            "whole networks decide. The stem carries what a call costs besides. Intervals are 95 %.",
            f"What a network takes is {WORDS[fit.anchor.statistic]}, which repeats best here.",
            *self.collected.troubles(),
        ]
        if energy is None:
            notes.append(
                f"Energy is modelled as {self.settings.watts:g} W, a stated power, times the latency. "
                "No meter was read."
            )
        return notes


def null_key(shape: tuple[int, ...]) -> str:
    """How an answer names the null session with this input."""
    return "null " + "x".join(map(str, shape))


def hardware_of(hello: Hello) -> str:
    """Processor, cores and system of a device, as it states them."""
    machine = hello.state.get("machine")
    facts = machine if isinstance(machine, dict) else {}
    cpu, cores, system = (str(facts.get(name, "unknown"))[:200] for name in ("cpu", "cores", "system"))
    return f"{cpu}, {cores} cores, {system}"

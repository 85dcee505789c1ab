"""What is refused before any work: methods with options they do not have, bounds that nothing keeps."""

from __future__ import annotations

from wattnas.config import GOAL_METHOD, Settings
from wattnas.device import NetworkCosts
from wattnas.errors import ConfigError, GoalError
from wattnas.objective import known_methods, make_objective
from wattnas.units import format_bytes, format_count, format_joules, format_seconds

SHOW = {
    "energy_j": format_joules,
    "latency_s": format_seconds,
    "memory_bytes": format_bytes,
    "params": format_count,
    "macs": format_count,
}


def refuse_method(settings: Settings) -> None:
    """ConfigError where there is no such method, or it has no such option."""
    if not settings.is_goal:
        if settings.method not in known_methods():
            known = ", ".join((GOAL_METHOD, *known_methods()))
            raise ConfigError(f"There is no method {settings.method!r}.", f"Methods: {known}.")
        assert settings.goal_accuracy is not None, "only method goal does without (merge_settings)"
        make_objective(settings.method, settings.goal_accuracy, **settings.objective)
    elif settings.objective:
        raise ConfigError(
            f"Method goal has no objective, so no option {next(iter(settings.objective))!r}.",
            "Set supernet.* and select.* instead; see docs/goals.md.",
        )
    elif settings.train.inherit:
        raise ConfigError(
            "Method goal trains what it picks from scratch.", "Leave --inherit away, or choose --method s1."
        )


def refuse_impossible(settings: Settings, costs: NetworkCosts) -> None:
    """GoalError where a bound lies below what the cheapest architecture of the space costs."""
    cheapest = costs.least()
    for name, bound in settings.bounds.given().items():
        least = cheapest[name]
        if least > bound:
            show = SHOW[name]
            raise GoalError(
                f"No architecture keeps {name} within {show(bound)}: the least is {show(least)}.",
                f"Ask for at least {show(least)}, or choose another --space.",
            )

"""What a device costs: profiles, cost tables, predictions, and measuring this machine."""

from wattnas.device.cache import local_profile
from wattnas.device.doctor import Finding, diagnose
from wattnas.device.load import LOCAL, builtin_profiles, load_profile
from wattnas.device.local import measure_local
from wattnas.device.lookup import Cost
from wattnas.device.measure import Protocol
from wattnas.device.predict import CostReport, FixedCost, LayerCost, Sources, predict
from wattnas.device.profile import Entry, Position, Profile
from wattnas.device.table import CostTable, cost_table

__all__ = [
    "LOCAL",
    "Cost",
    "CostReport",
    "CostTable",
    "Entry",
    "Finding",
    "FixedCost",
    "LayerCost",
    "Position",
    "Profile",
    "Protocol",
    "Sources",
    "builtin_profiles",
    "cost_table",
    "diagnose",
    "load_profile",
    "local_profile",
    "measure_local",
    "predict",
]

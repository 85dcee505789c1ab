"""What a device costs: profiles, cost tables, predictions, and measuring devices."""

from wattnas.device.cache import local_profile
from wattnas.device.check import check_profile, sentences
from wattnas.device.doctor import Finding, diagnose, diagnose_device
from wattnas.device.learn import learn
from wattnas.device.load import LOCAL, builtin_profiles, load_profile
from wattnas.device.local import measure_local
from wattnas.device.lookup import Cost
from wattnas.device.many import NetworkCosts, network_costs
from wattnas.device.measured import Device, open_device
from wattnas.device.predict import CostReport, FixedCost, LayerCost, Sources, predict
from wattnas.device.profile import Entry, Position, Profile
from wattnas.device.session import Request, profile_device
from wattnas.device.table import CostTable, cost_table

__all__ = [
    "LOCAL",
    "Cost",
    "CostReport",
    "CostTable",
    "Device",
    "Entry",
    "Finding",
    "FixedCost",
    "LayerCost",
    "NetworkCosts",
    "Position",
    "Profile",
    "Request",
    "Sources",
    "builtin_profiles",
    "check_profile",
    "cost_table",
    "diagnose",
    "diagnose_device",
    "learn",
    "load_profile",
    "local_profile",
    "measure_local",
    "network_costs",
    "open_device",
    "predict",
    "profile_device",
    "sentences",
]

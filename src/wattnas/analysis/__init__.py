"""Six metrics for any network: counts, memory, latency, energy, power, accuracy; fits and figures."""

from wattnas.analysis.count import Counts, count_graph
from wattnas.analysis.fits import Finding, findings
from wattnas.analysis.graph import Graph, read_graph
from wattnas.analysis.measure import analyse
from wattnas.analysis.pareto import pareto_front
from wattnas.analysis.planner import activation_peak
from wattnas.analysis.row import Options, Row
from wattnas.analysis.study import Failure, Say, Study, study
from wattnas.analysis.target import Target, resolve
from wattnas.analysis.write import write_study

__all__ = [
    "Counts",
    "Failure",
    "Finding",
    "Graph",
    "Options",
    "Row",
    "Say",
    "Study",
    "Target",
    "activation_peak",
    "analyse",
    "count_graph",
    "findings",
    "pareto_front",
    "read_graph",
    "resolve",
    "study",
    "write_study",
]

"""Reports: one offline HTML page made from the files of a run, a sweep or an analysis."""

from wattnas.report.watch import watch_report
from wattnas.report.write import write_report

__all__ = ["watch_report", "write_report"]

"""The report of a run: one offline HTML page made from the files of its directory."""

from wattnas.report.write import write_report

__all__ = ["write_report"]

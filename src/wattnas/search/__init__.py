"""Search methods: from images, a space and cost tables to an architecture."""

from wattnas.search.base import Costs, SearchProblem, SearchResult
from wattnas.search.differentiable import search_differentiable

__all__ = ["Costs", "SearchProblem", "SearchResult", "search_differentiable"]

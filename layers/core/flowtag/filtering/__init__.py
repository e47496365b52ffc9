"""The filter language: which segments of ``motion.json`` somebody means.

    level>=high and camera has pan and confidence>0.8 and length>2s

Described in ``docs/formats/filter.md``; ``tests/filter_cases.json`` holds for every reader of it.
"""

from flowtag.filtering.evaluation import Filter
from flowtag.filtering.parsing import parse_filter

__all__ = ["Filter", "parse_filter"]

"""The three functions that every host wraps: plan a video, analyse a chunk, assemble a run.

A laptop calls them in processes, the cloud in functions and a container; what they write is the
same. Importing this module imports PyAV and OpenCV: a host that only plans, or only assembles,
imports that step's own module.
"""

from __future__ import annotations

from flowtag.assembly.assemble import Assembly, assemble
from flowtag.chunk_analysis import analyze_chunk
from flowtag.planning import plan_video

__all__ = ["Assembly", "analyze_chunk", "assemble", "plan_video"]

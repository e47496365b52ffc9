"""flowtag: tags video with motion.

The package root imports nothing heavy: PyAV, OpenCV, pyarrow and boto3 are each imported only
by the modules that need them, so a function that plans never pays for one that estimates flow.
"""

__version__ = "0.1.0"

ALGORITHM_VERSION = 6
"""Raised whenever the numbers of a run may change; part of every run's identity."""

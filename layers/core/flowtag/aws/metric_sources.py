"""By what the metrics of videos are told apart: something of which a stack has few."""

from __future__ import annotations

import string
from urllib.parse import quote

_SCHEME = "s3://"
_LONGEST = 250
_PLAIN = string.punctuation.replace("%", "") + " "


def metric_source(uri: str) -> str:
    """The bucket of a video and the folder at the top of it, if it is in one.

    CloudWatch bills a metric for each value of a dimension, and takes ASCII alone: the ids of
    videos and runs stand beside a metric's numbers as metadata.

    Args:
        uri: ``s3://bucket/key``.
    """
    bucket, _, key = uri.removeprefix(_SCHEME).partition("/")
    folder, slash, _ = key.partition("/")
    return quote(f"{bucket}/{folder}" if slash else bucket, safe=_PLAIN)[:_LONGEST]

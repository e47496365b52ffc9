"""Fixtures that all tests may ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rendering import Clip, RenderedClip, render_clip


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Clip], RenderedClip]:
    """Renders a clip once for all tests of this worker."""
    folder: Path = tmp_path_factory.mktemp("renders")
    return lambda clip: render_clip(clip, folder)

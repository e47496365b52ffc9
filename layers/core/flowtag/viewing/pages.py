"""Where the viewer's own files are: in a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

from flowtag.errors import ObjectNotFoundError

_PACKAGE = Path(__file__).parents[1]
_INDEX = "index.html"


def viewer_folder() -> Path:
    """The folder with the viewer's ``index.html``.

    Raises:
        ObjectNotFoundError: this installation lacks it.
    """
    # The wheel carries it within the package; an editable installation has it in the checkout.
    for folder in (_PACKAGE / "viewer_files", _PACKAGE.parents[2] / "viewer"):
        if (folder / _INDEX).is_file():
            return folder
    raise ObjectNotFoundError("the viewer's files are missing; install flowtag again")

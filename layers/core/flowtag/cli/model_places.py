"""Where ``--models`` says that models are kept: a folder, or a prefix of a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flowtag.errors import SettingsError

if TYPE_CHECKING:
    from flowtag.aws.s3_places import S3Access
    from flowtag.models.registry import ModelRegistry


def registry_at(root: str | None, access: S3Access | None = None) -> ModelRegistry:
    """The built-in models and those under a root.

    Args:
        root: a folder or ``s3://bucket/prefix``; None: the built-in models alone.
        access: how S3 is reached; None: as the environment says.

    Raises:
        SettingsError: the root is no such place, or what reaches it is not installed.
    """
    from flowtag.local.disk_places import FolderPlace
    from flowtag.models.registry import ModelRegistry

    if root is None:
        return ModelRegistry()
    if not root.startswith("s3:"):
        return ModelRegistry(FolderPlace(Path(root).absolute()))
    try:
        from flowtag.aws.s3_places import S3Access, S3StorePlace
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"there is no module {error.name}; models in a bucket need flowtag[aws] to be installed"
        ) from error
    return ModelRegistry(S3StorePlace.at(root, access or S3Access()))

"""The videos as users of the API see them: what the catalog says, with links."""

from __future__ import annotations

import json
from typing import Any

from flowtag.api_models import (
    ChunkLink,
    ChunkLinks,
    ThumbnailLink,
    UploadGrant,
    UploadRequest,
    VideoDetails,
    VideoLinks,
    VideoList,
    VideoSegments,
    VideoSummary,
)
from flowtag.aws.environment import ApiEnvironment
from flowtag.aws.links import Links, upload_key
from flowtag.aws.s3_source import bucket_and_key
from flowtag.aws.s3_store import S3Store
from flowtag.catalog_entry import CatalogEntry
from flowtag.catalog_reader import CatalogReader
from flowtag.catalog_search import CatalogFilter, find_videos
from flowtag.errors import ObjectNotFoundError, SettingsError
from flowtag.filtering import Filter
from flowtag.run_keys import RunKeys
from flowtag.runs import read_motion, read_plan
from flowtag.storage import checked_key

MAX_BODY_BYTES = 5_500_000
"""Lambda answers with 6 MB at most, envelope and all."""


class Library:
    """Answers questions about videos. It keeps what it read of the catalog for the next one."""

    def __init__(self, store: S3Store, links: Links, environment: ApiEnvironment) -> None:
        """Takes where runs are, who signs links, and what may be uploaded."""
        self._store = store
        self._links = links
        self._environment = environment
        self._catalog = CatalogReader(store)

    def videos(self, wanted: CatalogFilter, limit: int, cursor: str | None) -> VideoList:
        """A page of videos, newest first.

        Raises:
            SettingsError: no page ever gave this cursor.
            StorageError: the store failed.
        """
        page = find_videos(self._catalog.read(), wanted, limit, cursor)
        return VideoList(
            videos=[VideoSummary(**self._summary(entry)) for entry in page.videos],
            cursor=page.cursor,
            expires_in=self._links.seconds,
        )

    def video(self, video_id: str) -> VideoDetails:
        """One video.

        Raises:
            ObjectNotFoundError: there is none of that id.
            StorageError: the store failed.
        """
        entry = self._entry(video_id)
        return VideoDetails(
            **self._summary(entry),
            source_url=self._source_url(entry),
            expires_in=self._links.seconds,
        )

    def motion(self, video_id: str) -> str | None:
        """The text of a video's ``motion.json``; None if it is too long for an answer.

        Raises:
            ObjectNotFoundError: there is no video of that id, or its result is gone.
            StorageError: the store failed.
        """
        text = self._store.get(self._entry(video_id).motion).decode()
        # Within the answer every quote and every line's end takes a byte more.
        return text if len(json.dumps(text)) <= MAX_BODY_BYTES else None

    def motion_url(self, video_id: str) -> str:
        """A link to a video's ``motion.json``.

        Raises:
            ObjectNotFoundError: there is no video of that id.
            StorageError: the store failed.
        """
        return self._url(self._entry(video_id).motion)

    def links(self, video_id: str, first: int, limit: int) -> VideoLinks:
        """Links to a video's file and to the pictures of its segments.

        Args:
            video_id: of the video.
            first: index of the segment to begin at.
            limit: so many pictures at most.

        Raises:
            ObjectNotFoundError: there is no video of that id, or its result is gone.
            StorageError: the store failed.
        """
        entry = self._entry(video_id)
        keys = RunKeys(entry.video_id, entry.run_id)
        pictures = [
            (segment.index, keys.beside(segment.thumbnail))
            for segment in read_motion(self._store.get(entry.motion)).segments
            if segment.thumbnail is not None and segment.index >= first
        ]
        return VideoLinks(
            source_url=self._source_url(entry),
            motion_url=self._url(entry.motion),
            frames_url=self._url(keys.frames),
            thumbnails=[
                ThumbnailLink(segment=index, url=self._url(key)) for index, key in pictures[:limit]
            ],
            next=pictures[limit][0] if len(pictures) > limit else None,
            expires_in=self._links.seconds,
        )

    def segments(
        self, video_id: str, wanted: Filter | None, first: int, limit: int
    ) -> VideoSegments:
        """The segments of a video's result that a filter finds.

        Args:
            video_id: of the video.
            wanted: the filter; None finds all.
            first: index of the segment to begin at.
            limit: so many at most.

        Raises:
            ObjectNotFoundError: there is no video of that id, or its result is gone.
            StorageError: the store failed.
        """
        entry = self._entry(video_id)
        every = read_motion(self._store.get(entry.motion)).segments
        found = every if wanted is None else wanted.select(every)
        rest = [segment for segment in found if segment.index >= first]
        return VideoSegments(
            video_id=entry.video_id,
            run_id=entry.run_id,
            segments=rest[:limit],
            next=rest[limit].index if len(rest) > limit else None,
        )

    def chunks(self, video_id: str, first: int, limit: int) -> ChunkLinks:
        """Links to the files that hold a video's stills and flow grids.

        Args:
            video_id: of the video.
            first: index of the chunk to begin at.
            limit: so many at most.

        Raises:
            ObjectNotFoundError: there is no video of that id, or its plan is gone.
            StorageError: the store failed.
        """
        entry = self._entry(video_id)
        keys = RunKeys(entry.video_id, entry.run_id)
        ranges = list(enumerate(read_plan(self._store, keys).chunks))
        return ChunkLinks(
            chunks=[
                ChunkLink(**dict(each), chunk=index, url=self._url(keys.chunk(index)))
                for index, each in ranges[first : first + limit]
            ],
            next=first + limit if first + limit < len(ranges) else None,
            expires_in=self._links.seconds,
        )

    def grant(self, request: UploadRequest) -> UploadGrant:
        """A form by which a file can be uploaded.

        Raises:
            SettingsError: the file is too large, or its name will not do.
        """
        limits = self._environment
        if request.size_bytes > limits.max_upload_bytes:
            raise SettingsError(
                f"at most {limits.max_upload_bytes} bytes can be uploaded in this way"
            )
        key = upload_key(limits.upload_prefix, request.name, limits.suffixes())
        form = self._links.to_upload(
            limits.upload_bucket, key, request.content_type, request.size_bytes
        )
        return UploadGrant(
            url=form.url, fields=form.fields, key=key, expires_in=self._links.seconds
        )

    def _entry(self, video_id: str) -> CatalogEntry:
        for entry in self._catalog.read():
            if entry.video_id == video_id:
                return entry
        raise ObjectNotFoundError("there is no such video")

    def _summary(self, entry: CatalogEntry) -> dict[str, Any]:
        picture = entry.peak.thumbnail if entry.peak else None
        return {**dict(entry), "thumbnail_url": self._url(picture) if picture else None}

    def _url(self, key: str) -> str:
        return self._links.to_object(self._store.bucket, self._store.prefix + checked_key(key))

    def _source_url(self, entry: CatalogEntry) -> str | None:
        limits = self._environment
        if not entry.uri.startswith(f"s3://{limits.upload_bucket}/{limits.upload_prefix}"):
            # Back-filled from elsewhere: the API may not read it, so a link would only refuse.
            return None
        bucket, key = bucket_and_key(entry.uri)
        return self._links.to_object(bucket, key, entry.version_id)

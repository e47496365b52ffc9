"""What users see: lists of videos, their metadata, links to files and pictures, uploads.

API Gateway has checked who asks before this runs; what is asked is trusted in nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel

from flowtag.api_models import (
    VIDEO_ID_PATTERN,
    ChunkLinks,
    Problem,
    ProblemField,
    UploadGrant,
    UploadRequest,
    VideoDetails,
    VideoLinks,
    VideoList,
    VideoSegments,
)
from flowtag.aws.clients import s3_client
from flowtag.aws.environment import ApiEnvironment, read_environment
from flowtag.aws.library import Library
from flowtag.aws.links import Links, signing_client
from flowtag.aws.s3_store import S3Store
from flowtag.catalog_search import MAX_CURSOR_LENGTH, CatalogFilter
from flowtag.contracts.metadata import CameraLabel, Level, MotionMetadata, Status
from flowtag.errors import FilterError, ObjectNotFoundError, SettingsError, StorageError
from flowtag.filtering import parse_filter

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

_MAX_TEXT_LENGTH = 200
_NEVER_KEPT = "private, no-store"
_PROBLEM_TYPE = "application/problem+json"
_ALWAYS_POSSIBLE = (
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_REDIRECTED: OpenAPIResponse = {
    "description": "It is longer than an answer may be: Location is a link to it."
}


def _answers(model: type[BaseModel], *problems: HTTPStatus) -> dict[int, OpenAPIResponse]:
    """What a route may answer, for the description of the API."""
    answers: dict[int, OpenAPIResponse] = {
        200: {"description": "OK", "content": {"application/json": {"model": model}}}
    }
    for status in (*problems, *_ALWAYS_POSSIBLE):
        answers[int(status)] = {
            "description": status.phrase,
            "content": {_PROBLEM_TYPE: {"model": Problem}},
        }
    return answers


logger = Logger()
tracer = Tracer()
metrics = Metrics()
app = APIGatewayHttpResolver(enable_validation=True)

VideoId = Annotated[str, Path(pattern=VIDEO_ID_PATTERN, description="Id of the video.")]


@cache
def _library() -> Library:
    environment = read_environment(ApiEnvironment)
    store = S3Store(s3_client(), environment.output_bucket, environment.output_prefix)
    return Library(store, Links(signing_client(), environment.link_seconds), environment)


@logger.inject_lambda_context(
    correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True
)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes a request as API Gateway's HTTP APIs put it, format 2.0.

    Raises:
        SettingsError: the function was deployed with settings that will not do.
    """
    _library()
    metrics.add_metric("ApiRequests", MetricUnit.Count, 1)
    return app.resolve(event, context)


@app.get(
    "/videos",
    summary="Lists videos, newest first",
    operation_id="listVideos",
    responses=_answers(VideoList),
    cache_control=_NEVER_KEPT,
)
def list_videos(
    level: Annotated[Level | None, Query(description="Motion is at this level somewhere.")] = None,
    camera: Annotated[CameraLabel | None, Query(description="Some segment is so labelled.")] = None,
    status: Annotated[Status | None, Query(description="Of the analysis.")] = None,
    text: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=_MAX_TEXT_LENGTH,
            description="Stands in the file's key, in capitals or not.",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="So many at most.")] = 50,
    cursor: Annotated[
        str | None,
        Query(max_length=MAX_CURSOR_LENGTH, description="Of the page before, with its filters."),
    ] = None,
) -> VideoList:
    """Lists videos, newest first."""
    if text is not None:
        # Powertools takes a comma for the end of a value, as API Gateway joins values by it.
        text = app.current_event.query_string_parameters["text"][:_MAX_TEXT_LENGTH]
    wanted = CatalogFilter(level=level, camera=camera, status=status, text=text)
    return _library().videos(wanted, limit, cursor)


@app.get(
    "/videos/<video_id>",
    summary="Tells what the catalog says of one video",
    operation_id="getVideo",
    responses=_answers(VideoDetails, HTTPStatus.NOT_FOUND),
    cache_control=_NEVER_KEPT,
)
def get_video(video_id: VideoId) -> VideoDetails:
    """Tells what the catalog says of one video."""
    return _library().video(video_id)


@app.get(
    "/videos/<video_id>/motion",
    summary="Gives out one video's motion.json",
    operation_id="getMotion",
    responses=_answers(MotionMetadata, HTTPStatus.NOT_FOUND) | {307: _REDIRECTED},
    cache_control=_NEVER_KEPT,
)
def get_motion(video_id: VideoId) -> Response[str]:
    """Gives out one video's motion.json, or leads to it where it is too long for an answer."""
    text = _library().motion(video_id)
    if text is not None:
        return Response(HTTPStatus.OK, "application/json", text)
    location = {"Location": _library().motion_url(video_id)}
    return Response(HTTPStatus.TEMPORARY_REDIRECT, "text/plain", "", headers=location)


@app.get(
    "/videos/<video_id>/links",
    summary="Gives out links to one video's file and to the pictures of its segments",
    operation_id="getLinks",
    responses=_answers(VideoLinks, HTTPStatus.NOT_FOUND),
    cache_control=_NEVER_KEPT,
)
def get_links(
    video_id: VideoId,
    first: Annotated[int, Query(ge=0, le=10**9, description="Segment to begin at.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="So many pictures at most.")] = 100,
) -> VideoLinks:
    """Gives out links to one video's file and to the pictures of its segments."""
    return _library().links(video_id, first, limit)


@app.get(
    "/videos/<video_id>/segments",
    summary="Gives out those segments of one video that a filter finds",
    operation_id="findSegments",
    responses=_answers(VideoSegments, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND),
    cache_control=_NEVER_KEPT,
)
def find_segments(
    video_id: VideoId,
    where: Annotated[
        str | None,
        Query(description="A filter, such as `level>=high and camera has pan`; none finds all."),
    ] = None,
    first: Annotated[int, Query(ge=0, le=10**9, description="Segment to begin at.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="So many segments at most.")] = 100,
) -> VideoSegments:
    """Gives out those segments of one video that a filter finds."""
    if where is not None:
        # Whole, as above: a filter has commas of its own.
        where = app.current_event.query_string_parameters["where"]
    wanted = None if where is None else parse_filter(where)
    return _library().segments(video_id, wanted, first, limit)


@app.get(
    "/videos/<video_id>/chunks",
    summary="Gives out links to one video's stills and flow, a second apart",
    operation_id="getChunks",
    responses=_answers(ChunkLinks, HTTPStatus.NOT_FOUND),
    cache_control=_NEVER_KEPT,
)
def get_chunks(
    video_id: VideoId,
    first: Annotated[int, Query(ge=0, le=10**9, description="Chunk to begin at.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="So many chunks at most.")] = 100,
) -> ChunkLinks:
    """Gives out links to one video's stills and flow, a second apart."""
    return _library().chunks(video_id, first, limit)


@app.post(
    "/uploads",
    summary="Gives out a form by which one file can be uploaded",
    operation_id="grantUpload",
    responses=_answers(UploadGrant, HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    cache_control=_NEVER_KEPT,
)
def grant_upload(upload: Annotated[UploadRequest, Body()]) -> UploadGrant:
    """Gives out a form by which a browser uploads one file of just this size and type."""
    return _library().grant(upload)


def _not_valid(error: RequestValidationError) -> Response[str]:
    # Only where and what kind: a message would hand back what was sent.
    fields = [ProblemField(location=list(e["loc"]), kind=e["type"]) for e in error.errors()]
    if any(field.location[:1] == ["response"] for field in fields):
        return _failed(error)
    no_json = any(field.kind == "json_invalid" for field in fields)
    status = HTTPStatus.BAD_REQUEST if no_json else HTTPStatus.UNPROCESSABLE_ENTITY
    return _problem(status, "the request is not as it should be", fields)


def _not_readable(_: Exception) -> Response[str]:
    return _problem(HTTPStatus.BAD_REQUEST, "the body is no JSON that can be read")


def _no_json(_: RequestUnsupportedContentType) -> Response[str]:
    return _problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body must be JSON")


def _not_possible(error: SettingsError) -> Response[str]:
    return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


def _no_filter(error: FilterError) -> Response[str]:
    field = ProblemField(location=["query", "where", error.column], kind=error.code)
    return _problem(HTTPStatus.BAD_REQUEST, str(error), [field])


def _not_there(_: ObjectNotFoundError) -> Response[str]:
    return _problem(HTTPStatus.NOT_FOUND, "there is no such video, or its result is gone")


def _refused(error: ServiceError) -> Response[str]:
    return _problem(HTTPStatus(error.status_code), str(error.msg))


def _try_again(_: StorageError) -> Response[str]:
    logger.exception("the store failed")
    metrics.add_metric("ApiFailures", MetricUnit.Count, 1)
    return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "the store cannot be reached; try again")


def _failed(_: Exception) -> Response[str]:
    logger.exception("failed")
    metrics.add_metric("ApiFailures", MetricUnit.Count, 1)
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the fault is not yours")


def _problem(
    status: HTTPStatus, detail: str, fields: list[ProblemField] | None = None
) -> Response[str]:
    problem = Problem(title=status.phrase, status=status, detail=detail, fields=fields or [])
    return Response(status, _PROBLEM_TYPE, problem.model_dump_json())


_HANDLERS: dict[type[Exception], Callable[[Any], Response[str]]] = {
    RequestValidationError: _not_valid,
    UnicodeDecodeError: _not_readable,
    RecursionError: _not_readable,
    RequestUnsupportedContentType: _no_json,
    FilterError: _no_filter,
    SettingsError: _not_possible,
    ObjectNotFoundError: _not_there,
    ServiceError: _refused,
    StorageError: _try_again,
    Exception: _failed,
}
for _kind, _handler in _HANDLERS.items():
    app.exception_handler(_kind)(_handler)

"""Reads from a template the routes of its HTTP API and who may use them."""

from __future__ import annotations

from collections.abc import Iterator

from local_cloud.arns import last_part
from local_cloud.intrinsics import TemplateError
from local_cloud.reading_functions import checked, function_of
from local_cloud.template import Template
from local_cloud.wiring import Authorizer, Cors, Route


def read_routes(template: Template) -> Iterator[Route]:
    """Reads the routes.

    Raises:
        TemplateError: one leads elsewhere than to a function, or is not understood here.
    """
    for name in template.of_type("AWS::ApiGatewayV2::Route"):
        known = checked(
            name,
            template.properties(name),
            {"RouteKey", "Target", "AuthorizationType"},
            {"ApiId", "AuthorizerId", "OperationName"},
        )
        integration = last_part(known["Target"])
        target = checked(
            integration,
            template.properties(integration),
            {"IntegrationType", "IntegrationUri", "PayloadFormatVersion"},
            {"ApiId", "Description", "TimeoutInMillis"},
        )
        if (target["IntegrationType"], str(target["PayloadFormatVersion"])) != ("AWS_PROXY", "2.0"):
            raise TemplateError(f"{integration}: only AWS_PROXY with payloads 2.0 is known here")
        kind = known.get("AuthorizationType", "NONE")
        if kind not in ("NONE", "JWT", "AWS_IAM"):
            raise TemplateError(f"{name}: authorization by {kind} is not known here")
        key = known["RouteKey"]
        method, _, path = key.partition(" ") if " " in key else ("ANY", "", key)
        yield Route(key, method, path, function_of(target["IntegrationUri"]), kind == "NONE")


def read_authorizer(template: Template) -> Authorizer:
    """Reads whose tokens are taken; no issuer if callers sign with AWS keys.

    Raises:
        TemplateError: it is of another kind.
    """
    for name in template.of_type("AWS::ApiGatewayV2::Authorizer"):
        known = checked(
            name,
            template.properties(name),
            {"AuthorizerType", "JwtConfiguration"},
            {"ApiId", "IdentitySource", "Name"},
        )
        if known["AuthorizerType"] != "JWT":
            raise TemplateError(f"{name}: authorizers here are JWT ones, or IAM")
        token = known["JwtConfiguration"]
        return Authorizer(token["Issuer"], tuple(token["Audience"]))
    return Authorizer("", ())


def read_cors(template: Template) -> Cors:
    """Reads which web pages may use the API.

    Raises:
        TemplateError: the API has something that is not understood here.
    """
    for name in template.of_type("AWS::ApiGatewayV2::Api"):
        api = checked(
            name,
            template.properties(name),
            {"CorsConfiguration", "ProtocolType"},
            {"Description", "Name", "Tags", "DisableExecuteApiEndpoint"},
        )
        cors = checked(
            name,
            api.get("CorsConfiguration") or {},
            {"AllowHeaders", "AllowMethods", "AllowOrigins", "MaxAge"},
            frozenset(),
        )
        return Cors(
            tuple(cors.get("AllowOrigins", ())),
            tuple(cors.get("AllowMethods", ())),
            tuple(cors.get("AllowHeaders", ())),
            int(cors.get("MaxAge", 0)),
        )
    return Cors()

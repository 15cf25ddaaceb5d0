"""The API's description: FastAPI's, with this server's limits and its model's labels in it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from goemotions.classifier import EmotionClassifier
from goemotions.server.settings import Settings

TEXT_LISTS = {"HfRequest": "inputs", "TeiRequest": "inputs", "EmotionsRequest": "texts"}


def describe_api(app: FastAPI, settings: Settings, classifier: EmotionClassifier) -> None:
    """Make ``app.openapi()`` say what this server takes."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            add_limits(schema["components"]["schemas"], settings, classifier)
            forget_default_errors(schema)
            if settings.key is not None:
                schema["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
                schema["security"] = [{"key": []}]
                for path in ("/health", "/ready"):
                    schema["paths"][path]["get"]["security"] = []
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def add_limits(schemas: dict[str, Any], settings: Settings, classifier: EmotionClassifier) -> None:
    """Add the labels, and in words the limits: beyond them is 413, and a schema's own limits would mean 422."""
    for name, key in TEXT_LISTS.items():
        said = schemas[name]["properties"][key].get("description", "")
        limit = f"At most {settings.max_texts} texts of at most {settings.max_chars} characters each."
        schemas[name]["properties"][key]["description"] = f"{said} {limit}".strip()
    explain = schemas["EmotionsRequest"]["properties"]["explain"]
    explain["description"] += f" Each word then counts as a text: at most {settings.max_texts}."
    for option in schemas["EmotionsRequest"]["properties"]["threshold"]["anyOf"]:
        if option.get("type") == "object":
            option["propertyNames"] = {"enum": list(classifier.labels)}


def forget_default_errors(schema: dict[str, Any]) -> None:
    """Remove FastAPI's own shape of a 422, which is not ours."""
    for name in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(name, None)

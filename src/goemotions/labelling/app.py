"""The labelling as an ASGI app: the page, and what it asks. Headers, bounds and errors are as ``serve`` has them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from goemotions.labelling.desk import Desk, NotAtHandError
from goemotions.labelling.export import as_csv, as_label_studio
from goemotions.labelling.journal import Plan
from goemotions.labelling.order import Order
from goemotions.labelling.seat import Seat, TakenError
from goemotions.labelling.texts import Texts
from goemotions.records import to_json
from goemotions.server import page
from goemotions.server.bounds import Bounds
from goemotions.server.errors import ApiError, CatchAll, add_handlers
from goemotions.server.security import Gate, SecurityHeaders
from goemotions.server.settings import Settings

STATIC = Path(__file__).parent / "static"
SHARED = ("page.css", "icon.svg")
ELSEWHERE = "another page labels these texts"

Token = Annotated[str, Field(max_length=64)]

router = APIRouter()


@dataclass
class Labelling:
    """A labelling as the page asks for it.

    Attributes:
        output: where the answers are written.
    """

    desk: Desk
    texts: Texts
    plan: Plan
    output: Path
    seat: Seat = field(default_factory=Seat)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def state(self) -> dict[str, Any]:
        """Return what the page shows."""
        desk = self.desk
        return {
            "at_hand": to_json(desk.at_hand),
            "progress": to_json(desk.progress),
            "unwritten": desk.unwritten,
        }


class Turn(BaseModel):
    """A word from a page that has the seat."""

    model_config = ConfigDict(extra="forbid", strict=True)
    token: Token


class Opening(Turn):
    """A page that wants the seat."""

    by_force: bool = False


class Given(Turn):
    """An answer."""

    row: int
    labels: Annotated[list[str], Field(max_length=1000)]
    skipped: bool = False


def labelling_of(request: Request) -> Labelling:
    """Return the labelling that a request is about."""
    found: Labelling = request.app.state.labelling
    return found


def check(labelling: Labelling, token: str) -> None:
    """Check that a page has the seat.

    Raises:
        ApiError: another page has the seat.
    """
    try:
        labelling.seat.check(token)
    except TakenError:
        raise ApiError(409, ELSEWHERE) from None


@router.get("/")
def index() -> Response:
    """The page on which texts are labelled."""
    return HTMLResponse((STATIC / "index.html").read_bytes())


@router.get("/static/{name}")
def static(name: str) -> Response:
    """The parts of the page."""
    if name in SHARED:
        return page.asset(name)
    if name not in {path.name for path in STATIC.iterdir()}:
        raise HTTPException(404, "no such file")
    path = STATIC / name
    return Response(path.read_bytes(), media_type=page.TYPES[path.suffix])


@router.get("/ready")
def ready() -> dict[str, str]:
    """Answers 200 as long as the process runs."""
    return {"status": "ready"}


@router.post("/open")
def open_page(request: Request, body: Opening) -> dict[str, Any]:
    """Gives the seat to a page, unless another has it."""
    labelling = labelling_of(request)
    with labelling.lock:
        try:
            token = labelling.seat.take(body.token, body.by_force)
        except TakenError:
            raise ApiError(409, ELSEWHERE) from None
        about = {
            "file": labelling.plan.file,
            "output": labelling.output.name,
            "labels": labelling.plan.labels,
            "single": labelling.plan.single,
            "order": labelling.plan.order,
            "base": labelling.plan.base,
        }
        return {"token": token, "about": about, **labelling.state()}


@router.post("/present")
def present(request: Request, body: Turn) -> dict[str, str]:
    """Notes that a page is open."""
    labelling = labelling_of(request)
    with labelling.lock:
        check(labelling, body.token)
    return {"status": "present"}


@router.post("/leave")
def leave(request: Request, body: Turn) -> dict[str, str]:
    """Notes that a page closes."""
    labelling = labelling_of(request)
    with labelling.lock:
        labelling.seat.leave(body.token)
    return {"status": "left"}


@router.post("/answer")
def answer(request: Request, body: Given) -> dict[str, Any]:
    """Keeps an answer on the disk, and gives the next text."""
    labelling = labelling_of(request)
    unknown = [label for label in body.labels if label not in labelling.plan.labels]
    if unknown:
        raise ApiError(422, f"labels: {len(unknown)} of them are not labels of this labelling")
    if labelling.plan.single and not body.skipped and len(set(body.labels)) != 1:
        raise ApiError(422, f"labels: exactly one is expected, got {len(set(body.labels))}")
    with labelling.lock:
        check(labelling, body.token)
        try:
            labelling.desk.answer(body.row, body.labels, body.skipped)
        except NotAtHandError:
            pass  # an answer sent again, for the page did not hear that it had come: it is told where things stand
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ApiError(
                507, f"the answer could not be written ({reason}) and is not kept: make room, then try again"
            ) from None
        return labelling.state()


@router.post("/back")
def back(request: Request, body: Turn) -> dict[str, Any]:
    """Gives the text before again, with its answer."""
    labelling = labelling_of(request)
    with labelling.lock:
        check(labelling, body.token)
        labelling.desk.back()
        return labelling.state()


@router.get("/labelled.csv")
def table(request: Request) -> Response:
    """The answers as a table."""
    labelling = labelling_of(request)
    with labelling.lock:
        content = as_csv(labelling.texts, labelling.desk.answers, Order(labelling.plan.order))
    return Response(content, media_type="text/csv")


@router.get("/label-studio.json")
def label_studio(request: Request) -> Response:
    """The answers as tasks of Label Studio."""
    labelling = labelling_of(request)
    with labelling.lock:
        content = as_label_studio(labelling.texts, labelling.desk.answers, Order(labelling.plan.order))
    return Response(content, media_type="application/json")


def create_app(settings: Settings, labelling: Labelling) -> FastAPI:
    """Return the labelling as an ASGI app."""
    app = FastAPI(title="goemotions label", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.labelling = labelling
    app.include_router(router)
    add_handlers(app)
    paths = app.openapi()["paths"]
    # The last one added is the outermost.
    app.add_middleware(Bounds, settings=settings, paths={path for path in paths if "post" in paths[path]})
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(CatchAll)
    app.add_middleware(SecurityHeaders)
    return app

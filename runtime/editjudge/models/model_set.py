"""The models of one bundle on one device, each opened when it is first asked for, and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, Self, TypeVar

from numpy.typing import NDArray

from editjudge.backends.onnx.loader import open_model
from editjudge.backends.onnx.memory.cpu_arena import ARENA
from editjudge.bundles.bundle import Bundle, GraphFile
from editjudge.errors import InputError
from editjudge.types import Placement
from editjudge.utils.calls import PROCESS, Calls
from editjudge.utils.deadlines.deadline import current_deadline, wait_in_time
from editjudge.utils.forks import leave_behind, renew_after_fork
from editjudge.utils.own_thread import OwnThread


class Runner(Protocol):
    """What runs a graph: a session of ONNX Runtime, or whatever stands in for one."""

    @property
    def placement(self) -> Placement: ...

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """The outputs of the graph by name, for its inputs by name."""


class Model(Protocol):
    """What `ModelSet.model` opens: an architecture's pre- and post-processing around one or more graphs."""

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        """Takes its sessions, files and settings from a set of models."""


AnyModel = TypeVar("AnyModel", bound=Model)

CLOSED = "this Scorer was closed; open another with Scorer.load"


class ModelSet:
    """Opens models and keeps them. May be shared by threads.

    Args:
        bundle: Where the files are.
        device: cpu, cuda, tensorrt, rtx, openvino, webgpu, coreml, directml, or auto for the best that works here.
        threads: The CPU threads each model may use; None: all cores.
        bound: Whether inputs and outputs lie in memory that is kept from run to run, and what the GPU does is recorded
            and replayed where it can be. None: they do where the GPU's own memory can be had from here, which spares a
            copy in each run and, on a CPU, would cost one; nothing is recorded then.
        models: Models that are there already, by the class they stand in for.
        placements: What those run on, by role.
        open_session: Opens a graph on a device with so many threads; `bound` is not handed on to it.
    """

    def __init__(
        self,
        bundle: Bundle,
        device: str = "auto",
        threads: int | None = None,
        *,
        models: Mapping[type[Any], Any] | None = None,
        placements: Mapping[str, Placement] | None = None,
        bound: bool | None = None,
        open_session: Callable[[GraphFile, str, int | None], Runner] = open_model,
    ) -> None:
        self.bundle = bundle
        self.device = device
        self.threads = threads
        self.bound = bound
        self._given = dict(models or {})
        self._given_placements = dict(placements or {})
        self._open_session = open_session
        self._calls = Calls()
        self._opener = OwnThread("editjudge-models")
        self._closed = False
        self._forget()
        renew_after_fork(self)

    def _forget(self) -> None:
        self._models: dict[type[Any], Any] = dict(self._given)
        self._sessions: dict[str, Runner] = {}
        self._opening = threading.RLock()

    def renew(self) -> None:
        """In a forked process models are opened again when needed: their threads have remained in the other one."""
        leave_behind((self._models, self._sessions))
        self._forget()

    def __reduce__(self) -> tuple[Callable[..., ModelSet], tuple[Bundle, str, int | None]]:
        """Copied to another process, the models are opened there. Raises InputError for what was not opened here."""
        self._check_open()
        if self._given or self._open_session is not open_model:
            raise InputError("models that were handed in cannot be copied to another process; open a Scorer there")
        return partial(ModelSet, bound=self.bound), (self.bundle, self.device, self.threads)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """The models are not freed within the block, nor does the process fork. Raises InputError where they are."""
        with PROCESS.count(), self._calls.count():
            self._check_open()
            yield

    def close(self) -> None:
        """Frees the models once they are not in use by other threads; they cannot be used again."""
        self._closed = True
        self._calls.wait()
        self._opener.close()  # with what it opens, though nobody waits for that
        self._forget()
        with PROCESS.count():  # a fork waits for it
            ARENA.release()

    def model(self, kind: type[AnyModel]) -> AnyModel:
        """The model of a class. Raises BundleError, DeviceError or InputError where it cannot be opened.

        Where the caller's work has a deadline, the model is not waited for any longer then: OutOfTimeError is raised,
        and it is opened to its end, as it will be needed again.
        """
        if kind not in self._models:  # what is open is had without waiting for what is being opened
            self._open_in_time(partial(self._open_model, kind))
        found: AnyModel = self._models[kind]
        return found

    def session(self, role: str) -> Runner:
        """The session of a graph. Raises as `model`."""
        if role not in self._sessions:
            self._open_in_time(partial(self._open_graph, role))
        return self._sessions[role]

    def _open_in_time(self, open_one: Callable[[], None]) -> None:
        """What opens a model opens its graphs, and other models, in the same thread, which has no deadline."""
        if current_deadline() is None:
            open_one()
        else:
            wait_in_time(self._opener.start(open_one), keeps=True)

    def _open_model(self, kind: type[Any]) -> None:
        with self._opening:
            self._check_open()
            if kind not in self._models:
                self._models[kind] = kind.open(self)

    def _open_graph(self, role: str) -> None:
        with self._opening:
            self._check_open()
            if role not in self._sessions:
                self._sessions[role] = self._open(self.bundle.graph(role))

    def _check_open(self) -> None:
        """Raises InputError where this is closed: what calls had no time to wait for need not be opened any more."""
        if self._closed:
            raise InputError(CLOSED)

    def _open(self, graph: GraphFile) -> Runner:
        if self._open_session is open_model:
            return open_model(graph, self.device, self.threads, bound=self.bound)
        return self._open_session(graph, self.device, self.threads)

    @property
    def placements(self) -> dict[str, Placement]:
        """What each graph runs on that was opened, by role."""
        return self._given_placements | {role: session.placement for role, session in dict(self._sessions).items()}

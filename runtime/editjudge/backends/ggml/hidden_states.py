"""The last hidden states of a language model, taken from llama.cpp before it makes logits of them."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.utils.deadlines.deadline import OutOfTimeError, current_deadline, stop_in_time

NODE = b"result_norm"
"""What llama.cpp calls the last hidden states, of all tokens whose logits are asked for."""
LAYER = b"l_out-"
"""How what it calls the output of a layer begins."""


@dataclass
class _Heard:
    states: NDArray[np.float32]
    ends_there: bool = False
    goes_by_layers: bool = False
    is_to_stop: bool = False
    was_stopped: bool = False


class HiddenStates:
    """Listens to a context of llama.cpp, and ends each pass where its hidden states are known if `ends_there`, or
    where a layer ends once time is up.
    """

    def __init__(self, llama: Any, library: Any, width: int) -> None:
        """Raises AttributeError for a build of llama.cpp that cannot be listened to.

        Args:
            llama: llama.cpp's module.
            library: ggml's.
            width: Of a hidden state.
        """
        read_name, read_values, count = library.ggml_get_name, library.ggml_get_data_f32, library.ggml_nelements
        read_name.restype, read_name.argtypes = ctypes.c_char_p, (ctypes.c_void_p,)
        read_values.restype, read_values.argtypes = ctypes.POINTER(ctypes.c_float), (ctypes.c_void_p,)
        count.restype, count.argtypes = ctypes.c_int64, (ctypes.c_void_p,)
        heard = self._heard = _Heard(np.empty((0, width), np.float32))

        def hear(tensor: int, asks: bool, _: Any) -> bool:
            name = read_name(tensor)
            if asks:
                return bool(name == NODE or (heard.goes_by_layers and name.startswith(LAYER)))
            if name != NODE:
                heard.was_stopped = heard.is_to_stop
                return not heard.was_stopped
            values = np.ctypeslib.as_array(read_values(tensor), shape=(count(tensor),))
            heard.states = values.reshape(-1, width).copy()
            return not heard.ends_there

        # It knows nothing of this object, which would otherwise be freed by the garbage collector alone.
        self.callback = llama.ggml_backend_sched_eval_callback(hear)
        """For the parameter cb_eval of a context; to be kept for as long as that."""

    @property
    def states(self) -> NDArray[np.float32]:
        """float32[N, width], of the last pass."""
        return self._heard.states

    def end_passes(self) -> None:
        """From now on no logits are computed."""
        self._heard.ends_there = True

    @contextmanager
    def stopping_in_time(self) -> Iterator[None]:
        """Within the block a pass ends, once the time of this thread's work is up, with the layer that it is at, and
        OutOfTimeError is raised. Without a deadline it is not cut into layers, which takes a bit longer.
        """
        self._heard.goes_by_layers = current_deadline() is not None
        self._heard.is_to_stop = self._heard.was_stopped = False
        with stop_in_time(self._stop):
            yield
        if self._heard.was_stopped:
            raise OutOfTimeError

    def _stop(self) -> None:
        self._heard.is_to_stop = True

"""The contract of ComfyUI's nodes, after its documentation: how a pack is found, checked, called and kept.

Written for tests, where the program itself cannot be had: it is no package of an index.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

WIDGETS = {"STRING": str, "INT": int, "FLOAT": float, "BOOLEAN": bool}
"""Inputs of these types are typed into the node, and so are those whose type is a list of choices."""


def load_pack(folder: Path) -> ModuleType:
    """Imports a pack as ComfyUI does: by its path, under a name that is none of Python's."""
    name = f"{folder.parent.name}/{folder.name}"
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def check_node(node: type) -> None:
    """Asserts what ComfyUI asks of a class of nodes."""
    inputs = node.INPUT_TYPES()  # of the class itself
    assert "required" in inputs
    assert set(inputs) <= {"required", "optional", "hidden"}
    for name, kind in list_inputs(node).items():
        assert isinstance(kind, tuple), name
        assert isinstance(kind[0], str | list), name
        options = kind[1] if len(kind) > 1 else {}
        assert isinstance(options, dict), name
        if isinstance(kind[0], list):
            assert options.get("default", kind[0][0]) in kind[0], name
        elif kind[0] in WIDGETS and "default" in options:
            assert isinstance(options["default"], WIDGETS[kind[0]]), name
    outputs = node.RETURN_TYPES
    assert isinstance(outputs, tuple)
    assert all(isinstance(kind, str) for kind in outputs)
    for attribute in ("RETURN_NAMES", "OUTPUT_IS_LIST", "OUTPUT_TOOLTIPS"):
        assert len(getattr(node, attribute, outputs)) == len(outputs), attribute
    assert isinstance(node.CATEGORY, str)
    assert isinstance(getattr(node, "OUTPUT_NODE", False), bool)
    parameters = inspect.signature(getattr(node, node.FUNCTION)).parameters
    for name in inputs["required"]:
        assert name in parameters
    for name in inputs.get("optional", {}):  # which are left out where nothing is connected
        assert parameters[name].default is not inspect.Parameter.empty
    for hook in ("IS_CHANGED", "VALIDATE_INPUTS"):
        if hasattr(node, hook):
            assert inspect.ismethod(getattr(node, hook)), hook  # of the class


def list_inputs(node: type) -> dict[str, tuple[Any, ...]]:
    """The inputs of a node, in the order in which their widgets stand."""
    inputs = node.INPUT_TYPES()
    return {**inputs["required"], **inputs.get("optional", {})}


def is_widget(kind: tuple[Any, ...]) -> bool:
    return isinstance(kind[0], list) or kind[0] in WIDGETS


def call_node(node: type, **inputs: list[Any]) -> list[list[Any]]:
    """The outputs of a node, each a list, for inputs that are lists: it is called once for each place of the longest;
    of those that are shorter, the last value holds on.
    """
    instance = node()
    calls = max(map(len, inputs.values()))
    results = []
    for place in range(calls):
        values = {name: given[min(place, len(given) - 1)] for name, given in inputs.items()}
        result = getattr(instance, node.FUNCTION)(**values)
        if isinstance(result, dict):
            assert set(result) <= {"ui", "result"}
            assert all(isinstance(shown, list) for shown in result.get("ui", {}).values())
            result = result["result"]
        assert isinstance(result, tuple)
        assert len(result) == len(node.RETURN_TYPES)
        results.append(result)
    are_lists = getattr(node, "OUTPUT_IS_LIST", (False,) * len(node.RETURN_TYPES))
    return [
        [value for result in results for value in (result[place] if is_list else [result[place]])]
        for place, is_list in enumerate(are_lists)
    ]


def run_workflow(workflow: Mapping[str, Any], nodes: Mapping[str, type]) -> dict[int, list[list[Any]]]:
    """The outputs of each node of a workflow as the canvas saves it, by the node's id.

    Asserts that every node is known, that links join what fits, and that widgets have values that they may have.
    """
    by_id = {entry["id"]: entry for entry in workflow["nodes"]}
    links = {link[0]: link for link in workflow["links"]}
    outputs: dict[int, list[list[Any]]] = {}

    def run(identity: int) -> list[list[Any]]:
        if identity not in outputs:
            entry = by_id[identity]
            node = nodes[entry["type"]]
            given = {one["name"]: follow(identity, place, one) for place, one in enumerate(entry["inputs"])}
            typed = [name for name, kind in list_inputs(node).items() if is_widget(kind)]
            values = dict(zip(typed, entry["widgets_values"], strict=False))
            assert set(given) | set(values) >= set(node.INPUT_TYPES()["required"])
            for name, value in values.items():
                kind = list_inputs(node)[name][0]
                assert value in kind if isinstance(kind, list) else isinstance(value, WIDGETS[kind])
            outputs[identity] = call_node(node, **given, **{name: [value] for name, value in values.items()})
        return outputs[identity]

    def follow(identity: int, place: int, slot: Mapping[str, Any]) -> list[Any]:
        _, origin, origin_slot, target, target_slot, kind = links[slot["link"]]
        assert (target, target_slot) == (identity, place)
        assert slot["link"] in by_id[origin]["outputs"][origin_slot]["links"]
        assert nodes[by_id[origin]["type"]].RETURN_TYPES[origin_slot] == kind
        assert list_inputs(nodes[by_id[identity]["type"]])[slot["name"]][0] == kind
        return run(origin)[origin_slot]

    for identity in by_id:
        run(identity)
    return outputs

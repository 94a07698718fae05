"""Engines: what is built without a GPU, what the wrapper says of it, and everything that is refused."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

pytest.importorskip("onnx")
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

import editjudge_models
from editjudge.backends.onnx.nvidia import Gpu, find_gpus
from editjudge.errors import DeviceError, InputError
from editjudge_export.options import BuildOptions
from editjudge_export.tensorrt import build
from editjudge_export.tensorrt.build import TARGETS, BuiltEngine, build_engine, engine_targets, parse_targets
from editjudge_export.tensorrt.compiler import EngineError, find_compiler

pytestmark = pytest.mark.export

needs_library = pytest.mark.skipif(find_spec("tensorrt_rtx") is None, reason="tensorrt-rtx is not installed")
STUDIO = editjudge_models.bundle_folder("studio")


def attributes(wrapper: onnx.ModelProto) -> dict[str, object]:
    (node,) = wrapper.graph.node
    values = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}


def header(wrapper: onnx.ModelProto) -> str:
    (entry,) = wrapper.metadata_props
    assert entry.key == "ep_compatibility_info.NvTensorRTRTXExecutionProvider"
    return entry.value


def saved(graph: onnx.GraphProto, path: Path) -> Path:
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    return path


def product(path: Path, columns: int = 3) -> Path:
    """A graph y = x w, x float32[rows, columns], w float32[3, 2]."""
    return saved(
        helper.make_graph(
            [helper.make_node("MatMul", ["x", "w"], ["y"], name="the/product")],
            "product",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", columns])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 2])],
            [helper.make_tensor("w", TensorProto.FLOAT, [3, 2], range(6))],
        ),
        path,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltEngine:
    pytest.importorskip("tensorrt_rtx")
    folder = tmp_path_factory.mktemp("engines")
    return build_engine(STUDIO / "clip_text.onnx", folder, "rtx", precision="fp16-weights", targets=("sm89",))


def test_an_engine_says_what_it_is(built: BuiltEngine) -> None:
    assert built.path.name == "clip_text.fp16-weights.rtx.engine"
    assert built.wrapper.name == "clip_text.fp16-weights.rtx.onnx"
    assert sorted(built.path.parent.iterdir()) == [built.path, built.wrapper]
    assert (built.role, built.targets, built.weights) == ("clip_text", ("sm89",), "included")
    assert built.version == find_compiler("rtx").version
    assert built.seconds > 0


@needs_library
@pytest.mark.parametrize("role", ["clip_text", "clip_vision", "sam_encoder", "sam_decoder", "detector"])
def test_every_graph_of_the_studio_is_compiled_for_all_targets(role: str, tmp_path: Path) -> None:
    graph = STUDIO / f"{role}.onnx"
    engine = build_engine(graph, tmp_path, "rtx")
    assert engine.targets == TARGETS
    # Its weights are stored in half and multiplied in single precision, as which the engine holds them.
    assert engine.path.stat().st_size > graph.stat().st_size
    wrapper, model = onnx.load(engine.wrapper), onnx.load(graph, load_external_data=False)
    assert list(wrapper.graph.input) == list(model.graph.input)
    assert list(wrapper.graph.output) == list(model.graph.output)
    (node,) = wrapper.graph.node
    assert list(node.input) == [value.name for value in model.graph.input]
    assert list(node.output) == [value.name for value in model.graph.output]


def test_the_wrapper_points_to_the_engine_and_to_its_provider(built: BuiltEngine) -> None:
    wrapper = onnx.load(built.wrapper)
    assert attributes(wrapper) == {
        "main_context": 1,
        "embed_mode": 0,
        "ep_cache_context": built.path.name,
        "source": "NvTensorRTRTXExecutionProvider",
        "ep_sdk_version": built.version,
        "hardware_architecture": "89",
        "onnx_model_filename": "clip_text.onnx",
        "partition_name": built.path.name,
        "notes": "n: 1 to 32, usually 8",
    }
    assert bytes.fromhex(header(wrapper)) == built.path.read_bytes()[:64]


def test_onnx_runtime_reads_the_wrapper_up_to_the_provider_it_asks_for(built: BuiltEngine) -> None:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    with pytest.raises(Exception, match=r"NvTensorRTRTXExecutionProvider.* not compatible with any execution provider"):
        ort.InferenceSession(str(built.wrapper), options, providers=["CPUExecutionProvider"])


def test_an_engine_carries_its_targets(built: BuiltEngine, tmp_path: Path) -> None:
    """The header, by which TensorRT-RTX refuses an engine on another GPU, differs where the targets do."""
    other = build_engine(STUDIO / "clip_text.onnx", tmp_path, "rtx", targets=("sm120", "sm86"))
    assert other.targets == ("sm86", "sm120")
    wrapper = onnx.load(other.wrapper)
    assert attributes(wrapper)["hardware_architecture"] == "86,120"
    assert header(wrapper)[64:72] != header(onnx.load(built.wrapper))[64:72]


@needs_library
def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    build_engine(STUDIO / "clip_text.onnx", tmp_path, "rtx")
    with pytest.raises(EngineError):
        build_engine(product(tmp_path / "a.onnx", columns=5), tmp_path, "rtx", profile={"rows": (1, 1, 1)})
    assert capfd.readouterr() == ("", "")


@needs_library
def test_a_refused_node_is_named_with_its_operation(tmp_path: Path) -> None:
    with pytest.raises(
        EngineError, match=r"TensorRT-RTX [\d.]+ refuses .*a\.onnx: node the/product \(MatMul\), "
    ) as one:
        build_engine(product(tmp_path / "a.onnx", columns=5), tmp_path, "rtx", profile={"rows": (1, 1, 1)})
    assert "\n" not in str(one.value)
    unknown = helper.make_graph(
        [helper.make_node("Nonesuch", ["x"], ["y"], name="the/node")],
        "unknown",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    with pytest.raises(EngineError, match=r"node the/node \(Nonesuch\)"):
        build_engine(saved(unknown, tmp_path / "b.onnx"), tmp_path, "rtx")
    assert not list(tmp_path.glob("*.rtx.*"))


@needs_library
def test_targets_are_read_sorted_and_checked(tmp_path: Path) -> None:
    assert parse_targets("SM120, sm86,sm86") == ("sm86", "sm120")
    for text, wrong in (("sm86,sm42", "there is no target 'sm42'"), (" ,", "no target is given")):
        with pytest.raises(InputError, match=f"{wrong}; TensorRT-RTX builds for .*sm86, sm89, .*sm120"):
            parse_targets(text)
    with pytest.raises(InputError, match="'sm42'"):
        build_engine(STUDIO / "clip_text.onnx", tmp_path, "rtx", targets=("sm42",))
    assert BuildOptions(engine="tensorrt-rtx", targets="SM120, sm86").engine_targets() == ("sm86", "sm120")
    assert BuildOptions(engine="tensorrt-rtx").engine_targets() == TARGETS
    assert engine_targets("rtx") == ("sm86", "sm89", "sm120")
    assert engine_targets("rtx", ("sm120", "sm89")) == ("sm89", "sm120")


@needs_library
def test_files_that_are_no_graphs(tmp_path: Path) -> None:
    whole = (STUDIO / "clip_text.onnx").read_bytes()
    for name, content in (("garbage", b"not a graph"), ("empty", b""), ("half", whole[: len(whole) // 2])):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(InputError, match=rf"{name}\.onnx is not an ONNX file, or not all of it"):
            build_engine(path, tmp_path, "rtx")
    with pytest.raises(InputError, match=r"none\.onnx cannot be read"):
        build_engine(tmp_path / "none.onnx", tmp_path, "rtx")


@needs_library
def test_weights_may_be_in_a_file_of_their_own_that_is_whole(tmp_path: Path) -> None:
    path, data = tmp_path / "clip_text.onnx", tmp_path / "clip_text.onnx.data"
    onnx.save(onnx.load(STUDIO / path.name), path, save_as_external_data=True, location=data.name)
    engine = build_engine(path, tmp_path, "rtx")
    assert engine.path.stat().st_size > data.stat().st_size > 100_000
    engine.path.unlink()
    engine.wrapper.unlink()
    data.write_bytes(data.read_bytes()[:-1])
    for _ in range(2):
        with pytest.raises(InputError, match=r"clip_text\.onnx\.data, with the weights of .* missing or cut short"):
            build_engine(path, tmp_path, "rtx")
        data.unlink(missing_ok=True)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@needs_library
def test_a_profile_names_every_axis_and_does_not_fall(tmp_path: Path) -> None:
    path = product(tmp_path / "product.onnx")
    with pytest.raises(InputError, match=r"has an axis 'rows', and the profile knows batch, n, boxes"):
        build_engine(path, tmp_path, "rtx")
    with pytest.raises(InputError, match=r"the profile of rows is \(2, 1, 4\)"):
        build_engine(path, tmp_path, "rtx", profile={"rows": (2, 1, 4)})
    engine = build_engine(path, tmp_path, "rtx", profile={"rows": (1, 2, 4)})
    assert attributes(onnx.load(engine.wrapper))["notes"] == "rows: 1 to 4, usually 2"


@needs_library
def test_the_types_of_the_graph_are_those_of_the_engine(tmp_path: Path) -> None:
    """Half the weights, half the engine: nothing is converted on the way."""
    weights = np.random.default_rng(0).normal(size=(512, 512))
    sizes = []
    for kind in (TensorProto.FLOAT, TensorProto.FLOAT16):
        graph = helper.make_graph(
            [helper.make_node("MatMul", ["x", "w"], ["y"])],
            "typed",
            [helper.make_tensor_value_info("x", kind, [4, 512])],
            [helper.make_tensor_value_info("y", kind, [4, 512])],
            [numpy_helper.from_array(weights.astype(helper.tensor_dtype_to_np_dtype(kind)), "w")],
        )
        sizes.append(build_engine(saved(graph, tmp_path / f"{kind}.onnx"), tmp_path, "rtx").path.stat().st_size)
    assert sizes[0] - sizes[1] == pytest.approx(512 * 512 * 2, rel=0.1)


def test_no_half_file_is_left(built: BuiltEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = STUDIO / "clip_text.onnx"
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"exists|directory"):
        build_engine(graph, tmp_path / "file", "rtx")
    (tmp_path / "folder" / "clip_text.fp32.rtx.engine").mkdir(parents=True)
    with pytest.raises(InputError, match=r"cannot write .*clip_text\.fp32\.rtx\.engine: it is a folder"):
        build_engine(graph, tmp_path / "folder", "rtx")
    assert len(list((tmp_path / "folder").iterdir())) == 1

    folder = tmp_path / "full"
    real = build.atomic_file.write

    def full(path: Path, content: bytes) -> None:
        if path.suffix == ".onnx":
            raise InputError(f"cannot write {path}: no space left on device; choose another place")
        real(path, content)

    monkeypatch.setattr(build.atomic_file, "write", full)
    with pytest.raises(InputError, match="no space left"):
        build_engine(graph, folder, "rtx")
    assert not list(folder.iterdir())


def test_a_weight_stripped_engine_is_tensorrt_s_only(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a TensorRT-RTX engine cannot be built weight-stripped"):
        build_engine(STUDIO / "clip_text.onnx", tmp_path, "rtx", stripped=True)


def test_another_device_has_no_engines(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no engines for device 'cuda'; choose one of rtx, tensorrt"):
        build_engine(STUDIO / "clip_text.onnx", tmp_path, "cuda")  # type: ignore[arg-type]


def test_a_missing_library_is_named_with_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    with pytest.raises(
        DeviceError, match=r"TensorRT-RTX engines need .*; pip install 'editjudge\[engines\]'$"
    ) as caught:
        build_engine(STUDIO / "clip_text.onnx", tmp_path, "rtx")
    assert caught.value.exit_status == 3


def no_gpu() -> bool:
    try:
        return not find_gpus()
    except DeviceError:
        return True


@pytest.mark.skipif(not no_gpu(), reason="there is a GPU")
def test_tensorrt_without_a_gpu_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"built on the GPU that will run it.* build a TensorRT-RTX engine") as caught:
        build_engine(STUDIO / "clip_text.onnx", tmp_path, "tensorrt")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 3


def test_tensorrt_on_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes before the GPU has anything to do."""
    monkeypatch.setattr(build, "find_gpus", lambda: (Gpu("A GPU", 8 << 30, "sm89"),))
    assert parse_targets("SM89", "tensorrt") == ("sm89",)
    with pytest.raises(InputError, match="for the GPU that builds it, here sm89; leave the targets out"):
        build_engine(STUDIO / "clip_text.onnx", tmp_path, "tensorrt", targets=("sm86",))
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(DeviceError, match=r"TensorRT engines need the package tensorrt .*; pip install tensorrt$"):
        build_engine(STUDIO / "clip_text.onnx", tmp_path, "tensorrt")


@needs_library
def test_tensorrt_is_told_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorRT's package has the same interface; here TensorRT-RTX stands in for it."""
    import tensorrt_rtx  # noqa: PLC0415

    monkeypatch.setitem(sys.modules, "tensorrt", tensorrt_rtx)
    monkeypatch.setattr(build, "find_gpus", lambda: (Gpu("A GPU", 8 << 30, "sm89"),))
    engine = build_engine(STUDIO / "clip_text.onnx", tmp_path, "tensorrt")
    assert (engine.path.name, engine.targets) == ("clip_text.fp32.tensorrt.engine", ("sm89",))
    wrapper = onnx.load(engine.wrapper)
    assert attributes(wrapper)["source"] == "TensorrtExecutionProvider"
    assert not wrapper.metadata_props


def test_tensorrt_that_does_not_start_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def builder(log: object) -> None:
        log.log("error", "the driver is too old")  # type: ignore[attr-defined]
        raise TypeError("factory function returned nullptr")

    class Logger:
        Severity = SimpleNamespace(ERROR="error", INTERNAL_ERROR="internal")

    library = ModuleType("tensorrt")
    vars(library).update(__version__="11.4", ILogger=Logger, Builder=builder)
    monkeypatch.setitem(sys.modules, "tensorrt", library)
    monkeypatch.setattr(build, "find_gpus", lambda: (Gpu("A GPU", 8 << 30, "sm89"),))
    with pytest.raises(
        DeviceError, match=r"TensorRT 11\.4 does not start: the driver is too old; check the GPU's driver"
    ):
        build_engine(STUDIO / "clip_text.onnx", tmp_path, "tensorrt")
    assert not list(tmp_path.iterdir())

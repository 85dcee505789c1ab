"""From a module to the bytes of an ONNX file: the same weights give the same bytes, in any process."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from wattnas.errors import ExportError

if TYPE_CHECKING:
    import onnx

INPUT = "images"
OUTPUT = "logits"
BATCH = "batch"

_TRACED_BATCH = 3  # torch.export takes a batch of 0 or 1 for a constant
_LOGGERS = ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")
_WARNERS = r"(torch|onnxscript|onnx_ir|copyreg)(\.|$)"


def onnx_bytes(module: nn.Module, example: Tensor, *, metadata: Mapping[str, str] | None = None) -> bytes:
    """The ONNX file of `module` at inference, weights inside, batch size left open.

    The module is not touched: a copy of it, in eval mode on the CPU, is exported. BatchNorm is folded into
    the convolutions. Input "images" (batch, ...), output "logits"; the bytes hold no path and no time.

    Args:
        module: takes one float tensor (N, ...) and returns one.
        example: (N, ...) with N >= 1; the shape after the batch dimension is the exported one, values do not
            matter.
        metadata: stored in the file's `metadata_props`, together with `opset`.

    Raises:
        ExportError: the exporter cannot translate the module, or only with a fixed batch size.
    """
    model = translate(module, [example], [INPUT], [OUTPUT])
    for key, value in sorted({**(metadata or {}), "opset": str(opset_of(model))}.items()):
        model.metadata_props.add(key=key, value=value)
    return serialise(model)


def translate(
    module: nn.Module, examples: Sequence[Tensor], inputs: Sequence[str], outputs: Sequence[str]
) -> onnx.ModelProto:
    """The ONNX model of a copy of `module`, which takes one tensor per example; or an ExportError."""
    traced = tuple(_traced(example) for example in examples)
    try:
        model = _export(_frozen(module), traced, inputs, outputs)
    except ImportError as error:
        raise ExportError(
            f"The ONNX exporter cannot be loaded: {error}.", "Install wattnas again."
        ) from error
    except Exception as error:
        # The exporter raises many kinds, RuntimeError to AssertionError, around the reason that matters.
        raise ExportError(
            f"{type(module).__name__} cannot be exported to ONNX: {_first_line(error.__cause__ or error)}",
            "Build it from the candidates of a space, or mend the operation named.",
        ) from error
    _strip(model)
    _check_batch(model)
    return model


def opset_of(model: onnx.ModelProto) -> int:
    """Version of the standard operators that `model` uses."""
    return int(max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")))


def serialise(model: onnx.ModelProto) -> bytes:
    """The bytes of `model`, the same in every process."""
    return bytes(model.SerializeToString(deterministic=True))


def _frozen(module: nn.Module) -> nn.Module:
    """A copy in eval mode on the CPU, with plain strides: the exporter lets others through to the bytes."""
    frozen = copy.deepcopy(module).to("cpu").eval()
    for tensor in (*frozen.parameters(), *frozen.buffers()):
        tensor.data = tensor.data.clone(memory_format=torch.contiguous_format)
    return frozen


def _traced(example: Tensor) -> Tensor:
    """A batch to trace with, contiguous on the CPU, made from the first entry of `example`."""
    if example.dim() == 0 or len(example) == 0:
        raise ExportError(
            f"An example of shape {tuple(example.shape)} does not show what the network takes.",
            "Give a batch of at least one image.",
        )
    first = example[:1].detach().to("cpu", torch.float32)
    return first.repeat(_TRACED_BATCH, *[1] * (example.dim() - 1)).contiguous()


def _export(
    module: nn.Module, examples: tuple[Tensor, ...], inputs: Sequence[str], outputs: Sequence[str]
) -> onnx.ModelProto:
    batch = torch.export.Dim(BATCH)
    # A forward(*inputs) has one parameter, the tuple of them all.
    shapes = ({0: batch},) if len(examples) == 1 else (tuple({0: batch} for _ in examples),)
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            examples,
            dynamo=True,
            verbose=False,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=shapes,
            external_data=False,
        )
    assert program is not None
    return program.model_proto


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _check_batch(model: onnx.ModelProto) -> None:
    for entry in (*model.graph.input, *model.graph.output):
        dims = entry.type.tensor_type.shape.dim
        if not dims or dims[0].dim_param != BATCH:
            raise ExportError(
                f"The network exports only with a fixed batch size: {entry.name!r} does not follow it.",
                "Make its forward independent of the number of images.",
            )


def _strip(model: onnx.ModelProto) -> None:
    """Drop doc strings and the exporter's notes, which hold stack traces with this machine's paths."""
    model.doc_string = ""
    del model.metadata_props[:]
    graph = model.graph
    parts = (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer)
    for part in parts:
        part.doc_string = ""
        del part.metadata_props[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter on itself (absent torchvision, its own deprecations), but not its errors."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=_WARNERS)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

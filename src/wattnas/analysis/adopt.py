"""Any ONNX image classifier brought to the form that `OnnxModel` runs: images to logits, batch size open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wattnas.errors import ExportError

if TYPE_CHECKING:
    import onnx

_INPUT, _OUTPUT, _BATCH = "images", "logits", "batch"
_CHANNELS = (1, 3)


def adopt(content: bytes, name: str) -> bytes:
    """`content` with its one input called "images" and its first output "logits"; the same where it is so.

    Raises:
        ExportError: it is no ONNX file, or takes something else than images (N, C, H, W), float32.
    """
    import onnx

    try:
        model = onnx.load_from_string(content)
    except Exception as error:  # protobuf and onnx raise many kinds
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[0][:200].rstrip(".") if lines else type(error).__name__
        raise ExportError(f"{name} is not an ONNX file: {reason}.", "Export it again.") from error
    weights = {entry.name for entry in model.graph.initializer}
    inputs = [entry for entry in model.graph.input if entry.name not in weights]
    _check(model, inputs, name)
    image, logits = inputs[0], model.graph.output[0]
    if (image.name, logits.name) == (_INPUT, _OUTPUT) and _is_open(image):
        return content
    _rename(model, {image.name: _INPUT, logits.name: _OUTPUT})
    for entry in (inputs[0], model.graph.output[0]):
        dims = entry.type.tensor_type.shape.dim
        if dims:
            dims[0].ClearField("dim_value")
            dims[0].dim_param = _BATCH
    del model.graph.output[1:]
    del model.graph.value_info[:]  # may state the old batch
    return bytes(model.SerializeToString(deterministic=True))


def _check(model: onnx.ModelProto, inputs: list[onnx.ValueInfoProto], name: str) -> None:
    import onnx

    if len(inputs) == 1 and model.graph.output:
        kind = inputs[0].type.tensor_type
        sides = [dim.dim_value for dim in kind.shape.dim]
        is_image = len(sides) == 4 and sides[1] in _CHANNELS and all(side > 0 for side in sides[1:])
        if is_image and kind.elem_type == onnx.TensorProto.FLOAT:
            return
    found = ", ".join(f"{entry.name} {_shape(entry)}" for entry in inputs) or "no input"
    raise ExportError(
        f"{name} is an ONNX file, but takes {found}, not one batch of images.",
        "Give a network with one float32 input (N, channels, height, width), 1 or 3 channels, fixed sides.",
    )


def _shape(entry: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_value or dim.dim_param or "?" for dim in entry.type.tensor_type.shape.dim]


def _is_open(entry: onnx.ValueInfoProto) -> bool:
    return not entry.type.tensor_type.shape.dim[0].dim_value


def _rename(model: onnx.ModelProto, names: dict[str, str]) -> None:
    """Rename tensors; others that have one of the new names get out of the way."""
    graph = model.graph
    taken = {entry.name for entry in graph.initializer} | {o for node in graph.node for o in node.output}
    names = dict(names)
    for wanted in set(names.values()) & (taken - set(names)):
        names[wanted] = f"{wanted}_before"
    for entry in (*graph.input, *graph.output, *graph.initializer):
        entry.name = names.get(entry.name, entry.name)
    for node in graph.node:
        for slots in (node.input, node.output):
            slots[:] = [names.get(slot, slot) for slot in slots]

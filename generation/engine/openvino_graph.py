"""A causal language model of transformers as an OpenVINO graph. Imports torch, transformers and openvino.

The model is traced with an attention function of ours. In the stored graph a layer's attention is a *join* of query, key and
value, by a name that `openvino_paged` finds again when the graph is loaded.
"""

import warnings
from typing import Any

import numpy as np
import torch
from transformers import AttentionInterface, AttentionMaskInterface

from generation.engine.errors import OpenVinoExportError
from generation.engine.openvino_layers import Attention
from generation.engine.openvino_paged import JOIN
from generation.engine.openvino_quiet import ConversionExtension, opset13
from generation.engine.openvino_quiet import openvino as ov

_NAME = "copystudio_join"
_INPUTS = ("input_ids", "position_ids", "rows")
_REFUSED = ("softcap", "s_aux")  # attention that the paged operation does not compute


@torch.library.custom_op("copystudio::join", mutates_args=())
def _join(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, layer: int) -> torch.Tensor:
    """Stands for attention while a model is traced: only the shape matters, [tokens, heads x width]."""
    return torch.zeros_like(query)


class _Traced(torch.nn.Module):
    """The model over tokens of several texts in a row: logits [rows, V] of what comes after the places `rows`."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, position_ids: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        result = self.model(
            input_ids=input_ids.unsqueeze(0),
            position_ids=position_ids.unsqueeze(0),
            use_cache=False,
            logits_to_keep=rows,
        )
        logits: torch.Tensor = result.logits[0]
        return logits.float()


def to_graph(model: Any) -> tuple[Any, list[Attention]]:
    """The graph (`openvino.Model`) of a model in float32, and what its layers' attention is.

    Raises `OpenVinoExportError` saying why a model has no such graph.
    """
    found: dict[int, Attention] = {}
    _use_joins(model, found)
    example = (torch.tensor([2, 3, 4, 5]), torch.arange(4), torch.tensor([3]))
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore", torch.jit.TracerWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            traced = torch.jit.trace(_Traced(model).eval(), example, check_trace=False)
            graph = ov.convert_model(
                traced, example_input=example, extension=[ConversionExtension("copystudio::join", _joined)]
            )
    except (OpenVinoExportError, MemoryError):
        raise
    except Exception as error:  # tracing and converting raise errors of every type
        raise OpenVinoExportError(f"OpenVINO cannot convert this architecture: {error}") from error
    for parameter, name in zip(graph.get_parameters(), _INPUTS, strict=True):
        parameter.set_friendly_name(name)
        parameter.output(0).set_names({name})
        parameter.set_partial_shape(ov.PartialShape([-1]))
    graph.validate_nodes_and_infer_types()
    layers = [found[number] for number in sorted(found)]
    _check_layers(graph, layers, model)
    return graph, layers


def _use_joins(model: Any, found: dict[int, Attention]) -> None:
    def attend(
        module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: Any, **settings: Any
    ) -> tuple[torch.Tensor, None]:
        """As any attention of transformers: query [1, H, T, D], key and value [1, G, T, D] → [1, T, H, D]."""
        if unknown := [name for name in _REFUSED if settings.get(name) is not None]:
            raise OpenVinoExportError(f"its attention has {unknown[0]}, which OpenVINO's paged attention has not")
        heads, groups, width = int(query.shape[1]), int(key.shape[1]), int(query.shape[3])
        if not width == key.shape[3] == value.shape[3]:
            raise OpenVinoExportError("its keys and values are of different width")
        scale, window = settings.get("scaling"), settings.get("sliding_window")
        layer = int(module.layer_idx)
        found[layer] = Attention(layer, heads, groups, width, float(scale or width**-0.5), int(window or 0))
        flat = [
            one.transpose(1, 2).reshape(-1, count * width)
            for one, count in ((query, heads), (key, groups), (value, groups))
        ]
        joined: torch.Tensor = torch.ops.copystudio.join(*flat, layer)
        return joined.reshape(1, -1, heads, width), None

    AttentionInterface.register(_NAME, attend)
    AttentionMaskInterface.register(_NAME, lambda *_, **__: None)
    try:
        model.set_attn_implementation(_NAME)
    except (ValueError, AttributeError) as error:
        raise OpenVinoExportError(f"its attention cannot be replaced: {error}") from error


def _joined(context: Any) -> list[Any]:
    """Query, key and value side by side, cut back to the query's width: a valid graph, and one place to find."""
    query, key, value = (context.get_input(number) for number in range(3))
    layer = int(context.get_values_from_const_input(3))
    joined = opset13.concat([query, key, value], axis=1)
    joined.set_friendly_name(f"{JOIN}{layer}")
    width = query.get_partial_shape()[1]
    if width.is_dynamic:
        raise OpenVinoExportError("the width of its attention is not fixed")
    begin, step, axis = opset13.constant([0]), opset13.constant([1]), opset13.constant([1])
    return [opset13.slice(joined, begin, opset13.constant([width.get_length()]), step, axis).output(0)]


def _check_layers(graph: Any, layers: list[Attention], model: Any) -> None:
    joins = {name for one in graph.get_ordered_ops() if (name := one.get_friendly_name()).startswith(JOIN)}
    wanted = {f"{JOIN}{one.layer}" for one in layers}
    count = model.config.get_text_config().num_hidden_layers
    if joins != wanted or len(joins) != count:
        raise OpenVinoExportError(f"{len(joins)} of its {count} layers have an attention that can be paged")


def compress(graph: Any) -> int:
    """Put 8-bit whole numbers and one scale a row in place of every weight matrix; how many were compressed.

    A row's scale is its largest number / 127. OpenVINO multiplies with the 8 bits as they are.
    """
    done = 0
    for node in graph.get_ordered_ops():
        users = (
            [one.get_node().get_type_name() for one in node.output(0).get_target_inputs()] if _is_matrix(node) else []
        )
        if not any(user in ("MatMul", "Gather") for user in users):
            continue
        weights = node.data
        scale = np.maximum(np.abs(weights).max(axis=1, keepdims=True), np.finfo(np.float32).tiny) / 127
        small = np.rint(weights / scale).astype(np.int8)
        spread = opset13.convert(opset13.constant(small), "f32")
        restored = opset13.multiply(spread, opset13.constant(scale.astype(np.float32)))
        for user in node.output(0).get_target_inputs():
            user.replace_source_output(restored.output(0))
        done += 1
    graph.validate_nodes_and_infer_types()
    return done


def _is_matrix(node: Any) -> bool:
    if node.get_type_name() != "Constant" or node.get_element_type() != ov.Type.f32:
        return False
    shape = list(node.get_output_shape(0))
    return len(shape) == 2 and min(shape) > 1

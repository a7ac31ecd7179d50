"""Attention over a paged cache, put into a stored graph when it is loaded. Imports openvino, and no transformers.

The operation that OpenVINO's CPU plugin has for a paged cache cannot be read from a file, so the file has joins in its place
(`openvino_graph`).
"""

from typing import Any

import numpy as np

from generation.engine.errors import OpenVinoExportError
from generation.engine.openvino_layers import Attention
from generation.engine.openvino_quiet import PagedAttention, Parameter, opset13
from generation.engine.openvino_quiet import openvino as ov

JOIN = "attention."  # and the layer's number: what a join is called in the graph
_STATE = ("past_lens", "subsequence_begins", "block_indices", "block_indices_begins")
_LONGEST = "max_context_len"


def with_paged_attention(graph: Any, layers: list[Attention]) -> Any:
    """Put the paged operation in place of the joins. The graph gets the inputs that say where each text's pages are, and
    `key_cache.N` and `value_cache.N` for every layer. Raises `OpenVinoExportError` where a join is missing."""
    joins = {one.get_friendly_name(): one for one in graph.get_ordered_ops() if one.get_type_name() == "Concat"}
    state = [_parameter(name, [-1], ov.Type.i32) for name in _STATE]
    longest = _parameter(_LONGEST, [], ov.Type.i32)
    caches = []
    for one in layers:
        if (joined := joins.get(f"{JOIN}{one.layer}")) is None:
            raise OpenVinoExportError(f"the stored graph has no attention of layer {one.layer}")
        pair = [
            _parameter(f"{kind}_cache.{one.layer}", [-1, one.groups, -1, -1], ov.Type.dynamic)
            for kind in ("key", "value")
        ]
        caches.extend(pair)
        node = _paged([joined.input_value(number) for number in range(3)], pair, state, longest, one)
        (cut,) = joined.output(0).get_target_inputs()
        for user in cut.get_node().output(0).get_target_inputs():
            user.replace_source_output(node.output(0))
    graph.add_parameters([*state, longest, *caches])
    graph.validate_nodes_and_infer_types()
    return graph


def _parameter(name: str, shape: list[int], kind: Any) -> Any:
    parameter = Parameter(kind, ov.PartialShape(shape))
    parameter.set_friendly_name(name)
    parameter.output(0).set_names({name})
    return parameter


def _paged(given: list[Any], caches: list[Any], state: list[Any], longest: Any, one: Attention) -> Any:
    """The 28 inputs of the operation in OpenVINO 2026.4; an empty one switches off what it is for."""
    none, zero = _constant([], np.int32), _constant(0, np.int32)
    numbers = _constant([], np.float32)
    inputs = [
        *given,
        *(parameter.output(0) for parameter in (*caches, *state)),
        _constant(one.scale, np.float32),
        _constant(one.window, np.int32),
        numbers,  # slopes of ALiBi
        longest.output(0),
        none,  # scores
        *(none, none, numbers),  # rotated pages
        *(numbers, zero, zero),  # sparse attention
        numbers,  # sinks
        *(zero, none, none, none),  # pages that are given up
        none,  # token types
        *(_constant([], np.uint8), none),  # tree of drafts
    ]
    node = PagedAttention(inputs)
    told = node.get_rt_info()
    for kind in ("k", "v"):
        told[f"{kind}_head_size"], told[f"num_{kind}_heads"] = one.width, one.groups
    return node


def _constant(value: Any, kind: Any) -> Any:
    return opset13.constant(np.array(value, dtype=kind)).output(0)

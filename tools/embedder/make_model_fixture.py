"""Makes `fixtures/embed/tiny-bert`: a sentence model of 40 kB with random weights, and what plain numpy makes of a hundred
texts with it. Or, with a folder of a real model, `reference.json` in that folder.

    python make_model_fixture.py ../../fixtures/embed/tiny-bert
    python make_model_fixture.py FOLDER --of-model
"""

import json
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

WORDS = (
    "the a of to in is and for on at ana lives works lisbon porto tea coffee cat dog sleeps sofa deadline project "
    "apollo may june friday meeting budget port service runs version likes prefers moved invoice due cafe uber strasse"
).split()
TEXTS = [
    "The cat sleeps on the sofa.",
    "Ana lives in Lisbon; Ana moved to Porto!",
    "CAFÉ café Café",
    "Über Straße, ÜBER",
    "東京 tea 京都",
    "unknownword and tea",
    "the deadline of the apollo project is 3 may",
    "x",
    "tea " * 200,
    "  spaces \t and\nlines  ",
]


def texts():
    random = np.random.default_rng(3)
    made = list(TEXTS)
    while len(made) < 100:
        made.append(" ".join(random.choice(WORDS, random.integers(1, 30))))
    return made


def make(folder):
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    letters = [chr(it) for it in range(ord("a"), ord("z") + 1)] + list("0123456789.,;:!?'") + ["京", "東", "都"]
    pieces += letters + ["##" + it for it in letters]
    hidden, inner, layers, positions = 24, 48, 2, 32
    config = {
        "model_type": "bert", "hidden_act": "gelu", "hidden_size": hidden, "intermediate_size": inner,
        "num_attention_heads": 3, "num_hidden_layers": layers, "max_position_embeddings": positions,
        "type_vocab_size": 2, "vocab_size": len(pieces), "layer_norm_eps": 1e-12, "pad_token_id": 0,
        "hidden_dropout_prob": 0.1, "initializer_range": 0.02,
    }
    special = [{"id": at, "special": True, "content": it, "single_word": False, "lstrip": False, "rstrip": False,
                "normalized": False} for at, it in enumerate(pieces[:5])]
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": {"strategy": {"Fixed": 16}, "direction": "Right",
        "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}, "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                               "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {it: at for at, it in enumerate(pieces)}},
    }
    random = np.random.default_rng(5)
    weights = {}

    def linear(name, rows, columns):
        weights[name + ".weight"] = random.normal(0, 0.3, (rows, columns)).astype(np.float32)
        weights[name + ".bias"] = random.normal(0, 0.1, rows).astype(np.float32)

    def norm(name):
        weights[name + ".weight"] = random.normal(1, 0.1, hidden).astype(np.float32)
        weights[name + ".bias"] = random.normal(0, 0.1, hidden).astype(np.float32)

    for name, rows in [("word", len(pieces)), ("position", positions), ("token_type", 2)]:
        weights[f"embeddings.{name}_embeddings.weight"] = random.normal(0, 0.5, (rows, hidden)).astype(np.float32)
    norm("embeddings.LayerNorm")
    for layer in range(layers):
        at = f"encoder.layer.{layer}."
        for name in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"]:
            linear(at + name, hidden, hidden)
        norm(at + "attention.output.LayerNorm")
        linear(at + "intermediate.dense", inner, hidden)
        linear(at + "output.dense", hidden, inner)
        norm(at + "output.LayerNorm")
    head, body = {}, b""
    for name, array in weights.items():
        head[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(body), len(body) + array.nbytes]}
        body += array.tobytes()
    head = json.dumps(head).encode()
    head += b" " * (-len(head) % 8)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + body)
    write = lambda name, value: (folder / name).write_text(json.dumps(value, ensure_ascii=False) + "\n")
    write("config.json", config)
    write("tokenizer.json", tokenizer)
    write("sentence_bert_config.json", {"max_seq_length": 20, "do_lower_case": False})
    write("1_Pooling/config.json", {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True})


def reference(folder):
    config = json.loads((folder / "config.json").read_text())
    most = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(most)
    raw = (folder / "model.safetensors").read_bytes()
    size = int.from_bytes(raw[:8], "little")
    w = {}
    for name, entry in json.loads(raw[8 : 8 + size]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            w[name] = np.frombuffer(raw, np.float32, (end - begin) // 4, 8 + size + begin).reshape(entry["shape"])
    heads, wide = config["num_attention_heads"], config["hidden_size"]
    erf = np.vectorize(__import__("math").erf)

    def linear(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * w[name + ".weight"] + w[name + ".bias"]

    lines = []
    for text in texts():
        ids = tokenizer.encode(text).ids
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][: len(ids)]
        x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(config["num_hidden_layers"]):
            at = f"encoder.layer.{layer}."
            q, k, v = (linear(x, at + f"attention.self.{it}").reshape(len(ids), heads, -1).transpose(1, 0, 2)
                       for it in ("query", "key", "value"))
            scores = q @ k.transpose(0, 2, 1) / np.sqrt(wide / heads)
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            mixed = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(ids), wide)
            x = norm(x + linear(mixed, at + "attention.output.dense"), at + "attention.output.LayerNorm")
            y = linear(x, at + "intermediate.dense")
            y = 0.5 * y * (1 + erf(y / np.sqrt(2)))
            x = norm(x + linear(y, at + "output.dense"), at + "output.LayerNorm")
        mean = x.mean(0)
        lines.append([text, [round(float(it), 4) for it in mean / np.linalg.norm(mean)]])
    body = ",\n".join(json.dumps(it, ensure_ascii=False) for it in lines)
    (folder / "reference.json").write_text("[\n" + body + "\n]\n")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if "--of-model" not in sys.argv:
        make(folder)
    reference(folder)

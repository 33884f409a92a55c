"""Gathers the training text: dialogue, documentation, code and short texts in other languages, all freely licensed.

Every source is a pinned package of requirements-text.txt, named with its licence in README.md. The order is that of
the files and the choice is by a fixed seed, so two runs give the same texts.
"""

import ast
import json
import random
import re
import tarfile
import zipfile
from pathlib import Path

# Which languages of Django's translations are taken along.
LANGUAGES = ["de", "fr", "es", "it", "pt", "nl", "pl", "sv", "ru", "uk", "tr", "zh_Hans", "zh_Hant", "ja", "ko"]


def dialogue(folder):
    """Yields the utterances of the Chit-Chat dataset."""
    wheel = next(folder.glob("chitchat_dataset-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        conversations = json.loads(archive.read("chitchat_dataset/dataset.json"))
    for conversation in conversations.values():
        for turn in conversation["messages"]:
            text = " ".join(" ".join(message["text"].split()) for message in turn)
            if text:
                yield text


def archives(folder):
    """Yields (name, text) of the readable files of the source packages."""
    for path in sorted(folder.glob("*.tar.gz")):
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and re.search(r"\.(txt|rst|md|py|po)$", member.name) and member.size < 400_000:
                    yield member.name, archive.extractfile(member).read().decode("utf-8", "replace")


def paragraphs(text):
    """Yields the prose paragraphs of a reStructuredText or Markdown file, without its marks."""
    for block in re.split(r"\n\s*\n", text):
        if re.match(r"\s*(\.\.|[-=~^*#`|+]{3,}|>>>|\$ |<)", block) or block.startswith("    "):
            continue
        plain = re.sub(r":[\w:.-]+:`~?([^`<]*?)\s*(<[^`]*>)?`", r"\1", block)
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", plain)
        plain = re.sub(r"[`*]{1,2}|^[-=~^#]{3,}$|^#+ ", "", plain, flags=re.M)
        plain = " ".join(plain.split())
        if 25 <= len(plain) <= 1200 and " " in plain:
            yield plain


def functions(text):
    """Yields (docstring's first paragraph, source without it) of the functions and classes of a Python file."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    lines = text.splitlines()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            doc = ast.get_docstring(node)
            source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            if not source or len(source) > 6000:
                continue
            first = " ".join((doc or "").split("\n\n")[0].split())
            if doc:
                source = re.sub(r'[rbu]?("""|\'\'\')[\s\S]*?\1', "", source, count=1)
            yield first, source[:900]


def translations(text):
    """Yields the translated strings of a .po file."""
    for found in re.finditer(r'^msgstr(?:\[\d\])? ((?:"[^\n]*"\n?)+)', text, flags=re.M):
        plain = "".join(ast.literal_eval(line) for line in found.group(1).splitlines() if line)
        plain = " ".join(re.sub(r"%\(\w+\)[sd]|%[sd]|<[^>]*>", " ", plain).split())
        if len(plain) >= 6 and "charset=" not in plain:
            yield plain


def gather(folder):
    """Returns the texts by their kind: `dialogue`, `docs`, `code` and `languages`; and (question, text) pairs."""
    folder = Path(folder)
    texts = {"dialogue": list(dialogue(folder)), "docs": [], "code": [], "languages": []}
    pairs = []
    for name, text in archives(folder):
        if name.endswith(".po"):
            language = re.search(r"/locale/([\w@]+)/", name)
            if language and language.group(1) in LANGUAGES:
                texts["languages"].extend(translations(text))
        elif name.endswith(".py"):
            if "/tests/" in name or "/test/" in name:
                continue
            for doc, source in functions(text):
                texts["code"].append(source)
                if len(doc) > 25:
                    pairs.append((doc, source))
        else:
            texts["docs"].extend(paragraphs(text))
    for kind in texts:
        texts[kind] = list(dict.fromkeys(texts[kind]))
    return texts, pairs


def sample(texts, counts, seed=1):
    """Chooses as many texts of each kind as `counts` says."""
    chance = random.Random(seed)
    chosen = []
    for kind, count in counts.items():
        fit = [text for text in texts[kind] if len(text) >= 12]
        chosen.extend(chance.sample(fit, min(count, len(fit))))
    return chosen

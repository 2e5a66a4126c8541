"""The corpus and its damage through the bindings, and the same properties in the engines without the bindings."""

from __future__ import annotations

import os
import shutil
import subprocess
import tracemalloc
from pathlib import Path
from random import Random

import pytest

from fuzzkit import tables
from fuzzkit.codecs import CODECS, samples
from fuzzkit.damage import damaged

ROOT = Path(__file__).resolve().parents[3]
# Octets of values for each octet read, written and read again, and what the shortest input may take.
PEAK, LEAST = 256, 512


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_when_the_corpus_is_damaged_then_every_codec_answers(codec: str) -> None:
    rng = Random(codec)
    for octets in samples(codec):
        CODECS[codec](octets)
        for _ in range(100):
            CODECS[codec](damaged(rng, octets))


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_when_octets_are_random_then_every_codec_answers(codec: str) -> None:
    rng = Random(codec)
    for _ in range(5_000):
        CODECS[codec](rng.randbytes(rng.randrange(80)))


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_when_octets_promise_much_then_values_stay_in_proportion_to_them(codec: str) -> None:
    seeds = samples(codec)
    for octets in seeds[:: 1 + len(seeds) // 12]:
        for fill in (b"\x00", b"\x80", b"\xc4", b"\xff"):
            for size in (64, 4096):
                hostile = octets[: len(octets) // 2] + fill * size
                CODECS[codec](hostile)  # classes are made once
                tracemalloc.start()
                CODECS[codec](hostile)
                _, peak = tracemalloc.get_traced_memory()
                tracemalloc.stop()
                assert peak <= PEAK * max(len(hostile), LEAST), (peak, hostile.hex())


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if shutil.which("cargo") is None:
        pytest.skip("no cargo here")
    folder = tmp_path_factory.mktemp("tables")
    tables.write(folder)
    return os.environ | {"FREEHOLD_FUZZ_TABLES": str(folder), "CARGO_TARGET_DIR": str(ROOT / ".build/fuzz/stable")}


@pytest.mark.xdist_group("cargo")
@pytest.mark.parametrize("suite", ["corpus", "adversarial"])
def test_when_engines_alone_take_hostile_octets_then_work_and_memory_are_bounded(
    engines: dict[str, str], suite: str
) -> None:
    command = ["cargo", "test", "--quiet", "--release", "--locked", "--test", suite]
    # cargo waits without end for another's lock or a registry that does not answer
    done = subprocess.run(
        command, cwd=ROOT / "native/fuzz", env=engines, capture_output=True, text=True, check=False, timeout=600
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 passed" not in done.stdout

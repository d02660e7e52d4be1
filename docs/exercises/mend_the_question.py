"""Mend one flag in the question's program, build it, and get 20 where it returned 10."""

import subprocess
import sys
import sysconfig
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np

from gil_demo.host.toolchain import build_library, headers


def built(source: str, folder: Path) -> ModuleType:
    """Compile this C as Python itself was compiled, and load it as an extension module."""
    file = folder / "gilexample.c"
    file.write_text(source)
    library = folder / f"gilexample{sysconfig.get_config_var('EXT_SUFFIX')}"
    build_library(file, library, "-O2", f"-I{headers()}", f"-I{np.get_include()}")
    spec = spec_from_file_location("gilexample", library)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


asked = subprocess.run(
    [sys.executable, "-m", "gil_demo", "show", "gilexample", "--c"],
    check=True,
    capture_output=True,
    text=True,
).stdout
mended = asked.replace("NPY_ARRAY_ALIGNED", "NPY_ARRAY_IN_ARRAY")
assert mended != asked

every_other = np.arange(10.0)[::2]
for source, expected in ((asked, 10.0), (mended, 20.0)):
    with tempfile.TemporaryDirectory() as folder:
        total = built(source, Path(folder)).sum(every_other)
    print(f"sum(arange(10.0)[::2]) is {total:g}")
    assert total == expected

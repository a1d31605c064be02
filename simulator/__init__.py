"""A rehearsal stage for China's national healthcare-security platform (国家医疗保障信息平台)."""

from pathlib import Path as _Path

__version__ = "0.1.0"

_root = _Path(__file__).resolve().parent.parent
if (_root / "pyproject.toml").is_file() and (_root / "scenarios" / "__init__.py").is_file():
    # `simulator.scenarios` and `simulator.loadtests` stand beside the package in a checkout. Without this an import
    # from one checkout by the interpreter of another would find the other's, through its editable installation.
    __path__.append(str(_root))

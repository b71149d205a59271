"""Optional libraries: one sentence that says which is missing and how to install it."""

from importlib import import_module
from types import ModuleType


def optional(module: str, extra: str) -> ModuleType:
    """Import a library that not everybody has; name the extra of otlec that brings it.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed; a library that is there but broken raises its own error.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".")[0]
        if error.name and error.name.split(".")[0] != package:
            raise
        raise ModuleNotFoundError(
            f"this needs {package}, which is not installed; "
            f'install it with: pip install "otlec[{extra}]"',
            name=error.name,
        ) from error

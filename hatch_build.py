"""Wheel build hook: the wheel carries the built site."""

import importlib.util
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SiteBuildHook(BuildHookInterface[Any]):
    """Builds web/ before the wheel is packed; an editable install leaves that to the Makefile."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if version == "editable":
            return
        script = Path(self.root) / "scripts" / "build_web.py"
        spec = importlib.util.spec_from_file_location("build_web", script)
        if spec is None or spec.loader is None:
            raise RuntimeError(f"{script} cannot be loaded")
        build_web = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(build_web)
        build_web.build_site(root=Path(self.root), force=bool(os.environ.get("WEB_REBUILD")))

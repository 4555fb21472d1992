"""What pyproject.toml cannot say: the catalog and its schemas, which lie beside the package, are installed inside it."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithCatalog(build_py):
    """Copies `workflow/catalog` and `workflow/schemas` to `orderless/workflow`; an editable install reads them where they are."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for file in sorted(path for folder in ("catalog", "schemas") for path in Path("workflow", folder).rglob("*.yaml")):
            target = Path(self.build_lib, "orderless", file)
            target.parent.mkdir(parents=True, exist_ok=True)
            self.copy_file(str(file), str(target))


setup(cmdclass={"build_py": BuildWithCatalog})

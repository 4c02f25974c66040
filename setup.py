"""Map the top-level folders to packages below `lionhunt`; everything else is in pyproject.toml."""

from setuptools import find_packages, setup

FOLDERS = ("dsl", "proxy_tasks", "search")

code = find_packages(include=[pattern for folder in FOLDERS for pattern in (folder, f"{folder}.*")])
setup(
    packages=["lionhunt", "lionhunt.configs", *(f"lionhunt.{name}" for name in code)],
    package_dir={
        "lionhunt": "lionhunt",
        "lionhunt.configs": "configs",
        **{f"lionhunt.{folder}": folder for folder in FOLDERS},
    },
    package_data={
        "lionhunt": ["py.typed"],
        "lionhunt.configs": ["*.toml"],
        "lionhunt.dsl.library": ["*.py.txt"],
        "lionhunt.search.report_page": ["templates/*"],
        "lionhunt.search.server": ["templates/*"],
    },
)

"""The version of the package, which pyproject.toml reads from here: right in a checkout too."""

VERSION = "0.2.0"

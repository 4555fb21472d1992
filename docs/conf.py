"""Sphinx: Markdown pages, tables made from the catalog (tables.py), equations as MathML. Building and reading fetch nothing."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

sys.path.insert(0, str(Path(__file__).parent))  # tables.py

project = "Orderless"
author = copyright = "the Orderless authors"
version = release = installed("orderless")
extensions = ["myst_parser", "sphinx.ext.autodoc", "tables"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Orderless"
html_static_path = html_css_files = ["wide.css"]
html_math_renderer = "mathml"
html_show_sourcelink = html_copy_source = False
smartquotes = False
default_role = "code"  # docstrings put code in single backticks
myst_enable_extensions = ["dollarmath", "attrs_inline", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say shapes and types
nitpick_ignore_regex = [(r"py:.*", r"(?!orderless).*")]  # other projects' classes have their own documentation


def inline(self, node):
    """An equation within a line, as browsers draw it by themselves."""
    self.body.append(tex2mathml(node.astext()))
    raise SkipNode


def block(self, node):
    """An equation on a line of its own."""
    self.body.append(f'<div class="equation">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))

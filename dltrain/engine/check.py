"""Checking a config against its data: shapes, classes and the loss, each mistake located."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.config.draft import Draft
from dltrain.core.errors import Problem, ShapeError
from dltrain.core.shapes import Shape
from dltrain.engine.graph import Graph, build_graph

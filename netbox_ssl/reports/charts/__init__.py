"""Geometry and wording of the SVG drawings; the templates only place them."""

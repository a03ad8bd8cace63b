"""Texts of a graph's nodes, one module a format; `forms` is what they share. Public as `perdure.json`."""

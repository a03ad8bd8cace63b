"""Graphs as text and back: a reader and a writer of nodes for each format. Public as `perdure.json`, `perdure.xml`."""

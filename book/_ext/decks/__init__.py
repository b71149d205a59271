"""The slides, from the same notebooks as the pages."""

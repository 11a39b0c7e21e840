"""Models of others, driven by our protocols."""

"""A synapse and a protocol as files that other tools open; `formats` lists them."""

"""The machine room of studies: where runs are computed, what is kept of them, how far they are."""

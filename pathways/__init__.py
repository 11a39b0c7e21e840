"""Biology and what drives it: pathways, protocols, waveforms, perturbations, presets, references."""

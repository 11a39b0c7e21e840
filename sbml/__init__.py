"""The model: assembled from pathways, annotated, checked, written as SBML and simulated."""

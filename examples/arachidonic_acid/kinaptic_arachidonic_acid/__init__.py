"""Arachidonic acid as a retrograde messenger, for Kinaptic."""

"""Measuring a model version: metrics, the judge, gates, comparisons."""

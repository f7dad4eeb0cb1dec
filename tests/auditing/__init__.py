"""Experiments on the auditor: honest histories that must be clean, and manipulated ones that must not."""

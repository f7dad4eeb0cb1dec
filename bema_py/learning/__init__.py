"""Exact scoring, judging and calibration of models; data, training and prediction around them."""

"""BEMA: secure multiparty learning with unlike models, checkable bit for bit."""

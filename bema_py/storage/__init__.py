"""Content-addressed stores."""

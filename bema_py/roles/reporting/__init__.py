"""An audit's report: what an auditor hands to a board, as Markdown, one HTML page and JSON."""

"""`bema experiment`: the paper's figures and tables and ours, each one command."""

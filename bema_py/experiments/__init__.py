"""The paper's figures and tables, run off-chain with the functions that miners and auditors run."""

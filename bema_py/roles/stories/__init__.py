"""The facts behind answers to people's questions: what became of a block, a sample, a party, an account."""

"""What each participant does, joining learning, chain and storage."""

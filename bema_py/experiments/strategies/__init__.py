"""What attackers send: strategies that know everything public and what the attackers own."""

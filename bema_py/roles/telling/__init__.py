"""Stories as plain sentences: what the facts of `roles.stories` say, for people."""

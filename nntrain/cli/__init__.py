"""What a person types: one short module a command. Heavy imports wait until a command runs."""

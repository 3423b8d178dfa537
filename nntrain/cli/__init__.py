"""What a person types and reads: options, messages, tables, and a module for each command.

Heavy packages are imported when a command runs, so that `--help` answers at once.
"""

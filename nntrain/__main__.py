"""Lets `python -m nntrain` run the command."""

from nntrain.cli.main import run

if __name__ == "__main__":
    run()

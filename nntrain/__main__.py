"""`python -m nntrain`."""

from nntrain.cli.main import run

if __name__ == "__main__":
    run()

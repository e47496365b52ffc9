"""``python -m flowtag.cli``: the command where no script is installed."""

from flowtag.cli import main

if __name__ == "__main__":
    main(prog_name="flowtag")

"""`newsletter` and `python -m newsletter`: runs a command; an error is one sentence."""

import gc
import io
import os
import sys
import traceback


def main() -> None:
    """Run the command line and exit with its status."""
    os.umask(0o077)  # files hold addresses and keys: configuration, exports, emails, the database
    # Modules that are being imported are no garbage; looking through them took a sixth of a command's CPU time.
    gc.set_threshold(300_000)
    prepare_output()
    sys.exit(_status())


def prepare_output() -> None:
    """Replace what the terminal's encoding lacks, and write to nowhere if standard output is closed."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8"))


def _status() -> int:
    import typer

    from newsletter.cli import common
    from newsletter.cli.app import application
    from newsletter.cli.parameters import read_as_given
    from newsletter.cli.problems import sentence_and_status

    try:
        arguments = common.take_common_options(sys.argv[1:])
        read_as_given()
        app = application(arguments[0] if arguments else "")
        status = app(arguments or ["--help"], prog_name="newsletter", standalone_mode=False)
    except typer.Exit as e:
        status = e.exit_code
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("Stopped.\n")
        status = 130
    except BrokenPipeError:
        # Whoever read it has had enough (`| head`). What is left in the buffer must not be written at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except Exception as e:
        sentence = sentence_and_status(e)
        if common.options().debug:
            traceback.print_exc()
        if sentence is None:
            raise
        sys.stderr.write(f"{sentence[0]}\n" if sentence[0] else "")
        status = sentence[1]
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    main()

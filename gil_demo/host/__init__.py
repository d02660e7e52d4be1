"""Where this runs: machine, interpreter, compiler."""

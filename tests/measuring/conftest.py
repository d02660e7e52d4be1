"""Which tests of the measuring there are on this build."""

from gil_demo.host import machine

if machine.free_threaded():  # on such builds there is no C module that watches hand-overs
    collect_ignore = ["test_lookout.py"]

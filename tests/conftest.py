"""Files that take long come first, so that no core is left alone with the last of them."""

LONG = ("test_docs.py", "test_calibrate.py", "test_coarse.py", "test_rehearsed_faces.py")
"""Beside all files with tests that start processes or a browser."""


def pytest_collection_modifyitems(items):
    """With `--dist loadfile --no-loadscope-reorder` the workers take the files in this order."""
    long = {
        item.path
        for item in items
        if item.path.name in LONG
        or item.get_closest_marker("live")
        or item.get_closest_marker("browser")
    }
    items.sort(key=lambda item: item.path not in long)

"""Other worlds' protocols, one file each: a face translates, it never decides."""

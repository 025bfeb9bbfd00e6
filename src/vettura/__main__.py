"""`python -m vettura` is the same as `vettura`."""

from vettura.cli import main

if __name__ == "__main__":
    main()

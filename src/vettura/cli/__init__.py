"""The command line: one thin file for each command."""

from vettura.cli.app import main as main

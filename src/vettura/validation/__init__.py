"""The model held against what others measured."""

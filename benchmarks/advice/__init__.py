"""The adviser judged on functions of its own; see __main__.py."""

class StackFailure(Exception):
    """Something the person at the keyboard can act on; the message is the whole sentence."""

class ReplayRefused(Exception):
    """Why nothing was sent, in one sentence for the person at the keyboard (exit 2)."""

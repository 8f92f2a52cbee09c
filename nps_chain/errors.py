"""The one kind of error that a user can put right."""


class UserError(Exception):
    """Something the user can put right. Its text is one sentence and is printed without a stack trace."""

"""Where a provider departs from the standards in a way that a person would notice, and its metadata do not say so."""

GOOGLE = "https://accounts.google.com"
COGNITO = "https://cognito-idp."


def another_account(issuer: str) -> str:
    """The `prompt` that lets somebody log in as somebody else. Google refuses `login`, and asks nobody for a password
    again (developers.google.com/identity/openid-connect)."""
    return "select_account" if issuer == GOOGLE else "login"


def logout_parameters(issuer: str, back: str) -> dict[str, str]:
    """What an address for logging out wants beside the standard's parameters. Amazon Cognito knows the way back by a
    name of its own (Cognito developer guide, logout endpoint)."""
    return {"logout_uri": back} if issuer.startswith(COGNITO) else {}

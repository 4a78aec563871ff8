"""How we show providers who we are, fresh logins, and sessions that a provider ends."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

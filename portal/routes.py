"""Every address of the portal: the sitemap. A route has the name by which templates and views link to it, and says who
may enter. An address whose ids are malformed is one that does not exist."""

from starlette.routing import BaseRoute, Route

from portal.health import views as health
from portal.home import public as home
from portal.identity import views as identity
from portal.web.policy import public

PUBLIC: list[BaseRoute] = [
    Route("/", public(home.landing), name="home"),
    Route("/language", public(home.choose_language), methods=["POST"], name="language"),
]

LOGIN: list[BaseRoute] = [
    Route("/login", public(identity.login), name="login"),
    Route("/login/start/{audience}", public(identity.start), name="login_start"),
    Route("/login/callback/{audience}", public(identity.callback), name="login_callback"),
    Route("/logout", public(identity.logout), methods=["POST"], name="logout"),
]

RECORD: list[BaseRoute] = []
"""The customer's rooms."""

DESK: list[BaseRoute] = []
"""The agents' rooms."""

AUDIT: list[BaseRoute] = []
"""The auditors' rooms."""

OPERATIONS: list[BaseRoute] = []
"""The operators' rooms."""

MACHINES: list[BaseRoute] = [
    Route("/health/live", public(health.live), name="health_live"),
    Route("/health/ready", public(health.ready), name="health_ready"),
    Route("/metrics", public(health.metrics), name="metrics"),
]

ROUTES: list[BaseRoute] = [*PUBLIC, *LOGIN, *RECORD, *DESK, *AUDIT, *OPERATIONS, *MACHINES]

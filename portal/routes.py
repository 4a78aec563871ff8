"""Every address of the portal: the sitemap. A route has the name by which templates and views link to it, and says who
may enter. An address whose ids are malformed is one that does not exist."""

from starlette.routing import BaseRoute, Route

from portal.auditing import event_views as auditing_events
from portal.auditing import views as auditing
from portal.consents import views as consents
from portal.contact_points import views as contact_points
from portal.contact_windows import views as contact_windows
from portal.desk import login_views as desk_logins
from portal.desk import pending_views as desk_pending
from portal.desk import views as desk
from portal.desk.field_views import fields as desk_fields
from portal.desk.note_views import answer as desk_answer
from portal.devices import views as devices
from portal.health import views as health
from portal.history import views as history
from portal.home import public as home
from portal.home import views as record
from portal.hooks import views as hooks
from portal.identity import outcome_views, published
from portal.identity import views as identity
from portal.identity.ended import ended
from portal.linking import connect_views, invitation_views, ways_views
from portal.mailbox import views as mailbox
from portal.notes import views as notes
from portal.operations import crm_views as operations_crm
from portal.operations import views as operations
from portal.profile import views as profile
from portal.settings import StaffRole
from portal.web.limits import Attempt
from portal.web.policy import customers, public, staff

GET_POST = ["GET", "POST"]

agents = staff(StaffRole.AGENT)
auditors = staff(StaffRole.AUDITOR)
operators = staff(StaffRole.OPERATOR)
everybody_here = staff(*StaffRole)

PUBLIC: list[BaseRoute] = [
    Route("/", public(home.landing), name="home"),
    Route("/language", public(home.choose_language), methods=["POST"], name="language"),
]

LOGIN: list[BaseRoute] = [
    Route("/login", public(identity.login, limit=Attempt.LOGIN), name="login"),
    Route("/login/start/{audience}/{provider}", public(identity.start, limit=Attempt.LOGIN), name="login_start"),
    Route(
        "/login/callback/{audience}/{provider}", public(identity.callback, limit=Attempt.LOGIN), name="login_callback"
    ),
    Route("/login/outcome", public(outcome_views.outcome), name="login_outcome"),
    Route("/login/fresh", public(identity.fresh, limit=Attempt.LOGIN), name="login_fresh"),
    Route("/login/connect", public(connect_views.question), methods=GET_POST, name="login_connect"),
    Route(
        "/login/ended/{audience}/{provider}", public(ended, limit=Attempt.LOGOUT), methods=["POST"], name="login_ended"
    ),
    Route("/logout", public(identity.logout), methods=["POST"], name="logout"),
    Route("/invitation", public(invitation_views.invitation), methods=GET_POST, name="invitation"),
    Route("/invitation/{provider}", public(invitation_views.log_in, limit=Attempt.LOGIN), name="invitation_login"),
]

RECORD: list[BaseRoute] = [
    Route("/record", customers(record.record), name="record"),
    Route(
        "/record/profile/{section}",
        customers(profile.section, fresh=profile.is_sensitive),
        methods=GET_POST,
        name="record_profile",
    ),
    Route(
        "/record/contact-points",
        customers(contact_points.new, fresh=contact_points.adds_email),
        methods=GET_POST,
        name="record_points",
    ),
    Route(
        "/record/contact-points/{id:uuid}",
        customers(contact_points.one, fresh=contact_points.changes_email),
        methods=GET_POST,
        name="record_point",
    ),
    Route("/record/contact-windows", customers(contact_windows.new), methods=GET_POST, name="record_windows"),
    Route("/record/contact-windows/{id:uuid}", customers(contact_windows.one), methods=GET_POST, name="record_window"),
    Route("/record/consents", customers(consents.consents), methods=GET_POST, name="record_consents"),
    Route("/record/notes", customers(notes.notes), methods=GET_POST, name="record_notes"),
    Route("/record/notes/{id:uuid}", customers(notes.one), methods=GET_POST, name="record_note"),
    Route("/record/logins", customers(ways_views.show), name="record_logins"),
    Route(
        "/record/logins/add/{provider}", customers(ways_views.add, fresh=True, record=False), name="record_login_add"
    ),
    Route("/record/logins/{id:uuid}", customers(ways_views.remove, fresh=True), methods=GET_POST, name="record_login"),
    Route("/record/undo", customers(history.undo_last), methods=["POST"], name="record_undo"),
    Route("/record/delivery", customers(record.delivery), name="record_delivery"),
    Route("/record/live", customers(record.live, record=False), name="record_live"),
    Route("/record/changes", customers(history.changes, record=False), name="changes"),
    Route(
        "/record/devices",
        customers(devices.devices, fresh=devices.ends, record=False),
        methods=GET_POST,
        name="record_devices",
    ),
]
"""The customer's rooms."""

DESK: list[BaseRoute] = [
    Route("/desk", agents(desk.search), name="desk"),
    Route("/desk/customers/{id:uuid}", agents(desk.show), name="desk_card"),
    Route("/desk/customers/{id:uuid}/now", agents(desk.now), name="desk_now"),
    Route("/desk/customers/{id:uuid}/live", agents(desk.live), name="desk_live"),
    Route("/desk/customers/{id:uuid}/fields/{section}", agents(desk_fields), methods=GET_POST, name="desk_fields"),
    Route(
        "/desk/customers/{id:uuid}/notes/{note:uuid}/answer", agents(desk_answer), methods=GET_POST, name="desk_answer"
    ),
    Route("/desk/customers/{id:uuid}/logins", agents(desk_logins.show), name="desk_logins_of"),
    Route(
        "/desk/customers/{id:uuid}/logins/{login:uuid}",
        agents(desk_logins.disconnect, fresh=True),
        methods=GET_POST,
        name="desk_disconnect",
    ),
    Route(
        "/desk/customers/{id:uuid}/invitation",
        agents(desk_logins.invite, fresh=True),
        methods=GET_POST,
        name="desk_invite",
    ),
    Route(
        "/desk/customers/{id:uuid}/invitation/end", agents(desk_logins.uninvite), methods=["POST"], name="desk_uninvite"
    ),
    Route("/desk/logins", agents(desk_pending.queue), name="desk_logins"),
    Route("/desk/logins/{login:uuid}", agents(desk_pending.one), methods=GET_POST, name="desk_login"),
    Route(
        "/desk/logins/{login:uuid}/customers/{id:uuid}",
        agents(desk_pending.connect, fresh=True),
        methods=GET_POST,
        name="desk_login_connect",
    ),
]
"""The agents' rooms."""

AUDIT: list[BaseRoute] = [
    Route("/audit", auditors(auditing.log), name="audit"),
    Route("/audit/events", auditors(auditing_events.events), name="audit_events"),
    Route("/audit/export.{form}", auditors(auditing.export), name="audit_export"),
    Route("/audit/changes/{customer_id:uuid}/{seq:int}", auditors(auditing.change), name="audit_change"),
    Route("/audit/verify", auditors(auditing.verify_all), methods=["POST"], name="audit_verify"),
]
"""The auditors' rooms."""

OPERATIONS: list[BaseRoute] = [
    Route("/operations", operators(operations.show), name="operations"),
    Route("/operations/crms/{crm}", operators(operations_crm.show), methods=GET_POST, name="operations_crm"),
    Route(
        "/operations/crms/{crm}/parked/{id:uuid}",
        operators(operations_crm.record),
        methods=["POST"],
        name="operations_parked",
    ),
]
"""The operators' rooms."""

STAFF: list[BaseRoute] = [
    Route("/devices", everybody_here(devices.devices, fresh=devices.ends), methods=GET_POST, name="devices"),
]
"""What all staff have."""

MACHINES: list[BaseRoute] = [
    Route("/hooks/{connector}", public(hooks.receive, limit=Attempt.HOOK), methods=["POST"], name="hooks"),
    Route("/.well-known/jwks.json", public(published.jwks), name="client_keys"),
    Route("/health/live", public(health.live), name="health_live"),
    Route("/health/ready", public(health.ready), name="health_ready"),
    Route("/metrics", public(health.metrics), name="metrics"),
]

ROUTES: list[BaseRoute] = [*RECORD, *PUBLIC, *LOGIN, *DESK, *AUDIT, *OPERATIONS, *STAFF, *MACHINES]
"""They are tried in this order, and the record's are asked for most."""

DEMO: list[BaseRoute] = [
    Route("/demo/mailbox", public(mailbox.letters), name="mailbox"),
    Route("/demo/mailbox/{id:uuid}", public(mailbox.letter), name="mailbox_letter"),
    Route("/demo/mailbox/{id:uuid}/html", public(mailbox.letter_html), name="mailbox_html"),
]
"""What the demo has beside them (DEMO_MAILBOX). Elsewhere these addresses do not exist."""

"""The one room that knows every concrete part: settings in, things that run out."""

from nudger.app.channels import check_smtp, check_twilio, sign_as_twilio
from nudger.app.plans import push_plans
from nudger.app.running import build_daemon, send_test_alert
from nudger.app.state import (
    Holder,
    alone,
    back_up_database,
    carry_database,
    clock_of,
    database_for_plans,
    holder,
    join_database,
    look_at_database,
    look_into_database,
    open_database,
    restore_database,
)
from nudger.store.stores import Stores

__all__ = [
    "Holder",
    "Stores",
    "alone",
    "back_up_database",
    "build_daemon",
    "carry_database",
    "check_smtp",
    "check_twilio",
    "clock_of",
    "database_for_plans",
    "holder",
    "join_database",
    "look_at_database",
    "look_into_database",
    "open_database",
    "push_plans",
    "restore_database",
    "send_test_alert",
    "sign_as_twilio",
]

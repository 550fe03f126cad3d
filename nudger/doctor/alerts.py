"""Whether anybody is told when something is wrong."""

from nudger.doctor.finding import Finding, many, note, ok


def operator_is_told(told: bool, pinged: bool) -> Finding:
    if not told:
        advice = "Set NUDGER_ALERTS to your address, and NUDGER_PING_URL to a watchman's (docs/operating.md)."
        return note("nobody is told when something is wrong", advice)
    if not pinged:
        advice = "A dead machine tells nobody: set NUDGER_PING_URL, and another one misses it."
        return note("faults are told; that this machine is gone, nobody is", advice)
    return ok("faults are told, and each minute that nudger lives. Try it: nudger doctor --send-test-alert")


def test_was_told(addresses: int) -> Finding:
    return ok(f"{many(addresses, 'address')} took the test".replace("addresss", "addresses"))

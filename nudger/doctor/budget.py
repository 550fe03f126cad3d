"""Whether the texts of the days ahead get out in time, with what the sender may send."""

from nudger.doctor.finding import Finding, many, ok, warning


def budget_carries(texts: int, missed: int, over: int, per_second: float, per_day: int | None) -> Finding:
    """Of so many `texts` in the days ahead, `missed` expire before their turn; on `over` days more
    segments are due than SMS_PER_DAY lets out."""
    rate = f"{per_second:g} segments a second" + (f", {per_day:,} a day" if per_day else "")
    if not missed and not over:
        return ok(f"{many(texts, 'text')} in the next two days, at most {rate}: all go out in time")
    found = (
        [f"{missed:,} of {many(texts, 'text')} in the next two days would expire before their turn"]
        if missed
        else []
    )
    found += [f"on {many(over, 'day')} more segments are due than may go"] if over else []
    return warning(
        f"at {rate}: {'; '.join(found)}",
        "They would be missed. Spread their times (between instead of at), give them longer (expires), or\n"
        "send more (NUDGER_SMS_PER_SECOND, NUDGER_SMS_PER_DAY). Which times: nudger preview",
    )

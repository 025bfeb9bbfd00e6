"""All bills together: what charging cost, and what it had cost without a plan. Pure."""

from msgspec.structs import replace

from vettura.bus.messages_energy import Bill, Saved


def nothing_saved(currency: str) -> Saved:
    """Before the first bill."""
    return Saved(
        time_ns=0,
        since_ns=0,
        currency=currency,
        charges=0,
        energy_wh=0.0,
        sun_wh=0.0,
        given_wh=0.0,
        cost=0.0,
        plugged_cost=0.0,
        carbon_g=0.0,
        plugged_carbon_g=0.0,
    )


def added(saved: Saved, bill: Bill) -> Saved:
    """With one more bill; a car that was plugged and took nothing is no charge."""
    if bill.currency != saved.currency or bill.energy_wh + bill.given_wh < 1.0:
        return saved
    return replace(
        saved,
        time_ns=max(saved.time_ns, bill.end_ns),
        since_ns=min(saved.since_ns, bill.start_ns) if saved.charges else bill.start_ns,
        charges=saved.charges + 1,
        energy_wh=saved.energy_wh + bill.energy_wh,
        sun_wh=saved.sun_wh + bill.sun_wh,
        given_wh=saved.given_wh + bill.given_wh,
        cost=saved.cost + bill.cost,
        plugged_cost=saved.plugged_cost + bill.plugged_cost,
        carbon_g=saved.carbon_g + bill.carbon_g,
        plugged_carbon_g=saved.plugged_carbon_g + bill.plugged_carbon_g,
    )

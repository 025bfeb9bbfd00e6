"""The one table of subjects: who publishes what, where, and whether it is kept.

| subject | payload | kind |
|---|---|---|
| `car.<vin>.signals` | SignalFrame | core publish |
| `car.<vin>.get` | empty, answered with a full SignalFrame | request |
| `car.<vin>.do.<verb>` | Command, answered with Answer | request |
| `car.<vin>.twin` | Twin | core publish |
| `car.<vin>.targets` | Targets | core publish |
| `car.<vin>.provided` | Provided | core publish, to the car |
| `car.<vin>.wish.<provider>` | Wish, answered with Answer | request, from the car |
| `car.<vin>.audit` | Audit | stream `audit` |
| `car.<vin>.samples`, `car.<vin>.sessions` | Sample, Session | stream `cars` |
| `home.<home>.<device>.state` | DeviceState | publish, kept in bucket `home` |
| `home.<home>.<device>.about` | DeviceAbout | publish, kept in bucket `home` |
| `home.<home>.<device>.do` | DeviceAction, answered with Answer | request |
| `home.<home>.event` | HomeEvent | core publish |
| `home.<home>.topic.in`, `.out` | TopicMessage: MQTT for scenes, and theirs | core publish |
| `home.<home>.topics`, `.topics.<who>` | TopicsWanted | publish, kept in bucket `home` |
| `home.<home>.called` | Called | core publish |
| `home.<home>.trace` | Trace | stream `traces` |
| `home.<home>.weather`, `home.<home>.today` | Weather, Today | publish, kept in bucket `home` |
| `energy.<home>.meter.<station>` | MeterValue | publish |
| `energy.<home>.prices` | Prices | publish, kept in bucket `home` |
| `energy.<home>.forecast.sun`, `.load` | Forecast | publish, kept in bucket `home` |
| `energy.<home>.forecast.air` | AirForecast | publish, kept in bucket `home` |
| `energy.<home>.calendar` | CalendarDrives | publish, kept in bucket `home` |
| `energy.<home>.learned` | Learned | kept in bucket `home` |
| `energy.<home>.site` | SiteMeter | publish |
| `energy.<home>.needs.<station>` | ChargingNeeds | publish, kept in bucket `home` |
| `energy.<home>.schedule.<station>` | Schedule | publish |
| `energy.<home>.transaction.<station>` | Transaction | stream `energy` |
| `energy.<home>.plan` | EnergyPlan | publish, kept in bucket `home` |
| `energy.<home>.goal.<vin>` | GoalState | publish, kept in bucket `home` |
| `energy.<home>.mode.<station>` | ModeState | publish, kept in bucket `home` |
| `energy.<home>.bill` | Bill | stream `energy` |
| `energy.<home>.saved` | Saved | publish, kept in bucket `home` |
| `energy.<home>.note` | EnergyNote | publish |
| `energy.<home>.wished` | Wished | kept in bucket `home` alone |
| `energy.<home>.ledger` | energy/bills_kept.py | kept in bucket `home` alone |
| `energy.<home>.do` | EnergyWish, answered with Answer | request |
| `house.<home>.clock` | ClockState | publish |
| `house.<home>.do.speed` | Command, answered with Answer | request |

Buckets: `cars` (key `<vin>.state`, `<vin>.trip`, `<vin>.twin`), `home` (key = the subject of
what is kept there), `house` (key `<home>.clock`).
"""

CARS_STREAM = "cars"
CARS_STREAM_SUBJECTS = ("car.*.samples", "car.*.sessions")
CARS_STREAM_MAX_AGE_S = 400.0 * 86_400.0
"""A car's history is kept a little longer than a year."""
AUDIT_STREAM = "audit"
AUDIT_STREAM_SUBJECTS = ("car.*.audit",)
AUDIT_STREAM_MAX_AGE_S = 400.0 * 86_400.0
TRACES_STREAM = "traces"
TRACES_STREAM_SUBJECTS = ("home.*.trace",)
TRACES_STREAM_MAX_AGE_S = 30.0 * 86_400.0
ENERGY_STREAM = "energy"
ENERGY_STREAM_SUBJECTS = ("energy.*.transaction.*", "energy.*.bill")
ENERGY_STREAM_MAX_AGE_S = 3_700.0 * 86_400.0
"""Bills are kept ten years (art. 2220 of the Italian civil code asks as much of traders)."""
CARS_BUCKET = "cars"
HOME_BUCKET = "home"
HOUSE_BUCKET = "house"


def car_signals(vin: str) -> str:
    """Where a car's VSS frames appear; `*` for every car."""
    return f"car.{vin}.signals"


def car_get(vin: str) -> str:
    """Where a car is asked for all its signals at once."""
    return f"car.{vin}.get"


def car_do(vin: str, verb: str) -> str:
    """Where a car takes commands; `*` for every verb."""
    return f"car.{vin}.do.{verb}"


def car_twin(vin: str) -> str:
    """Where a car's twin tells what it has learnt."""
    return f"car.{vin}.twin"


def car_targets(vin: str) -> str:
    """Where a car says what its actuators were told to become."""
    return f"car.{vin}.targets"


def car_provided(vin: str) -> str:
    """Where providers from outside give a car values of what they have claimed."""
    return f"car.{vin}.provided"


def car_wish(vin: str, provider: str) -> str:
    """Where a car hands on what was asked of a claimed actuator."""
    return f"car.{vin}.wish.{provider}"


def car_audit(vin: str) -> str:
    """Where every command and its end is stored; `*` for every car."""
    return f"car.{vin}.audit"


def car_samples(vin: str) -> str:
    """Where points of a car's history are stored."""
    return f"car.{vin}.samples"


def car_sessions(vin: str) -> str:
    """Where ended trips and charges are stored."""
    return f"car.{vin}.sessions"


def device_state(home: str, device: str) -> str:
    """Where a device says how it is; `*` for every device."""
    return f"home.{home}.{device}.state"


def device_about(home: str, device: str) -> str:
    """Where a device says what it is; `*` for every device."""
    return f"home.{home}.{device}.about"


def device_do(home: str, device: str) -> str:
    """Where a device takes actions."""
    return f"home.{home}.{device}.do"


def home_event(home: str) -> str:
    """Where what happens without being a state is told."""
    return f"home.{home}.event"


def topic_in(home: str) -> str:
    """Where MQTT messages that scenes want appear."""
    return f"home.{home}.topic.in"


def topic_out(home: str) -> str:
    """Where scenes say what to publish over MQTT."""
    return f"home.{home}.topic.out"


def topics_wanted(home: str, who: str = "") -> str:
    """Where scenes say which MQTT topics they listen to; `who` for others, `*` for each of them."""
    return f"home.{home}.topics.{who}" if who else f"home.{home}.topics"


def called(home: str) -> str:
    """Where every action of a scene appears."""
    return f"home.{home}.called"


def trace(home: str) -> str:
    """Where every run of a scene is stored."""
    return f"home.{home}.trace"


def weather(home: str) -> str:
    """Where the weather around a household appears."""
    return f"home.{home}.weather"


def today(home: str) -> str:
    """Where a household's plan for the day appears."""
    return f"home.{home}.today"


def meter(home: str, station: str) -> str:
    """Where a station's meter values appear."""
    return f"energy.{home}.meter.{station}"


def prices(home: str) -> str:
    """Where what energy costs appears."""
    return f"energy.{home}.prices"


def forecast(home: str, what: str) -> str:
    """Where what is to come appears: `sun` or `load` as power, `air` as temperature."""
    return f"energy.{home}.forecast.{what}"


def energy_calendar(home: str) -> str:
    """Where drives that calendars ask for appear."""
    return f"energy.{home}.calendar"


def energy_learned(home: str) -> str:
    """Where what prices and meters have taught is kept."""
    return f"energy.{home}.learned"


def site_meter(home: str) -> str:
    """Where what flows at the house's connection appears."""
    return f"energy.{home}.site"


def charging_needs(home: str, station: str) -> str:
    """Where a plugged car's needs appear; `*` for every station."""
    return f"energy.{home}.needs.{station}"


def schedule(home: str, station: str) -> str:
    """Where what a station shall give appears; `*` for every station."""
    return f"energy.{home}.schedule.{station}"


def transaction(home: str, station: str) -> str:
    """Where a station counts its charges; `*` for every station."""
    return f"energy.{home}.transaction.{station}"


def plan(home: str) -> str:
    """Where the energy plan appears."""
    return f"energy.{home}.plan"


def goal(home: str, vin: str) -> str:
    """Where what is aimed at for a car appears; `*` for every car."""
    return f"energy.{home}.goal.{vin}"


def mode(home: str, station: str) -> str:
    """Where how a station charges appears; `*` for every station."""
    return f"energy.{home}.mode.{station}"


def bill(home: str) -> str:
    """Where ended charges and their cost are stored."""
    return f"energy.{home}.bill"


def saved(home: str) -> str:
    """Where the sum of all bills appears."""
    return f"energy.{home}.saved"


def energy_note(home: str) -> str:
    """Where lines for a person about energy appear."""
    return f"energy.{home}.note"


def wished(home: str) -> str:
    """Where goals, modes and what was learnt of departures are kept."""
    return f"energy.{home}.wished"


def ledger(home: str) -> str:
    """Where what open charges need of meters and prices is kept."""
    return f"energy.{home}.ledger"


def energy_do(home: str) -> str:
    """Where goals and modes are set."""
    return f"energy.{home}.do"


def house_clock(home: str) -> str:
    """Where the house says what time it is."""
    return f"house.{home}.clock"


def house_do(home: str, verb: str) -> str:
    """Where the house itself takes commands."""
    return f"house.{home}.do.{verb}"

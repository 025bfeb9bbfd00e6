"""What can be read and changed in a virtual wallbox: keys of 1.6, variables of 2.x. Pure."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple, final

from vettura.faces.ocpp_composite import PROFILES_MAX, STACK_MAX
from vettura.faces.ocpp_wire import Payload, Version

MEASURANDS: Final = (
    "Energy.Active.Import.Register",
    "Energy.Active.Export.Register",
    "Power.Active.Import",
    "Power.Active.Export",
)
"""All that its meter tells; it tells them all."""
ITEMS_MAX: Final = 64


class Setting(NamedTuple):
    """One thing that can be read: its key, its variable, and whether it can be changed."""

    key: str
    variable: str
    is_open: bool


_SECONDS = (
    Setting("HeartbeatInterval", "OCPPCommCtrlr.HeartbeatInterval", True),
    Setting("MeterValueSampleInterval", "SampledDataCtrlr.TxUpdatedInterval", True),
)
_MEASURED = (
    Setting("MeterValuesSampledData", "SampledDataCtrlr.TxUpdatedMeasurands", True),
    Setting("", "SampledDataCtrlr.TxStartedMeasurands", True),
    Setting("", "SampledDataCtrlr.TxEndedMeasurands", True),
)
_FIXED = {
    Setting("NumberOfConnectors", "ChargingStation.NumberOfConnectors", False): "1",
    Setting("ChargeProfileMaxStackLevel", "SmartChargingCtrlr.ProfileStackLevel", False): str(
        STACK_MAX
    ),
    Setting("MaxChargingProfilesInstalled", "SmartChargingCtrlr.Entries.ChargingProfiles", False): (
        str(PROFILES_MAX)
    ),
    Setting("TransactionMessageAttempts", "OCPPCommCtrlr.MessageAttempts", False): "3",
    Setting("AuthorizeRemoteTxRequests", "AuthCtrlr.AuthorizeRemoteStart", False): "false",
    Setting("LocalPreAuthorize", "AuthCtrlr.LocalPreAuthorize", False): "false",
    Setting("StopTransactionOnEVSideDisconnect", "TxCtrlr.StopTxOnEVSideDisconnect", False): "true",
}
PROFILES_16: Final = "Core,RemoteTrigger,SmartCharging"


@final
@dataclass(slots=True)
class Settings:
    """The settings of one wallbox."""

    version: Version
    meter_s: int
    heartbeat_s: int = 300
    measurands: str = ",".join(MEASURANDS)
    gives: bool = False

    def rows(self) -> dict[str, tuple[str, bool]]:
        """Value and whether it can be changed, by the version's own names."""
        values = dict(zip(_SECONDS, (str(self.heartbeat_s), str(self.meter_s)), strict=True))
        values |= dict.fromkeys(_MEASURED, self.measurands) | _FIXED
        is_old = self.version == "1.6"
        named = {
            (one.key if is_old else one.variable): (v, one.is_open) for one, v in values.items()
        }
        if is_old:
            named["ChargingScheduleAllowedChargingRateUnit"] = ("Current,Power", False)
            named["SupportedFeatureProfiles"] = (PROFILES_16, False)
            named.pop("", None)
        else:
            named["SmartChargingCtrlr.RateUnit"] = ("A,W", False)
            named["SmartChargingCtrlr.Enabled"] = ("true", False)
        if self.version == "2.1":
            named["V2XChargingCtrlr.Enabled"] = (str(self.gives).lower(), False)
        return named

    def change(self, name: str, value: str) -> str:
        """Change one; how that ended, in the words of the protocol."""
        rows = self.rows()
        if name not in rows:
            return "NotSupported" if self.version == "1.6" else "UnknownVariable"
        if not rows[name][1]:
            return "Rejected"
        if name in {name for one in _MEASURED for name in (one.key, one.variable)}:
            wanted = {word.strip() for word in value.split(",")}
            return "Accepted" if wanted <= set(MEASURANDS) else "Rejected"
        if not value.isdecimal() or not 1 <= int(value[:6]) <= 86_400:
            return "Rejected"
        if name in _SECONDS[0]:
            self.heartbeat_s = int(value)
        else:
            self.meter_s = int(value)
        return "Accepted"

    def read_keys(self, payload: Payload) -> Payload:
        """The answer to GetConfiguration."""
        rows = self.rows()
        wanted = payload.get("key") or list(rows)
        found = [
            {"key": name, "readonly": not rows[name][1], "value": rows[name][0]}
            for name in wanted[:ITEMS_MAX]
            if name in rows
        ]
        unknown = [name for name in wanted[:ITEMS_MAX] if name not in rows]
        return {"configurationKey": found, **({"unknownKey": unknown} if unknown else {})}

    def read_variables(self, payload: Payload) -> Payload:
        """The answer to GetVariables."""
        rows = self.rows()
        results = []
        for asked in payload["getVariableData"][:ITEMS_MAX]:
            told: dict[str, Any] = {k: asked[k] for k in ("component", "variable")}
            value = rows.get(name_of(asked))
            told["attributeStatus"] = "Accepted" if value else "UnknownVariable"
            results.append(told | ({"attributeValue": value[0]} if value else {}))
        return {"getVariableResult": results}

    def set_variables(self, payload: Payload) -> Payload:
        """The answer to SetVariables."""
        results = []
        for asked in payload["setVariableData"][:ITEMS_MAX]:
            told: dict[str, Any] = {k: asked[k] for k in ("component", "variable")}
            told["attributeStatus"] = self.change(name_of(asked), asked["attributeValue"])
            results.append(told)
        return {"setVariableResult": results}

    def report(self) -> list[dict[str, Any]]:
        """All variables, as NotifyReport tells them."""
        return [
            {
                "component": {"name": name.partition(".")[0]},
                "variable": {"name": name.partition(".")[2]},
                "variableAttribute": [
                    {"value": value, "mutability": "ReadWrite" if is_open else "ReadOnly"}
                ],
            }
            for name, (value, is_open) in self.rows().items()
        ]


def name_of(asked: dict[str, Any]) -> str:
    """`Component.Variable`."""
    return f"{asked['component'].get('name', '')}.{asked['variable'].get('name', '')}"

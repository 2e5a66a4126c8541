"""free5GC's SMF: it chooses F-TEIDs and writes network instances as it likes; what it needs is in `foreign_host`."""

from __future__ import annotations

import json
import sys

from interopkit.core import GATEWAY, PLMN
from interopkit.foreign_host import PEERS_SBI, SMF_SBI
from interopkit.foreign_smf import SMF_N4, SUPPORT, UPF_N4
from interopkit.namespaces import CORE_ADDRESS
from interopkit.program import Program

ASSOCIATED = r"Received PFCP Association Setup Accepted Response from UPF|UPF\([\d.]+\)\[\w+\] setup association"
TERMINALS = "10.45.1.0/24"
"""A part of the pool: it gives the first address of a pool to a terminal, whoever has it already."""


def start_amf(site):
    """Freehold's AMF, whose SMF is another network's."""
    command = ("env", f"PYTHONPATH={SUPPORT}", sys.executable, "-m", "interopkit.foreign_host", site.configuration)
    amf = Program(site.hosts.within(site.hosts.core, *command))
    try:
        amf.wait_for("serving", seconds=60)
    except BaseException:
        amf.end()
        raise
    return amf


def start_smf(program, site):
    """The SMF on the core's host."""
    timer = {"enable": True, "expireTime": "16s", "maxRetryTimes": 3}
    slice_ = {"sst": 1}
    mcc, mnc = PLMN.split("/")
    upf = {
        "type": "UPF",
        "nodeID": UPF_N4,
        "addr": UPF_N4,
        "sNssaiUpfInfos": [
            {"sNssai": slice_, "dnnUpfInfoList": [{"dnn": "internet", "pools": [{"cidr": TERMINALS}]}]},
        ],
        "interfaces": [{"interfaceType": "N3", "endpoints": [CORE_ADDRESS], "networkInstances": ["internet"]}],
    }
    configuration = {
        "smfName": "SMF",
        "sbi": {
            "scheme": "http",
            "registerIPv4": SMF_SBI[0],
            "bindingIPv4": SMF_SBI[0],
            "port": SMF_SBI[1],
        },
        "serviceNameList": ["nsmf-pdusession"],
        "snssaiInfos": [{"sNssai": slice_, "dnnInfos": [{"dnn": "internet", "dns": {"ipv4": GATEWAY}}]}],
        "plmnList": [{"mcc": mcc, "mnc": mnc}],
        "locality": "area1",
        "pfcp": {"nodeID": SMF_N4, "listenAddr": SMF_N4, "externalAddr": SMF_N4, "heartbeatInterval": "10s"},
        "userplaneInformation": {"upNodes": {"gNB": {"type": "AN"}, "UPF": upf}, "links": [{"A": "gNB", "B": "UPF"}]},
        "t3591": timer,
        "t3592": timer,
        "nrfUri": "http://{}:{}".format(*PEERS_SBI),
    }
    info = {"version": "1.0.7"}
    logger = {"enable": True, "level": "debug", "reportCaller": False}
    places = {
        "smfcfg.yaml": {"info": info, "configuration": configuration, "logger": logger},
        "uerouting.yaml": {"info": info, "ueRoutingInfo": {}},
    }
    for name, settings in places.items():
        (site.folder / name).write_text(json.dumps(settings, indent=1), encoding="ascii")
    words = ("-c", site.folder / "smfcfg.yaml", "-u", site.folder / "uerouting.yaml")
    smf = Program(site.hosts.within(site.hosts.core, "env", "-C", site.folder, program, *words))
    try:
        smf.wait_for(ASSOCIATED, seconds=60)
    except BaseException:
        smf.end()
        raise
    return smf

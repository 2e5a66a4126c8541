"""Programs that measure a peer's codec in the environment it lives in: cases in on stdin, figures out on stdout."""

PYCRATE = """
import json, sys, time
from pycrate_asn1dir import NGAP, RRCNR
from pycrate_mobile.TS24501_FGMM import FGMMRegistrationRequest
from pycrate_mobile.TS29244_PFCP import PFCPSessionEstablishmentReq
from pycrate_mobile.TS29281_GTPU import GPDU

WHOLE = {
    "RegistrationRequest": FGMMRegistrationRequest,
    "PFCPSessionEstablishmentRequest": PFCPSessionEstablishmentReq,
    "GTPUGPdu": GPDU,
}

def best(call):
    found = 1e9
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(20):
            call()
        found = min(found, (time.perf_counter() - start) / 20)
    return round(found * 1e6, 3)

pdu = NGAP.NGAP_PDU_Descriptions.NGAP_PDU
channels = {
    "RRCSetupComplete": RRCNR.NR_RRC_Definitions.UL_DCCH_Message,
    "RRCReconfiguration": RRCNR.NR_RRC_Definitions.DL_DCCH_Message,
}
figures = {}
for name, digits in json.load(sys.stdin).items():
    octets = bytes.fromhex(digits)
    if name in WHOLE:
        message = WHOLE[name]()
        figures[name] = best(lambda: WHOLE[name]().from_bytes(octets)), 0.0
        message.from_bytes(octets)
        figures[name] = figures[name][0], best(message.to_bytes)
    elif name in channels:
        channel = channels[name]
        decode = best(lambda: channel.from_uper(octets))
        value = channel.get_val()
        figures[name] = decode, best(lambda: (channel.set_val(value), channel.to_uper()))
    else:
        decode = best(lambda: pdu.from_aper(octets))
        value = pdu.get_val()
        figures[name] = decode, best(lambda: (pdu.set_val(value), pdu.to_aper()))
json.dump(figures, sys.stdout)
"""

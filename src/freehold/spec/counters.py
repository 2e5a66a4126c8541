"""Names of the counters, by TS 28.552 where it has one; labels follow the name in use."""

from __future__ import annotations

from typing import Final

# Registration (TS 28.552 5.2.2)
INITIAL_REGISTRATION: Final = "RM.RegInit"
MOBILITY_REGISTRATION: Final = "RM.RegMob"
PERIODIC_REGISTRATION: Final = "RM.RegPeriod"
EMERGENCY_REGISTRATION: Final = "RM.RegEmerg"
REQUESTED: Final = "Req"
SUCCEEDED: Final = "Succ"
FAILED: Final = "Fail"
"""What follows the name of a registration; the label of a failure is its cause."""
REGISTERED_SUBSCRIBERS: Final = "RM.RegisteredSubNbrMean"
# Service request (TS 28.552 5.2.3)
SERVICE_REQUEST: Final = "MM.ServiceReq"
SERVICE_SUCCESS: Final = "MM.ServiceSucc"
# Paging (TS 28.552 5.2.5)
PAGING_ATTEMPT: Final = "MM.Paging5GReq"
PAGING_SUCCESS: Final = "MM.Paging5GSucc"
# Authentication (TS 28.552 5.2.8)
AUTHENTICATION_REQUEST: Final = "AMF.AuthReq"
AUTHENTICATION_FAILURE: Final = "AMF.AuthFail"
# PDU sessions (TS 28.552 5.3.1)
SESSION_REQUEST: Final = "SM.PduSessionCreationReq"
SESSION_SUCCESS: Final = "SM.PduSessionCreationSucc"
SESSION_FAILURE: Final = "SM.PduSessionCreationFail"
SESSION_MEAN: Final = "SM.SessionNbrMean"
# N4 (TS 28.552 5.3.2 and 5.4)
N4_SESSION_FAILURE: Final = "SM.N4SessionEstabFail"
# What TS 28.552 does not name
RRC_REFUSED: Final = "RRC.ConnEstabRefused"
PROCEDURE_STARTED: Final = "procedure.started"
PROCEDURE_ENDED: Final = "procedure.ended"
PROTOCOL_FAULT: Final = "protocol.fault"
N4_RATE_EXCEEDED: Final = "n4.rate_exceeded"
RETRANSMISSION: Final = "timer.retransmission"
EXPIRED: Final = "timer.expired"
NGAP_IGNORED: Final = "ngap.ignored"
NAS_NON_DELIVERY: Final = "ngap.nas-non-delivery"

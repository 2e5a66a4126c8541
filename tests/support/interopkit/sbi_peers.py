"""What an SMF of another network asks over SBI: an NRF, a UDM and a PCF of a few answers, and Freehold's AMF."""

from __future__ import annotations

import asyncio
import http.client
import json

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from freehold.procedure import Driver, Signal, procedure
from freehold.services.errors import ServiceError
from freehold.services.namf import N1N2MessageTransferReqData
from freehold.services.nsmf import SmContextUpdatedData
from freehold.spec.identities import Supi
from interopkit import multipart
from interopkit.core import PLMN

AMF_ID = "00000000-0000-4000-8000-00000000a3f0"
AMBR = {"uplink": "1 Gbps", "downlink": "1 Gbps"}
ARP = {"priorityLevel": 8, "preemptCap": "NOT_PREEMPT", "preemptVuln": "NOT_PREEMPTABLE"}
SERVICES = {
    "UDM": ("nudm-sdm", "nudm-uecm"),
    "PCF": ("npcf-smpolicycontrol",),
    "AMF": ("namf-comm",),
}


def plmn():
    """The network's PLMN as JSON."""
    mcc, mnc = PLMN.split("/")
    return {"mcc": mcc, "mnc": mnc}


class Peers:
    """The server at one address."""

    def __init__(self, address, network):
        self._address = address
        self._network = network
        self._root = f"http://{address[0]}:{address[1]}"
        self._driver = Driver("SBI", network.world.environment, network.core.timers)

    async def serve(self):
        """Answer until cancelled."""
        server = Server(
            self._answer, *self._address, interface=Interfaces.RSGI, http=HTTPModes.http2, log_enabled=False
        )
        await server.serve()

    async def _answer(self, scope, protocol):
        body = await protocol()
        status, document, headers = await self._route(scope.method, scope.path, scope.query_string, scope, body)
        kind = [("content-type", "application/json")] if document is not None else []
        octets = b"" if document is None else json.dumps(document).encode()
        protocol.response_bytes(status, kind + headers, octets)

    async def _route(self, method, path, query, scope, body):
        where = path.strip("/").split("/")
        match method, where:
            case "PUT", ["nnrf-nfm", "v1", "nf-instances", _]:
                return 201, json.loads(body), [("location", self._root + path)]
            case "GET", ["nnrf-disc", "v1", "nf-instances"]:
                return 200, self._found(query), []
            case "GET", ["nudm-sdm", _, _, "sm-data"]:
                return 200, [self._subscription()], []
            case "POST", ["nudm-sdm", _, _, "sdm-subscriptions"]:
                return 201, json.loads(body), [("location", self._root + path + "/1")]
            case "PUT", ["nudm-uecm", *_]:
                return 201, json.loads(body), [("location", self._root + path)]
            case "POST", ["npcf-smpolicycontrol", _, "sm-policies"]:
                return 201, self._decision(), [("location", self._root + path + "/1")]
            case "POST", ["namf-comm", "v1", "ue-contexts", supi, "n1-n2-messages"]:
                return 200, {"cause": await self._transfer(supi, scope, body)}, []
            case "POST", ["status", supi, session]:
                await self._perform(self._network.core.amf.sm_context_status_notify(Supi(supi), int(session), ""))
        return 204, None, []

    def _found(self, query):
        kind = query.partition("target-nf-type=")[2].partition("&")[0]
        services = [
            {
                "serviceInstanceId": name,
                "serviceName": name,
                "versions": [{"apiVersionInUri": "v1", "apiFullVersion": "1.0.0"}],
                "scheme": "http",
                "nfServiceStatus": "REGISTERED",
                "apiPrefix": self._root,
                "ipEndPoints": [{"ipv4Address": self._address[0], "port": self._address[1]}],
            }
            for name in SERVICES.get(kind, ())
        ]
        profile = {
            "nfInstanceId": AMF_ID,
            "nfType": kind,
            "nfStatus": "REGISTERED",
            "ipv4Addresses": [self._address[0]],
            "nfServices": services,
        }
        return {"validityPeriod": 3600, "nfInstances": [profile] if services else []}

    @staticmethod
    def _subscription():
        internet = {
            "pduSessionTypes": {"defaultSessionType": "IPV4", "allowedSessionTypes": ["IPV4"]},
            "sscModes": {"defaultSscMode": "SSC_MODE_1", "allowedSscModes": ["SSC_MODE_1"]},
            "5gQosProfile": {"5qi": 9, "arp": ARP, "priorityLevel": 8},
            "sessionAmbr": AMBR,
        }
        return {"singleNssai": {"sst": 1}, "dnnConfigurations": {"internet": internet}}

    @staticmethod
    def _decision():
        rule = {"sessRuleId": "1", "authSessAmbr": AMBR, "authDefQos": {"5qi": 9, "arp": ARP, "priorityLevel": 8}}
        return {"sessRules": {"1": rule}}

    async def _transfer(self, supi, scope, body):
        document, parts = multipart.read(body, scope.headers.get("content-type"))
        nas = document.get("n1MessageContainer", {}).get("n1MessageContent", {}).get("contentId")
        ngap = document.get("n2InfoContainer", {}).get("smInfo", {}).get("n2InfoContent", {})
        data = N1N2MessageTransferReqData(
            document["pduSessionId"],
            n1_sm_message=parts.get(nas),
            n2_sm_info=parts.get(ngap.get("ngapData", {}).get("contentId")),
            n2_sm_info_type=ngap.get("ngapIeType"),
        )
        return await self._perform(self._network.core.amf.n1_n2_message_transfer(Supi(supi), data))

    async def _perform(self, work):
        return await self._network.world.wait(self._driver.converse("SBI").perform(_do(work)))


@procedure(spec="TS 29.500 5.2")
async def _do(work):
    return await work


class ForeignSmf:
    """An SMF behind SBI, as Freehold's AMF sees one (`services.nsmf.PduSession`)."""

    def __init__(self, address, peers):
        self._address = address
        self._peers = f"http://{peers[0]}:{peers[1]}"

    async def create_sm_context(self, data):
        """CreateSMContext."""
        guami = data.guami
        amf = f"{guami.region:02x}{guami.set_id << 6 | guami.pointer:04x}"
        tai = {"plmnId": plmn(), "tac": f"{data.tai.tac:06x}"}
        document = {
            "supi": data.supi.value,
            "pduSessionId": data.pdu_session_id,
            "dnn": data.dnn,
            "sNssai": {"sst": data.slice.sst},
            "servingNfId": AMF_ID,
            "guami": {"plmnId": plmn(), "amfId": amf},
            "servingNetwork": plmn(),
            "requestType": data.request_type,
            "anType": "3GPP_ACCESS",
            "ratType": "NR",
            "n1SmMsg": {"contentId": "n1"},
            "ueLocation": {"nrLocation": {"tai": tai, "ncgi": {"plmnId": plmn(), "nrCellId": "000000010"}}},
            "smContextStatusUri": f"{self._peers}/status/{data.supi.value}/{data.pdu_session_id}",
        }
        parts = {"n1": (multipart.NAS, data.n1_sm_message)}
        status, headers, _, _ = await self._post("/sm-contexts", document, parts)
        if status != http.HTTPStatus.CREATED:
            raise ServiceError(status, "REFUSED")
        return "urn:uuid:" + headers["location"].rpartition("/")[2]

    async def update_sm_context(self, reference, data):
        """UpdateSMContext."""
        document = {"cause": data.cause, "upCnxState": data.up_cnx_state, "release": data.release or None}
        parts = {}
        if data.n1_sm_message is not None:
            document["n1SmMsg"] = {"contentId": "n1"}
            parts["n1"] = (multipart.NAS, data.n1_sm_message)
        if data.n2_sm_info is not None:
            document |= {"n2SmInfo": {"contentId": "n2"}, "n2SmInfoType": data.n2_sm_info_type}
            parts["n2"] = (multipart.NGAP, data.n2_sm_info)
        document = {name: value for name, value in document.items() if value}
        status, _, answer, found = await self._post(f"/sm-contexts/{reference}/modify", document, parts)
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise ServiceError(status, "REFUSED")
        return SmContextUpdatedData(
            found.get(answer.get("n1SmMsg", {}).get("contentId")),
            found.get(answer.get("n2SmInfo", {}).get("contentId")),
            answer.get("n2SmInfoType"),
            answer.get("upCnxState"),
        )

    async def release_sm_context(self, reference, cause=""):
        """ReleaseSMContext."""
        document = {"cause": cause} if cause else {}
        await self._post(f"/sm-contexts/{reference}/release", document, {})

    async def _post(self, path, document, parts):
        """A request that a thread carries out, so that procedures wait for a signal."""
        done = Signal()
        loop = asyncio.get_running_loop()
        asking = loop.run_in_executor(None, self._ask, path, document, parts)
        asking.add_done_callback(lambda future: _settle(done, future))
        return await done

    def _ask(self, path, document, parts):
        body, kind = multipart.write(document, parts) if parts else (json.dumps(document).encode(), "application/json")
        connection = http.client.HTTPConnection(*self._address, timeout=20)
        connection.request("POST", "/nsmf-pdusession/v1" + path, body, {"Content-Type": kind})
        response = connection.getresponse()
        octets = response.read()
        connection.close()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, *multipart.read(octets, headers.get("content-type", ""))


def _settle(done, future):
    error = future.exception()
    if error is None:
        done.set(future.result())
    else:
        done.fail(ServiceError(503, "SYSTEM_FAILURE", repr(error)))

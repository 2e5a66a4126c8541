"""Scripted neighbours of an AMF: they answer at once, remember what they were asked, and fail on command."""

from collections import Counter

from freehold.codecs import ngap
from freehold.crypto import aka, keys
from freehold.services.errors import ServiceError
from freehold.services.namf import N1N2MessageTransferReqData
from freehold.services.nausf import ConfirmationDataResponse, UeAuthenticationCtx
from freehold.services.nnrf import NfProfile
from freehold.services.nnssf import AuthorizedNetworkSliceInfo
from freehold.services.npcf import AmPolicyAssociation
from freehold.services.nsmf import SmContextUpdatedData
from freehold.services.nudm import AccessAndMobilitySubscriptionData, Ambr, SmfSelectionData
from freehold.spec.identities import SNssai, Suci, Supi
from freehold.spec.keys import Key

SLICE = SNssai(1)
SLICE_SD = SNssai(1, 0x010203)
AMF_FIELD = b"\x80\x00"


class Subscription:
    def __init__(self, digits, k=bytes(range(16)), opc=bytes(range(16, 32)), sqn=32):
        self.supi = Supi.imsi(digits)
        self.k, self.opc, self.sqn = k, opc, sqn
        self.dnns = ("internet", "ims")
        self.data = AccessAndMobilitySubscriptionData(
            default_slices=(SLICE,), slices=(SLICE, SLICE_SD), ue_ambr=Ambr(10**9, 2 * 10**9)
        )


class Scripted:
    """Counts each operation; `fail[operation]` is raised instead of an answer."""

    def __init__(self):
        self.calls = Counter()
        self.asked = []
        self.fail = {}
        self.hold = {}

    async def note(self, operation, *arguments):
        """`fail[operation]` is raised; `hold[operation]` is a Signal waited for."""
        self.calls[operation] += 1
        self.asked.append((operation, *arguments))
        if operation in self.hold:
            await self.hold[operation]
        if operation in self.fail:
            raise self.fail[operation]

    def last(self, operation):
        return next(entry[1:] for entry in reversed(self.asked) if entry[0] == operation)


class Home(Scripted):
    """AUSF and UDM in one, with real vectors."""

    def __init__(self, randomness):
        super().__init__()
        self.random = randomness
        self.subscriptions = {}
        self.contexts = {}
        self.registered = {}
        self.told = {}
        self.say_failure = False
        self.answers = []

    def add(self, digits, **options):
        subscription = Subscription(digits, **options)
        self.subscriptions[subscription.supi] = subscription
        return subscription

    def of(self, identity):
        supi = identity if isinstance(identity, Supi) else None
        if isinstance(identity, Suci) and identity.scheme == 0:
            msin = identity.output.hex()
            msin = "".join(msin[i + 1] + msin[i] for i in range(0, len(msin), 2)).rstrip("f")
            supi = Supi.imsi(identity.plmn.mcc + identity.plmn.mnc + msin)
        if supi not in self.subscriptions:
            raise ServiceError(404, "USER_NOT_FOUND")
        return self.subscriptions[supi]

    async def authenticate(self, info):
        await self.note("authenticate", info)
        subscription = self.of(info.identity)
        if info.resynchronization is not None:
            again = info.resynchronization
            sqn = aka.verify_auts(subscription.k, subscription.opc, again.rand, again.auts)
            if sqn is None:
                raise ServiceError(403, "AUTHENTICATION_REJECTED", "AUTS does not fit")
            subscription.sqn = sqn
        subscription.sqn += 32
        vector = aka.generate_vector(
            subscription.k, subscription.opc, self.random(16), subscription.sqn, AMF_FIELD, info.serving_network_name
        )
        hxres_star, k_seaf = keys.serving_keys(vector.kausf, vector.rand, vector.xres_star, info.serving_network_name)
        identity = len(self.contexts) + 1
        self.contexts[identity] = (subscription.supi, vector.xres_star, k_seaf)
        return UeAuthenticationCtx(identity, vector.rand, vector.autn, hxres_star)

    async def confirm(self, context_id, res_star):
        await self.note("confirm", context_id)
        self.answers.append(res_star)
        supi, xres_star, k_seaf = self.contexts.pop(context_id)
        if res_star != xres_star or self.say_failure:
            return ConfirmationDataResponse(False)
        return ConfirmationDataResponse(True, supi, Key(k_seaf))

    async def get_am_data(self, supi):
        await self.note("get_am_data", supi)
        return self.subscriptions[supi].data

    async def subscribe_sdm(self, supi, notify):
        await self.note("subscribe_sdm", supi)
        self.told[supi] = notify

    async def unsubscribe_sdm(self, supi, notify):
        await self.note("unsubscribe_sdm", supi)
        self.told.pop(supi, None)

    async def get_smf_select_data(self, supi, slice_):
        await self.note("get_smf_select_data", supi, slice_)
        return SmfSelectionData(self.subscriptions[supi].dnns)

    async def register_amf(self, supi, registration):
        await self.note("register_amf", supi, registration)
        self.registered[supi] = registration

    async def deregister_amf(self, supi, guami):
        await self.note("deregister_amf", supi)
        self.registered.pop(supi, None)


class Policy(Scripted):
    def __init__(self):
        super().__init__()
        self.policies = set()
        self.answer = AmPolicyAssociation()

    async def create_am_policy(self, supi, tai, subscribed):
        await self.note("create_am_policy", supi)
        self.policies.add(supi)
        return self.answer

    async def update_am_policy(self, supi, tai, subscribed):
        await self.note("update_am_policy", supi)
        return self.answer

    async def delete_am_policy(self, supi):
        await self.note("delete_am_policy", supi)
        self.policies.discard(supi)


class Slices(Scripted):
    async def select(self, requested, subscribed, default, tai):
        await self.note("select", requested)
        wanted = requested or default
        return AuthorizedNetworkSliceInfo(
            tuple(each for each in wanted if each in subscribed),
            subscribed,
            tuple((each, "plmn") for each in wanted if each not in subscribed),
        )


class Smf(Scripted):
    """An SMF without N4: it accepts at once, sends canned N1 and N2 parts through the AMF."""

    TRANSFER = ngap.encode_value(
        ngap.PDUSessionResourceSetupRequestTransfer(
            ul_ngu_up_tnl_information=(
                "gTPTunnel",
                ngap.GTPTunnel(transport_layer_address=(0xC0000201, 32), gtp_teid=b"\0\0\0\1"),
            ),
            pdu_session_type="ipv4",
            qos_flow_setup_request_list=[
                ngap.QosFlowSetupRequestItem(
                    qos_flow_identifier=1,
                    qos_flow_level_qos_parameters=ngap.QosFlowLevelQosParameters(
                        qos_characteristics=("nonDynamic5QI", ngap.NonDynamic5QIDescriptor(five_qi=9)),
                        allocation_and_retention_priority=ngap.AllocationAndRetentionPriority(
                            priority_level_arp=8,
                            pre_emption_capability="shall-not-trigger-pre-emption",
                            pre_emption_vulnerability="not-pre-emptable",
                        ),
                    ),
                )
            ],
        )
    )

    COMMAND = ngap.encode_value(ngap.HandoverCommandTransfer())
    SWITCHED = ngap.encode_value(ngap.PathSwitchRequestAcknowledgeTransfer())

    def __init__(self):
        super().__init__()
        self.amf = None
        self.contexts = {}
        self.answers = {}
        self.refused = set()
        self.left_behind = set()
        self.forgets = set()
        self.silent = False

    async def create_sm_context(self, data):
        await self.note("create_sm_context", data)
        reference = f"sm-{len(self.asked)}"
        self.contexts[reference] = data
        if not self.silent:
            await self.amf.n1_n2_message_transfer(
                data.supi,
                N1N2MessageTransferReqData(
                    data.pdu_session_id, data.slice, b"\x2e\x01\x01\xc2", self.TRANSFER, "PDU_RES_SETUP_REQ"
                ),
            )
        return reference

    async def update_sm_context(self, reference, data):
        await self.note("update_sm_context", reference, data)
        if reference not in self.contexts:
            raise ServiceError(404, "CONTEXT_NOT_FOUND")
        if data.n2_sm_info_type in self.refused:
            raise ServiceError(400, "N2_SM_ERROR")
        if data.up_cnx_state == "ACTIVATING":
            return SmContextUpdatedData(
                n2_sm_info=self.TRANSFER, n2_sm_info_type="PDU_RES_SETUP_REQ", up_cnx_state="ACTIVATING"
            )
        if data.n2_sm_info_type == "PATH_SWITCH_REQ":
            return SmContextUpdatedData(n2_sm_info=self.SWITCHED, n2_sm_info_type="PATH_SWITCH_REQ_ACK")
        if data.n2_sm_info_type == "HANDOVER_REQUIRED":
            return SmContextUpdatedData(n2_sm_info=self.TRANSFER, n2_sm_info_type="PDU_RES_SETUP_REQ")
        if data.n2_sm_info_type == "HANDOVER_REQ_ACK":
            return SmContextUpdatedData(n2_sm_info=self.COMMAND, n2_sm_info_type="HANDOVER_CMD")
        if data.n2_sm_info_type == "HANDOVER_RES_ALLOC_FAIL":
            self.left_behind.add(reference)
        if data.ho_state == "COMPLETED" and self.contexts[reference].pdu_session_id not in self.forgets:
            state = "DEACTIVATED" if reference in self.left_behind else "ACTIVATED"
            return SmContextUpdatedData(ho_state="COMPLETED", up_cnx_state=state)
        return self.answers.get(data.n2_sm_info_type or data.n1_sm_message, SmContextUpdatedData())

    async def release_sm_context(self, reference, cause=""):
        await self.note("release_sm_context", reference, cause)
        self.contexts.pop(reference, None)


class Registry(Scripted):
    def __init__(self, smf):
        super().__init__()
        self.smf = smf

    async def discover(self, nf_type, slice_=None, dnn=None):
        await self.note("discover", nf_type, slice_, dnn)
        return (NfProfile("smf", "SMF", service=self.smf),)

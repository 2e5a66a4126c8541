"""The catalogue: every test of 3GPP's SCAS documents, by clause and name, and what keeps some from being performed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

WAITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sbi": "services between functions over TLS with tokens",
        "rrc": "RRC and PDCP of our own terminal and gNB",
        "xn": "an Xn interface between two gNBs",
        "optional": "an optional function that this network does not have",
        "gtp_c": "GTP-C, which a 5G standalone network does not have",
        "tsc": "time sensitive communication, an optional function",
        "lan": "5G LAN groups, an optional function",
        "charging": "a charging function (Nchf)",
        "hardware": "hardware: to be checked by hand",
        "virtualised": "an image and an orchestrator of virtual functions",
    }
)
"""What a test waits for, by a short name."""


class Row(msgspec.Struct, frozen=True):
    """A test of the catalogue; `waits` is a key of WAITS, empty where it is executable."""

    document: str
    clause: str
    test_case: str
    kind: str
    waits: str = ""

    @property
    def number(self) -> str:
        """The document's number, e.g. TS 33.512."""
        return " ".join(self.document.split()[:2])


ROWS: Final[tuple[Row, ...]] = tuple(
    Row(*line)
    for line in (
        ("TS 33.117 General", "4.2.2.2.2", "TC_PROTECT_TRANSPORT_LAYER", "A", "sbi"),
        ("TS 33.117 General", "4.2.2.2.3.1", "TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_ONE_PLMN", "A", "sbi"),
        ("TS 33.117 General", "4.2.2.2.3.2", "TC_AUTHORIZATION_TOKEN_VERIFICATION_FAILURE_DIFF_PLMN", "O", "sbi"),
        ("TS 33.117 General", "4.2.2.2.4.1", "TC_CLIENT_CREDENTIALS_ASSERTION_VALIDATION", "A", "sbi"),
        ("TS 33.117 General", "4.2.3.2.2", "TC_CONFIDENTIAL_SYSTEM_INTERNAL_DATA", "B", ""),
        ("TS 33.117 General", "4.2.3.2.3", "TC_PSW_STOR_SUPPORT", "B", ""),
        ("TS 33.117 General", "4.2.3.2.4", "TC_PROTECT_DATA_INFO_TRANSFER_1", "A", ""),
        ("TS 33.117 General", "4.2.3.2.5", "TC_LOGGING_ACCESS_TO_PERSONAL_DATA", "A", ""),
        ("TS 33.117 General", "4.2.3.3.2", "TC_BOOT_INT_MEM_1", "-", "hardware"),
        ("TS 33.117 General", "4.2.3.3.3", "TC_SYSTEM_HANDLING_OF_OVERLOAD_SITUATIONS", "A", ""),
        ("TS 33.117 General", "4.2.3.3.5", "TC_SW_PKG_INTEGRITY_1", "B", ""),
        ("TS 33.117 General", "4.2.3.4.1.1", "TC_SYS_FUN_USAGE", "A", ""),
        ("TS 33.117 General", "4.2.3.4.1.2", "TC_ACCOUNT_NUMBER", "A", ""),
        ("TS 33.117 General", "4.2.3.4.2.1", "TC_ACCOUNT_PROTECTION", "A", ""),
        ("TS 33.117 General", "4.2.3.4.2.2", "TC_PREDEFINED_ACCOUNT_DELETION", "B", ""),
        ("TS 33.117 General", "4.2.3.4.2.3", "TC_PREDEFINED_AUTHENTICATION_ATTRIBUTES_DELETION", "B", ""),
        ("TS 33.117 General", "4.2.3.4.3.1", "TC_PASSWORD_STRUCT", "A", ""),
        ("TS 33.117 General", "4.2.3.4.3.2", "TC_PASSWORD_CHANGES", "A", ""),
        ("TS 33.117 General", "4.2.3.4.3.3", "TC_PROTECT_AGAINST_BRUTE_FORCE_AND_DICTIONARY_ATTACKS", "A", ""),
        ("TS 33.117 General", "4.2.3.4.3.4", "TC_HIDING_PASSWORD_DISPLAY", "A", ""),
        (
            "TS 33.117 General",
            "4.2.3.4.4.1",
            "(unnamed) Network Product Management and Maintenance interfaces",
            "A",
            "",
        ),
        ("TS 33.117 General", "4.2.3.4.5", "TC_FAILED_LOGIN_ATTEMPTS", "A", ""),
        ("TS 33.117 General", "4.2.3.4.6.1", "(unnamed) Authorization policy", "A", ""),
        ("TS 33.117 General", "4.2.3.4.6.2", "(unnamed) Role-based access control", "A", ""),
        ("TS 33.117 General", "4.2.3.5.1", "TC_PROTECTING_SESSION_LOGOUT", "A", ""),
        ("TS 33.117 General", "4.2.3.5.2", "TC_PROTECTING_SESSION_INAC_TIMEOUT", "A", ""),
        ("TS 33.117 General", "4.2.3.6.1", "TC_SECURITY_EVENT_LOGGING", "A", ""),
        ("TS 33.117 General", "4.2.3.6.2", "TC_LOG_TRANS_TO_CENTR_STORAGE", "A", ""),
        ("TS 33.117 General", "4.2.3.6.3", "(unnamed) Protection of security event log files", "B", ""),
        ("TS 33.117 General", "4.2.4.1.1.1", "TC_HANDLING_OF_GROWING_CONTENT", "B", ""),
        ("TS 33.117 General", "4.2.4.1.1.2", "TC_HANDLING_OF_ICMP", "A", ""),
        ("TS 33.117 General", "4.2.4.1.1.3", "TC_HANDLING_IP_OPTIONS_AND_EXTENSIONS", "A", ""),
        ("TS 33.117 General", "4.2.4.1.2.1", "TC_OS_PRIVILEGE", "B", ""),
        ("TS 33.117 General", "4.2.4.2.2", "TC_UNIQUE_SYSTEM_ACCOUNT_IDENTIFICATION", "B", ""),
        ("TS 33.117 General", "4.2.5.1", "(unnamed) HTTPS", "A", ""),
        ("TS 33.117 General", "4.2.5.2.1", "TC_WEBSERVER_LOGGING", "A", ""),
        ("TS 33.117 General", "4.2.5.3", "(unnamed) HTTP User sessions", "A", ""),
        ("TS 33.117 General", "4.2.6.2.1", "TC_PACKET_FILTERING", "A", ""),
        ("TS 33.117 General", "4.2.6.2.3", "TC_GTP_C_FILTERING", "O", "gtp_c"),
        ("TS 33.117 General", "4.2.6.2.4", "TC_GTP_U_FILTERING", "A", ""),
        ("TS 33.117 General", "4.3.2.1", "TC_NO_UNNECESSARY_SERVICE", "A", ""),
        ("TS 33.117 General", "4.3.2.2", "TC_RESTRICTED_REACHABILITY_OF_SERVICES", "A", ""),
        ("TS 33.117 General", "4.3.2.3", "TC_NO_UNUSED_SOFTWARE", "B", ""),
        ("TS 33.117 General", "4.3.2.4", "TC_NO_UNUSED_FUNCTIONS", "B", ""),
        ("TS 33.117 General", "4.3.2.5", "TC_NO_UNSUPPORTED_COMPONENTS", "B", ""),
        ("TS 33.117 General", "4.3.2.6", "TC_REMOTE_LOGIN_RESTRICTIONS_PRIVILEGED_USERS", "A", ""),
        ("TS 33.117 General", "4.3.2.7", "TC_FILESYSTEM_AUTHORIZATION_PRIVILEGES", "B", ""),
        ("TS 33.117 General", "4.3.3.1.1", "TC_IP_SPOOFING_MITIGATION", "A", ""),
        ("TS 33.117 General", "4.3.3.1.2", "TC_BROADCAST_ICMP_HANDLING", "A", ""),
        ("TS 33.117 General", "4.3.3.1.3", "TC_NO_AUTO_LAUNCH_OF_REMOVABLE_MEDIA", "-", "hardware"),
        ("TS 33.117 General", "4.3.3.1.4", "TC_SYN_FLOOD_PREVENTION", "A", ""),
        ("TS 33.117 General", "4.3.3.1.5", "TC_PROTECTION_FROM_BUFFER_OVERFLOW", "B", ""),
        ("TS 33.117 General", "4.3.3.1.6", "TC_EXTERNAL_FILE_SYSTEM_MOUNT_RESTRICTIONS", "B", ""),
        ("TS 33.117 General", "4.3.4.10", "TC_NO_DIRECTORY_LISTINGS", "A", ""),
        ("TS 33.117 General", "4.3.4.11", "TC_NO_WEB_SERVER_HEADER_INFORMATION", "A", ""),
        ("TS 33.117 General", "4.3.4.12", "TC_NO_WEB_SERVER_ERROR_PAGES_INFORMATION", "A", ""),
        ("TS 33.117 General", "4.3.4.13", "TC_NO_WEB_SERVER_FILE_TYPE_MAPPINGS", "B", ""),
        ("TS 33.117 General", "4.3.4.14", "TC_RESTRICTED_FILE_ACCESS", "A", ""),
        ("TS 33.117 General", "4.3.4.2", "TC_NO_SYSTEM_PRIVILEGES_WEB_SERVER", "B", ""),
        ("TS 33.117 General", "4.3.4.3", "TC_NO_UNUSED_HTTP_METHODS", "A", ""),
        ("TS 33.117 General", "4.3.4.4", "TC_NO_UNUSED_ADD_ONS", "B", ""),
        ("TS 33.117 General", "4.3.4.5", "TC_NO_COMPILER_FOR_CGI", "B", ""),
        ("TS 33.117 General", "4.3.4.6", "TC_NO_CGI_OR_SCRIPTING_FOR_UPLOADS", "B", ""),
        ("TS 33.117 General", "4.3.4.7", "TC_NO_EXECUTION_OF_SYSTEM_COMMANDS", "B", ""),
        ("TS 33.117 General", "4.3.4.8", "TC_ACCESS_RIGHTS_WEB_SERVER_FILES", "B", ""),
        ("TS 33.117 General", "4.3.4.9", "TC_NO_DEFAULT_CONTENT", "A", ""),
        ("TS 33.117 General", "4.3.5.1", "TC_TRAFFIC_SEPARATION", "A", ""),
        ("TS 33.117 General", "4.3.6.2", "TC_JSON_PARSER_CODE_EXEC_INCL", "A", ""),
        ("TS 33.117 General", "4.3.6.3", "(unnamed) Unique key values in IEs", "A", ""),
        ("TS 33.117 General", "4.3.6.4", "(unnamed) The valid format and range of values for IEs", "A", ""),
        ("TS 33.117 General", "4.4.2", "TC_BVT_PORT_SCANNING", "A", ""),
        ("TS 33.117 General", "4.4.3", "TC_BVT_VULNERABILITY_SCANNING", "A", ""),
        ("TS 33.117 General", "4.4.4", "TC_BVT_ROBUSTNESS_AND_FUZZ_TESTING", "A", ""),
        ("TS 33.326 NSSAAF", "4.2.1", "TC_NSSAAF_CORRECT_ROUTING", "O", "optional"),
        ("TS 33.326 NSSAAF", "4.2.2", "TC_NSSAAF_AAAS_AUTHORIZATION_REAUTH_REVOCATION", "O", "optional"),
        ("TS 33.511 gNB", "4.2.2.1.1", "TC_CP_DATA_INT_RRC_SIGN_gNB", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.10", "TC_UP_DATA_CIP_SMF", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.11", "TC_UP_DATA_INT_SMF", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.12", "TC_AS_alg_select_gNB", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.13", "TC_GNB_KEY_REFRESH_DRB_ID", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.14", "TC_Xn_handover_bid_down_gNB", "A", "xn"),
        ("TS 33.511 gNB", "4.2.2.1.15", "(unnamed) AS protection algorithm selection in gNB change", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.18", "TC_GNB_DC_KEY_UPDATE_SN_COUNTER", "O", "optional"),
        ("TS 33.511 gNB", "4.2.2.1.19", "TC_GNB_INACTIVE_TO_ACTIVE", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.2", "TC_UP_DATA_INT_gNB", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.4", "(unnamed) RRC integrity check failure", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.5", "(unnamed) UP integrity check failure", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.6", "TC_CP_DATA_CIP_RRC_SIGN_gNB", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.7", "TC_UP_DATA_CIP_gNB", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.8", "TC_UP_DATA_REPLAY_gNB", "R", "rrc"),
        ("TS 33.511 gNB", "4.2.2.1.9", "TC_UP_DATA_RRC_REPLAY_gNB", "R", "rrc"),
        ("TS 33.512 AMF", "4.2.2.1.1", "TC_SYNC_FAIL_SEAF_AMF (cases A, B)", "A", ""),
        ("TS 33.512 AMF", "4.2.2.1.2", "TC_RES_STAR_VERIFICATION_FAILURE", "A", ""),
        ("TS 33.512 AMF", "4.2.2.1.3", "TC_AMF_REDIRECTION_5GS_EPS", "O", "optional"),
        ("TS 33.512 AMF", "4.2.2.1.4", "(unnamed) NAS integrity failure", "A", ""),
        ("TS 33.512 AMF", "4.2.2.3.1", "TC_NAS_REPLAY_AMF", "A", ""),
        ("TS 33.512 AMF", "4.2.2.3.2", "TC_NAS_NULL_INT_AMF", "A", ""),
        ("TS 33.512 AMF", "4.2.2.3.3", "TC_NAS_INT_SELECTION_USE_AMF", "A", ""),
        ("TS 33.512 AMF", "4.2.2.4.1", "TC_BIDDING_DOWN_XN_AMF", "A", ""),
        ("TS 33.512 AMF", "4.2.2.4.2", "TC_NAS_ALG_AMF_CHANGE_AMF", "A", ""),
        ("TS 33.512 AMF", "4.2.2.5.1", "TC_5G_GUTI_ALLOCATION_AMF", "A", ""),
        ("TS 33.512 AMF", "4.2.2.6.1", "TC_UE_SEC_CAP_HANDLING_AMF", "A", ""),
        ("TS 33.512 AMF", "4.2.2.6.2", "TC_UE_SEC_CAPS_AS_CONTEXT_SETUP", "A", ""),
        ("TS 33.512 AMF", "4.2.2.7", "TC_AMF_REEST_CP_CIOT", "O", "optional"),
        ("TS 33.512 AMF", "4.2.2.8.1", "TC_VALIDTATION_SNSSAI_IN_PDU_REQUEST", "A", ""),
        ("TS 33.512 AMF", "4.2.2.9.1", "TC_NSSAA_REVOCATION", "O", "optional"),
        ("TS 33.513 UPF", "4.2.2.1", "TC_UP_DATA_CONF_UPF", "A", ""),
        ("TS 33.513 UPF", "4.2.2.2", "TC_UP_DATA_INT_UPF", "A", ""),
        ("TS 33.513 UPF", "4.2.2.3", "TC_UP_DATA_REPLAY_UPF", "A", ""),
        ("TS 33.513 UPF", "4.2.2.4", "TC_UP_DATA_CONF_UPF_N9", "O", "optional"),
        ("TS 33.513 UPF", "4.2.2.5", "TC_CP_DATA_CONF_UPF_N4", "A", ""),
        ("TS 33.513 UPF", "4.2.2.6", "TC_TEID_ID_UNIQUENESS_UPF", "A", ""),
        ("TS 33.513 UPF", "4.2.2.7", "TC_IPUPS_PACKET_HANDLING", "O", "optional"),
        ("TS 33.513 UPF", "4.2.2.8", "TC_IPUPS_MALFORED_MESSAGES", "O", "optional"),
        ("TS 33.514 UDM", "4.2.1.1", "TC_DE_CONCEAL_SUPI_from_SUCI_UDM", "A", ""),
        ("TS 33.514 UDM", "4.2.2.1", "(unnamed) Synchronization failure handling", "A", ""),
        ("TS 33.514 UDM", "4.2.2.2", "TC_AUTH_STATUS_STORE_UDM", "A", ""),
        ("TS 33.514 UDM", "4.2.7.1", "(unnamed) UP Security enforcement configuration for TSC service", "A", "tsc"),
        ("TS 33.514 UDM", "4.2.8.1", "(unnamed) UP security policy configuration for 5G LAN service", "A", "lan"),
        ("TS 33.515 SMF", "4.2.2.1.1", "TC_UP_POLICY_PRECEDENCE_SMF", "A", ""),
        ("TS 33.515 SMF", "4.2.2.1.3", "TC_UP_SECURITY_POLICY_SMF", "A", ""),
        ("TS 33.515 SMF", "4.2.2.1.4", "TC_CHARGING_ID_UNIQUENESS_SMF", "A", "charging"),
        ("TS 33.517 SEPP", "4.2.2.10", "TC_HANDLING_CUSTOM_HTTPHEADER_WITH_PRINS", "O", "optional"),
        ("TS 33.517 SEPP", "4.2.2.2", "TC_CRYPT_MATERIAL_SEPP_IPX_SEPARATION", "O", "optional"),
        ("TS 33.517 SEPP", "4.2.2.3", "TC_CONNECTION_SPECIFIC_SCOPE_CRYPT_MATERIAL", "O", "optional"),
        ("TS 33.517 SEPP", "4.2.2.4", "TC_PLMN_ID_MISMATCH", "O", "optional"),
        (
            "TS 33.517 SEPP",
            "4.2.2.5",
            "(unnamed) Confidential IEs replacement handling in original N32-f message",
            "O",
            "optional",
        ),
        ("TS 33.517 SEPP", "4.2.2.6", "TC_SEPP_POLICY_MISMATCH", "O", "optional"),
        ("TS 33.517 SEPP", "4.2.2.7", "TC_JWS_PROFILE_RESTRICTION", "O", "optional"),
        ("TS 33.517 SEPP", "4.2.2.8", "TC_NO_ENCRYPTED_IE_MISPLACEMENT", "O", "optional"),
        ("TS 33.517 SEPP", "4.2.2.9", "TC_CORRECT_INTER_PLMN_ROUTING", "O", "optional"),
        ("TS 33.517 SEPP", "4.2.5", "TC_CORRECT_TRUST_ANCHORING", "O", "optional"),
        ("TS 33.518 NRF", "4.2.2.2.1", "TC_DISC_AUTHORIZATION_SLICE_NRF", "A", "sbi"),
        ("TS 33.519 NEF", "4.2.2.1", "TC_CP_AUTHOR_AF_NEF", "O", "optional"),
        ("TS 33.521 NWDAF", "4.2.1.2.6", "TC_DATA_MASKING", "O", "optional"),
        ("TS 33.527 virtualised NF", "4.2.3.3.5.2", "TC_VNF_PACKAGE_AND_IMAGE_INTEGRITY", "B", "virtualised"),
        ("TS 33.527 virtualised NF", "4.2.7.1", "TC_LIFECYCLE_MANAGEMENT_SECURITY", "B", "virtualised"),
        ("TS 33.527 virtualised NF", "4.2.7.2", "TC_SECURE_EXECUTIVE_ENVIRONMENT_PROVISION", "B", "virtualised"),
        (
            "TS 33.527 virtualised NF",
            "4.2.7.3",
            "(unnamed) Instantiating VNF from trusted VNF image",
            "B",
            "virtualised",
        ),
        ("TS 33.527 virtualised NF", "4.3.6.2", "TC_TRAFFIC_SEPARATION_INTER_VNF_INTRA_VNF", "B", "virtualised"),
        ("TS 33.537 AAnF", "4.2.2.1", "TC_AKMA_Key_Storage_Update", "O", "optional"),
        ("TS 33.537 AAnF", "4.2.3.2.4.1", "TC_PROTECT_SBA_AAnF_AUSF", "O", "optional"),
        ("TS 33.537 AAnF", "4.2.3.2.4.2", "TC_PROTECT_AAnF_AF_NEF", "O", "optional"),
    )
)
"""In the order of the documents."""


def row(document: str, clause: str) -> Row:
    """The row of a document's number and clause; KeyError where the catalogue has none."""
    for each in ROWS:
        if each.clause == clause and each.number == document:
            return each
    raise KeyError(f"{document} {clause}")

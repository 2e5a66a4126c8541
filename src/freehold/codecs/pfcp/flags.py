"""Bits and values of enumerated IEs (TS 29.244 8.2), as plain numbers; bit 1 of octet 5 is 1, of octet 6 is 0x100."""

from typing import Final


class Interface:
    """Source and destination interfaces (TS 29.244 8.2.2, 8.2.24)."""

    ACCESS: Final = 0
    CORE: Final = 1
    SGI_LAN_N6_LAN: Final = 2
    CP_FUNCTION: Final = 3
    LI_FUNCTION: Final = 4
    FIVE_G_VN_INTERNAL: Final = 5


class Gate:
    """Gates (TS 29.244 8.2.7)."""

    OPEN: Final = 0
    CLOSED: Final = 1


class ApplyAction:
    """What to do with a packet (TS 29.244 8.2.26)."""

    DROP: Final = 0x01
    FORW: Final = 0x02
    BUFF: Final = 0x04
    NOCP: Final = 0x08
    DUPL: Final = 0x10
    IPMA: Final = 0x20
    IPMD: Final = 0x40
    DFRT: Final = 0x80
    EDRT: Final = 0x0100
    BDPN: Final = 0x0200
    DDPN: Final = 0x0400
    FSSM: Final = 0x0800
    MBSU: Final = 0x1000


class HeaderRemoval:
    """Outer headers to take away (TS 29.244 8.2.64)."""

    GTPU_UDP_IPV4: Final = 0
    GTPU_UDP_IPV6: Final = 1
    UDP_IPV4: Final = 2
    UDP_IPV6: Final = 3
    IPV4: Final = 4
    IPV6: Final = 5
    GTPU_UDP_IP: Final = 6
    VLAN_TAG_POP: Final = 7
    VLAN_TAGS_POP_POP: Final = 8


class InterfaceType:
    """3GPP interfaces that rules stand at (TS 29.244 8.2.118)."""

    N3_3GPP_ACCESS: Final = 11
    N6: Final = 17


class GTPUPathInterfaceType:
    """Interfaces whose paths are watched (TS 29.244 8.2.166)."""

    N9: Final = 0x01
    N3: Final = 0x02


class ReportType:
    """What a session report holds (TS 29.244 8.2.21)."""

    DLDR: Final = 0x01
    USAR: Final = 0x02
    ERIR: Final = 0x04
    UPIR: Final = 0x08
    TMIR: Final = 0x10
    SESR: Final = 0x20
    UISR: Final = 0x40


class ReportingTrigger:
    """When to report usage (TS 29.244 8.2.19)."""

    PERIO: Final = 0x01
    VOLTH: Final = 0x02
    TIMTH: Final = 0x04
    QUHTI: Final = 0x08
    START: Final = 0x10
    STOPT: Final = 0x20
    DROTH: Final = 0x40
    LIUSA: Final = 0x80
    VOLQU: Final = 0x0100
    TIMQU: Final = 0x0200
    ENVCL: Final = 0x0400
    MACAR: Final = 0x0800
    EVETH: Final = 0x1000
    EVEQU: Final = 0x2000
    IPMJL: Final = 0x4000
    QUVTI: Final = 0x8000
    REEMR: Final = 0x010000
    UPINT: Final = 0x020000


class UsageReportTrigger:
    """Why usage is reported (TS 29.244 8.2.41)."""

    PERIO: Final = 0x01
    VOLTH: Final = 0x02
    TIMTH: Final = 0x04
    QUHTI: Final = 0x08
    START: Final = 0x10
    STOPT: Final = 0x20
    DROTH: Final = 0x40
    IMMER: Final = 0x80
    VOLQU: Final = 0x0100
    TIMQU: Final = 0x0200
    LIUSA: Final = 0x0400
    TERMR: Final = 0x0800
    MONIT: Final = 0x1000
    ENVCL: Final = 0x2000
    MACAR: Final = 0x4000
    EVETH: Final = 0x8000
    EVEQU: Final = 0x010000
    TEBUR: Final = 0x020000
    IPMJL: Final = 0x040000
    QUVTI: Final = 0x080000
    EMRRE: Final = 0x100000
    UPINT: Final = 0x200000


class MeasurementMethod:
    """What is measured (TS 29.244 8.2.40)."""

    DURAT: Final = 0x01
    VOLUM: Final = 0x02
    EVENT: Final = 0x04


class UPFunctionFeature:
    """What a UP function supports (TS 29.244 8.2.25)."""

    BUCP: Final = 0x01
    DDND: Final = 0x02
    DLBD: Final = 0x04
    TRST: Final = 0x08
    FTUP: Final = 0x10
    PFDM: Final = 0x20
    HEEU: Final = 0x40
    TREU: Final = 0x80
    EMPU: Final = 0x0100
    PDIU: Final = 0x0200
    UDBC: Final = 0x0400
    QUOAC: Final = 0x0800
    TRACE: Final = 0x1000
    FRRT: Final = 0x2000
    PFDE: Final = 0x4000
    EPFAR: Final = 0x8000
    DPDRA: Final = 0x01_0000
    ADPDP: Final = 0x02_0000
    UEIP: Final = 0x04_0000
    SSET: Final = 0x08_0000
    MNOP: Final = 0x10_0000
    MTE: Final = 0x20_0000
    BUNDL: Final = 0x40_0000
    GCOM: Final = 0x80_0000
    MPAS: Final = 0x0100_0000
    RTTL: Final = 0x0200_0000
    VTIME: Final = 0x0400_0000
    NORP: Final = 0x0800_0000
    IPTV: Final = 0x1000_0000
    IP6PL: Final = 0x2000_0000
    TSN: Final = 0x4000_0000
    MPTCP: Final = 0x8000_0000
    ATSSS_LL: Final = 0x01_0000_0000
    QFQM: Final = 0x02_0000_0000
    GPQM: Final = 0x04_0000_0000
    MT_EDT: Final = 0x08_0000_0000
    CIOT: Final = 0x10_0000_0000
    ETHAR: Final = 0x20_0000_0000
    DDDS: Final = 0x40_0000_0000
    RDS: Final = 0x80_0000_0000
    RTTWP: Final = 0x0100_0000_0000
    QUASF: Final = 0x0200_0000_0000
    NSPOC: Final = 0x0400_0000_0000
    L2TP: Final = 0x0800_0000_0000
    UPBER: Final = 0x1000_0000_0000
    RESPS: Final = 0x2000_0000_0000
    IPREP: Final = 0x4000_0000_0000
    DNSTS: Final = 0x8000_0000_0000
    DRQOS: Final = 0x01_0000_0000_0000
    MBSN4: Final = 0x02_0000_0000_0000
    PSUPRM: Final = 0x04_0000_0000_0000
    EPPPI: Final = 0x08_0000_0000_0000
    RATP: Final = 0x10_0000_0000_0000
    UPIDP: Final = 0x20_0000_0000_0000
    AFSFC: Final = 0x40_0000_0000_0000
    MPQUIC_UDP: Final = 0x80_0000_0000_0000
    REDSM: Final = 0x0100_0000_0000_0000
    DBDM: Final = 0x0200_0000_0000_0000
    TSCTS: Final = 0x0400_0000_0000_0000
    DRTSC: Final = 0x0800_0000_0000_0000
    N6JEDB: Final = 0x1000_0000_0000_0000
    QMCON: Final = 0x2000_0000_0000_0000
    DETNET: Final = 0x4000_0000_0000_0000
    EML4S: Final = 0x8000_0000_0000_0000
    PDUSM: Final = 0x01_0000_0000_0000_0000
    CN_TL: Final = 0x02_0000_0000_0000_0000
    QMDRM: Final = 0x04_0000_0000_0000_0000
    EDBNC: Final = 0x08_0000_0000_0000_0000
    MT_SDT: Final = 0x10_0000_0000_0000_0000
    UPSBIES: Final = 0x20_0000_0000_0000_0000
    UMN6IP: Final = 0x40_0000_0000_0000_0000
    UN6TU: Final = 0x80_0000_0000_0000_0000
    MBSCH: Final = 0x0100_0000_0000_0000_0000
    UN6DM: Final = 0x0200_0000_0000_0000_0000
    NATPUB: Final = 0x0400_0000_0000_0000_0000
    USHPH: Final = 0x0800_0000_0000_0000_0000
    MPQUIC_IP: Final = 0x1000_0000_0000_0000_0000
    MPQUIC_E: Final = 0x2000_0000_0000_0000_0000
    DYNTR: Final = 0x4000_0000_0000_0000_0000
    MUXMF: Final = 0x8000_0000_0000_0000_0000
    CONUDP: Final = 0x01_0000_0000_0000_0000_0000
    MOQ: Final = 0x02_0000_0000_0000_0000_0000
    ULM: Final = 0x04_0000_0000_0000_0000_0000
    PSITLM: Final = 0x08_0000_0000_0000_0000_0000
    UDPOPT: Final = 0x10_0000_0000_0000_0000_0000
    QMABR: Final = 0x20_0000_0000_0000_0000_0000
    PAPFD: Final = 0x40_0000_0000_0000_0000_0000


class CPFunctionFeature:
    """What a CP function supports (TS 29.244 8.2.58)."""

    LOAD: Final = 0x01
    OVRL: Final = 0x02
    EPFAR: Final = 0x04
    SSET: Final = 0x08
    BUNDL: Final = 0x10
    MPAS: Final = 0x20
    ARDR: Final = 0x40
    UIAUR: Final = 0x80
    PSUCC: Final = 0x0100
    RPGUR: Final = 0x0200
    PAPFD: Final = 0x0400


class PFCPSMReqFlag:
    """Flags of a session modification request (TS 29.244 8.2.31)."""

    DROBU: Final = 0x01
    SNDEM: Final = 0x02
    QAURR: Final = 0x04
    SUMPC: Final = 0x08
    RUMUC: Final = 0x10
    DETEID: Final = 0x20
    HRSBOM: Final = 0x40


class PFCPSRRspFlag:
    """Flags of a session report response (TS 29.244 8.2.32)."""

    DROBU: Final = 0x01


class NodeReportType:
    """What a node report holds (TS 29.244 8.2.69)."""

    UPFR: Final = 0x01
    UPRR: Final = 0x02
    CKDR: Final = 0x04
    GPQR: Final = 0x08
    PURR: Final = 0x10
    VSR: Final = 0x20
    N6DR: Final = 0x40


class PDNType:
    """Kinds of session (TS 29.244 8.2.79)."""

    IPV4: Final = 1
    IPV6: Final = 2
    IPV4V6: Final = 3
    NON_IP: Final = 4
    ETHERNET: Final = 5


class MeasurementInformation:
    """How to measure (TS 29.244 8.2.68)."""

    MBQE: Final = 0x01
    INAM: Final = 0x02
    RADI: Final = 0x04
    ISTM: Final = 0x08
    MNOP: Final = 0x10
    SSPOC: Final = 0x20
    ASPOC: Final = 0x40
    CIAM: Final = 0x80


class UsageInformation:
    """Which usage a report is about (TS 29.244 8.2.59)."""

    BEF: Final = 0x01
    AFT: Final = 0x02
    UAE: Final = 0x04
    UBE: Final = 0x08


class OCIFlag:
    """Flags of overload control (TS 29.244 8.2.76)."""

    AOCI: Final = 0x01


class AssociationReleaseRequest:
    """What a UP function asks for (TS 29.244 8.2.77)."""

    SARR: Final = 0x01
    URSS: Final = 0x02


class PFCPSRReqFlag:
    """Flags of a session report request (TS 29.244 8.2.119)."""

    PSDBU: Final = 0x01
    PPPCP: Final = 0x02


class PFCPAUReqFlag:
    """Flags of an association update request (TS 29.244 8.2.120)."""

    PARPS: Final = 0x01


class PFCPASRspFlag:
    """Flags of an association setup response (TS 29.244 8.2.134)."""

    PSREI: Final = 0x01
    UUPSI: Final = 0x02


class PFCPSEReqFlag:
    """Flags of a session establishment request (TS 29.244 8.2.136)."""

    RESTI: Final = 0x01
    SUMPC: Final = 0x02
    HRSBOM: Final = 0x04
    EPRI: Final = 0x08


class PFCPASReqFlag:
    """Flags of an association setup request (TS 29.244 8.2.178)."""

    UUPSI: Final = 0x01

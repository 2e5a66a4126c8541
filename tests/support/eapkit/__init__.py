"""Random EAP packets of every kind, from a seed."""

from __future__ import annotations

from random import Random

from freehold.codecs import eap

NAMES = ("5G:mnc001.mcc001.3gppnetwork.org", "5G:mnc093.mcc208.3gppnetwork.org:0000000003f", "WLAN", "")
# What goes in the messages of RFC 4187 9 and RFC 9048 3, by whether it is a request and its subtype
CARRIED = {
    (True, 1): (eap.AtRand, eap.AtAutn, eap.AtKdf, eap.AtKdfInput, eap.AtMac),
    (False, 1): (eap.AtRes, eap.AtMac),
    (False, 2): (),
    (False, 4): (eap.AtAuts, eap.AtKdf),
    (True, 5): (eap.AtAnyIdReq,),
    (False, 5): (eap.AtIdentity,),
    (True, 12): (eap.AtNotification,),
    (False, 12): (),
    (True, 13): (eap.AtIv, eap.AtEncrData, eap.AtMac),
    (False, 13): (eap.AtIv, eap.AtEncrData, eap.AtMac),
    (False, 14): (eap.AtClientErrorCode,),
}
PRIMED = {eap.AtKdf, eap.AtKdfInput}


class Generator:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def octets(self, longest: int, least: int = 0) -> bytes:
        return self.random.randbytes(self.random.randint(least, longest))

    def flag(self) -> bool:
        return self.random.random() < 0.5

    def attribute(self, kind: type[eap.Known]) -> eap.Attribute:
        """A value that the attribute's clause allows."""
        if kind is eap.AtRes:
            value = self.octets(16, 5)
            return eap.AtRes(value, self.random.choice((0, 0, 3)))
        if kind is eap.AtPadding:
            return eap.AtPadding(bytes(self.random.choice((2, 6, 10))))
        if kind is eap.AtEncrData:
            return eap.AtEncrData(self.random.randbytes(16 * self.random.randrange(1, 9)))
        if kind is eap.AtKdfInput:
            return eap.AtKdfInput(self.random.choice(NAMES).encode())
        if kind is eap.AtPubEcdhe:
            return eap.AtPubEcdhe(self.random.choice((self.random.randbytes(32) + bytes(2), self.random.randbytes(34))))
        fields = kind.__struct_fields__
        if fields == ("value", "padding"):
            return kind(self.octets(60))
        if fields == ("reserved",):
            return kind()
        if fields[0] == "value" and hasattr(kind, "sizes"):
            return kind(self.random.randbytes(self.random.choice(sorted(kind.sizes))))
        return kind(self.random.randrange(1 << 16))

    def aka(self, *, request: bool) -> eap.Aka:
        cls = self.random.choice((eap.Aka, eap.AkaPrime))
        subtype = self.random.choice([key[1] for key in CARRIED if key[0] is request])
        wanted = [kind for kind in CARRIED[request, subtype] if cls is eap.AkaPrime or kind not in PRIMED]
        more = [eap.AtCheckcode, eap.AtResultInd, eap.AtIv, eap.AtEncrData, eap.AtBidding, eap.AtPubEcdhe]
        kinds = wanted + [kind for kind in more if kind not in wanted and self.random.random() < 0.3]
        self.random.shuffle(kinds)
        attributes = [self.attribute(kind) for kind in kinds]
        if self.random.random() < 0.2:
            attributes.append(eap.OtherAttribute(self.random.choice((150, 200, 255)), self.random.randbytes(6)))
        if eap.AtKdf in kinds and self.flag():
            attributes.append(eap.AtKdf(2))
        return cls(subtype, tuple(attributes))

    def method(self, *, request: bool) -> eap.Method:
        match self.random.randrange(12):
            case 0:
                return eap.Identity(self.octets(40))
            case 1:
                return eap.Notification("Grüße".encode() if self.flag() else b"")
            case 2 if not request:
                return eap.Nak(list(self.octets(4, 1)))
            case 3:
                return eap.Md5Challenge(self.octets(16, 1), self.octets(8))
            case 4:
                return self.random.choice((eap.OneTimePassword, eap.GenericTokenCard))(self.octets(30))
            case 5:
                return eap.Expanded(
                    self.random.choice((0, 311, 14122)), self.random.randrange(4, 1 << 32), self.octets(9)
                )
            case 6 if not request:
                some = (eap.MethodChoice(0, 50), eap.MethodChoice(self.random.randrange(1 << 24), 7))
                return eap.ExpandedNak(some[: self.random.randint(1, 2)])
            case 7:
                return eap.OtherMethod(self.random.choice((13, 18, 21, 255)), self.octets(40))
        return self.aka(request=request)

    def message(self) -> eap.Packet:
        identifier = self.random.randrange(256)
        kind = self.random.randrange(12)
        if kind < 2:
            return (eap.Success, eap.Failure)[kind](identifier=identifier)
        request = self.flag()
        return (eap.Request if request else eap.Response)(identifier=identifier, method=self.method(request=request))

from freehold.codecs import lpp

# Found at random: an initiator whose index among the additions has 43 bits (X.691 14.3, 11.6).
FAR = bytes.fromhex(
    "960c0e0e4a318dec8e0277efe7bd2706dc324616bd237634f9232f3d29c27a79d0488595e09d9a4a6870ee8b211919d30bc275b8"
)


def test_when_a_name_of_a_far_later_version_comes_then_it_is_written_again():
    message, faults = lpp.decode_as(lpp.LPPMessage, FAR)
    assert faults == ()
    assert message.transaction_id.initiator == "unknown:7727268546294"
    assert lpp.decode_as(lpp.LPPMessage, lpp.encode_value(message)) == (message, ())

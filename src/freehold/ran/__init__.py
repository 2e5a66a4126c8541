"""NG-RAN: cu_cp speaks NGAP, cu_up carries user data, du and phy will hold the radio below PDCP (TS 38.401 6.1)."""

"""Security assurance: the tests of 3GPP's SCAS documents, performed by attackers of our own on a running network."""

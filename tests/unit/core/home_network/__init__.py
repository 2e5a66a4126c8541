"""Tests of UDM, AUSF, UDR and PCF."""

//! Glue of the seal of rows.
use super::{Octets, bytes, fixed, value_error};
use freehold_crypto::seal;
use pyo3::prelude::*;

#[pyclass(frozen, module = "freehold._native.crypto")]
pub struct Seal(seal::Seal);

#[pymethods]
impl Seal {
    #[new]
    fn new(key: &[u8]) -> PyResult<Self> {
        Ok(Seal(seal::Seal::new(fixed("the key", key)?)))
    }

    fn seal<'py>(&self, py: Python<'py>, nonce: &[u8], octets: &[u8], beside: &[u8]) -> PyResult<Octets<'py>> {
        let sealed = self.0.seal(fixed("the nonce", nonce)?, octets, beside).map_err(value_error)?;
        Ok(bytes(py, &sealed))
    }

    fn open<'py>(&self, py: Python<'py>, nonce: &[u8], sealed: &[u8], beside: &[u8]) -> PyResult<Octets<'py>> {
        let opened = self.0.open(fixed("the nonce", nonce)?, sealed, beside).map_err(value_error)?;
        Ok(bytes(py, &opened))
    }
}

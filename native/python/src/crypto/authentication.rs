//! Glue of TUAK, of EAP-AKA' and of the key derivation function itself.
use super::{Octets, bytes, fixed, value_error};
use freehold_crypto::{eap, kdf, tuak};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

type Four<'py> = (Octets<'py>, Octets<'py>, Octets<'py>, Octets<'py>);
type Five<'py> = (Octets<'py>, Octets<'py>, Octets<'py>, Octets<'py>, Octets<'py>);

fn tuak_of(k: &[u8], top: &[u8], iterations: u8) -> PyResult<tuak::Tuak> {
    tuak::Tuak::new(k, fixed("TOPc", top)?, iterations).map_err(value_error)
}

#[pyfunction]
#[pyo3(signature = (k, top, iterations=1))]
fn tuak_topc<'py>(py: Python<'py>, k: &[u8], top: &[u8], iterations: u8) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &tuak_of(k, top, iterations)?.topc()))
}

#[pyfunction]
#[pyo3(signature = (k, topc, rand, sqn, amf, length=8, iterations=1))]
#[allow(clippy::too_many_arguments)]
fn tuak_f1<'py>(
    py: Python<'py>,
    k: &[u8],
    topc: &[u8],
    rand: &[u8],
    sqn: u64,
    amf: &[u8],
    length: usize,
    iterations: u8,
) -> PyResult<Octets<'py>> {
    let mac = tuak_of(k, topc, iterations)?.f1(fixed("RAND", rand)?, sqn, fixed("AMF", amf)?, length);
    Ok(bytes(py, &mac.map_err(value_error)?))
}

#[pyfunction]
#[pyo3(signature = (k, topc, rand, sqn, amf, length=8, iterations=1))]
#[allow(clippy::too_many_arguments)]
fn tuak_f1_star<'py>(
    py: Python<'py>,
    k: &[u8],
    topc: &[u8],
    rand: &[u8],
    sqn: u64,
    amf: &[u8],
    length: usize,
    iterations: u8,
) -> PyResult<Octets<'py>> {
    let mac = tuak_of(k, topc, iterations)?.f1_star(fixed("RAND", rand)?, sqn, fixed("AMF", amf)?, length);
    Ok(bytes(py, &mac.map_err(value_error)?))
}

#[pyfunction]
#[pyo3(signature = (k, topc, rand, res=8, ck=16, ik=16, iterations=1))]
#[allow(clippy::too_many_arguments)]
fn tuak_f2345<'py>(
    py: Python<'py>,
    k: &[u8],
    topc: &[u8],
    rand: &[u8],
    res: usize,
    ck: usize,
    ik: usize,
    iterations: u8,
) -> PyResult<Four<'py>> {
    let out = tuak_of(k, topc, iterations)?.f2345(fixed("RAND", rand)?, res, ck, ik).map_err(value_error)?;
    Ok((bytes(py, &out.res), bytes(py, &out.ck), bytes(py, &out.ik), bytes(py, &out.ak)))
}

#[pyfunction]
#[pyo3(signature = (k, topc, rand, iterations=1))]
fn tuak_f5_star<'py>(py: Python<'py>, k: &[u8], topc: &[u8], rand: &[u8], iterations: u8) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &tuak_of(k, topc, iterations)?.f5_star(fixed("RAND", rand)?)))
}

#[pyfunction]
fn ck_ik_prime<'py>(
    py: Python<'py>,
    ck: &[u8],
    ik: &[u8],
    network_name: &[u8],
    sqn_xor_ak: &[u8],
) -> PyResult<(Octets<'py>, Octets<'py>)> {
    let (ck, ik, concealed) = (fixed("CK", ck)?, fixed("IK", ik)?, fixed("SQN xor AK", sqn_xor_ak)?);
    let (ck, ik) = eap::ck_ik_prime(ck, ik, network_name, concealed).map_err(value_error)?;
    Ok((bytes(py, &ck), bytes(py, &ik)))
}

#[pyfunction]
fn eap_keys<'py>(py: Python<'py>, ck_prime: &[u8], ik_prime: &[u8], identity: &[u8]) -> PyResult<Five<'py>> {
    let keys = eap::keys(fixed("CK'", ck_prime)?, fixed("IK'", ik_prime)?, identity);
    let out = |octets: &[u8]| bytes(py, octets);
    Ok((out(&keys.k_encr), out(&keys.k_aut), out(&keys.k_re), out(&keys.msk), out(&keys.emsk)))
}

#[pyfunction]
fn eap_reauthentication_keys<'py>(
    py: Python<'py>,
    k_re: &[u8],
    identity: &[u8],
    counter: u16,
    nonce_s: &[u8],
) -> PyResult<(Octets<'py>, Octets<'py>)> {
    let nonce = fixed("NONCE_S", nonce_s)?;
    let (msk, emsk) = eap::reauthentication_keys(fixed("K_re", k_re)?, identity, counter, nonce);
    Ok((bytes(py, &msk), bytes(py, &emsk)))
}

#[pyfunction]
#[pyo3(signature = (k_aut, packet, extra=None))]
fn eap_mac<'py>(py: Python<'py>, k_aut: &[u8], packet: &[u8], extra: Option<&[u8]>) -> PyResult<Option<Octets<'py>>> {
    Ok(eap::mac(fixed("K_aut", k_aut)?, packet, extra.unwrap_or_default()).map(|mac| bytes(py, &mac)))
}

#[pyfunction]
#[pyo3(signature = (k_aut, packet, extra=None))]
fn eap_verify_mac(k_aut: &[u8], packet: &[u8], extra: Option<&[u8]>) -> PyResult<bool> {
    Ok(eap::verify_mac(fixed("K_aut", k_aut)?, packet, extra.unwrap_or_default()))
}

#[pyfunction]
fn eap_encrypt<'py>(py: Python<'py>, k_encr: &[u8], iv: &[u8], data: &[u8]) -> PyResult<Octets<'py>> {
    let mut out = data.to_vec();
    eap::encrypt(fixed("K_encr", k_encr)?, fixed("IV", iv)?, &mut out).map_err(value_error)?;
    Ok(bytes(py, &out))
}

#[pyfunction]
fn eap_decrypt<'py>(py: Python<'py>, k_encr: &[u8], iv: &[u8], data: &[u8]) -> PyResult<Octets<'py>> {
    let mut out = data.to_vec();
    eap::decrypt(fixed("K_encr", k_encr)?, fixed("IV", iv)?, &mut out).map_err(value_error)?;
    Ok(bytes(py, &out))
}

#[pyfunction]
#[pyo3(signature = (key, fc, *parameters))]
fn derive<'py>(py: Python<'py>, key: &[u8], fc: u8, parameters: &Bound<'py, PyTuple>) -> PyResult<Octets<'py>> {
    let parameters: Vec<&[u8]> = parameters.iter_borrowed().map(|one| one.extract()).collect::<Result<_, _>>()?;
    let named: Vec<_> = parameters.into_iter().map(|one| ("parameter", one)).collect();
    Ok(bytes(py, &kdf::derive(key, fc, &named).map_err(value_error)?))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    for function in [
        wrap_pyfunction!(tuak_topc, module)?,
        wrap_pyfunction!(tuak_f1, module)?,
        wrap_pyfunction!(tuak_f1_star, module)?,
        wrap_pyfunction!(tuak_f2345, module)?,
        wrap_pyfunction!(tuak_f5_star, module)?,
        wrap_pyfunction!(ck_ik_prime, module)?,
        wrap_pyfunction!(eap_keys, module)?,
        wrap_pyfunction!(eap_reauthentication_keys, module)?,
        wrap_pyfunction!(eap_mac, module)?,
        wrap_pyfunction!(eap_verify_mac, module)?,
        wrap_pyfunction!(eap_encrypt, module)?,
        wrap_pyfunction!(eap_decrypt, module)?,
        wrap_pyfunction!(derive, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}

//! Glue of `freehold_crypto`: octets in, octets out; an error text never holds an octet of its argument.
use freehold_crypto::algorithms::{self, Position};
use freehold_crypto::{Error, aka, kdf, milenage, nas, suci};
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

mod authentication;
mod batch;
mod seal;

create_exception!(freehold._native.crypto, SchemeOutputError, PyValueError);

fn value_error(error: Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A fixed number of octets, or ValueError with the parameter's name.
fn fixed<'a, const N: usize>(name: &str, octets: &'a [u8]) -> PyResult<&'a [u8; N]> {
    octets.try_into().map_err(|_| PyValueError::new_err(format!("{name} has {} octets, not {N}", octets.len())))
}

fn bytes<'py>(py: Python<'py>, octets: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, octets)
}

type Octets<'py> = Bound<'py, PyBytes>;

fn subscriber(k: &[u8], opc: &[u8]) -> PyResult<aka::Milenage> {
    Ok(aka::Milenage::new(fixed("K", k)?, fixed("OPc", opc)?))
}

fn macs(k: &[u8], opc: &[u8], rand: &[u8], sqn: u64, amf: &[u8]) -> PyResult<milenage::Macs> {
    let (sqn, amf) = (aka::sqn(sqn).map_err(value_error)?, fixed("AMF", amf)?);
    Ok(subscriber(k, opc)?.f1(fixed("RAND", rand)?, sqn, *amf))
}

#[pyfunction]
fn opc<'py>(py: Python<'py>, k: &[u8], op: &[u8]) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &aka::opc(fixed("K", k)?, fixed("OP", op)?)))
}

#[pyfunction]
fn f1<'py>(py: Python<'py>, k: &[u8], opc: &[u8], rand: &[u8], sqn: u64, amf: &[u8]) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &macs(k, opc, rand, sqn, amf)?.a))
}

#[pyfunction]
fn f1_star<'py>(py: Python<'py>, k: &[u8], opc: &[u8], rand: &[u8], sqn: u64, amf: &[u8]) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &macs(k, opc, rand, sqn, amf)?.s))
}

#[pyfunction]
fn f2345<'py>(
    py: Python<'py>,
    k: &[u8],
    opc: &[u8],
    rand: &[u8],
) -> PyResult<(Octets<'py>, Octets<'py>, Octets<'py>, Octets<'py>)> {
    let outputs = subscriber(k, opc)?.f2345(fixed("RAND", rand)?);
    let out = |octets: &[u8]| bytes(py, octets);
    Ok((out(&outputs.res), out(&outputs.ck[..]), out(&outputs.ik[..]), out(&outputs.ak)))
}

#[pyfunction]
fn f5_star<'py>(py: Python<'py>, k: &[u8], opc: &[u8], rand: &[u8]) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &subscriber(k, opc)?.f5_star(fixed("RAND", rand)?)))
}

#[pyfunction]
fn generate_vector<'py>(
    py: Python<'py>,
    k: &[u8],
    opc: &[u8],
    rand: &[u8],
    sqn: u64,
    amf: &[u8],
    serving_network_name: &[u8],
) -> PyResult<(Octets<'py>, Octets<'py>, Octets<'py>)> {
    let (subscriber, rand, amf) = (subscriber(k, opc)?, fixed("RAND", rand)?, fixed("AMF", amf)?);
    let vector = aka::generate_vector(&subscriber, rand, sqn, amf, serving_network_name);
    let vector = vector.map_err(value_error)?;
    Ok((bytes(py, &vector.autn), bytes(py, &vector.xres_star), bytes(py, &vector.kausf)))
}

#[pyfunction]
fn answer_challenge<'py>(
    py: Python<'py>,
    k: &[u8],
    opc: &[u8],
    rand: &[u8],
    autn: &[u8],
    serving_network_name: &[u8],
) -> PyResult<Option<(u64, Octets<'py>, Octets<'py>, Octets<'py>)>> {
    let subscriber = subscriber(k, opc)?;
    // A peer's challenge of another length is one whose MAC cannot be right.
    let (Ok(rand), Ok(autn)) = (rand.try_into(), autn.try_into()) else { return Ok(None) };
    let answer = aka::answer_challenge(&subscriber, rand, autn, serving_network_name);
    let answer = answer.map_err(value_error)?;
    Ok(answer.map(|a| (a.sqn, bytes(py, &a.amf), bytes(py, &a.res_star), bytes(py, &a.kausf))))
}

#[pyfunction]
fn make_auts<'py>(py: Python<'py>, k: &[u8], opc: &[u8], rand: &[u8], sqn_ms: u64) -> PyResult<Octets<'py>> {
    let auts = aka::make_auts(&subscriber(k, opc)?, fixed("RAND", rand)?, sqn_ms).map_err(value_error)?;
    Ok(bytes(py, &auts))
}

#[pyfunction]
fn verify_auts(k: &[u8], opc: &[u8], rand: &[u8], auts: &[u8]) -> PyResult<Option<u64>> {
    let subscriber = subscriber(k, opc)?;
    let (Ok(rand), Ok(auts)) = (rand.try_into(), auts.try_into()) else { return Ok(None) };
    Ok(aka::verify_auts(&subscriber, rand, auts))
}

#[pyfunction]
fn kausf<'py>(
    py: Python<'py>,
    ck: &[u8],
    ik: &[u8],
    serving_network_name: &[u8],
    sqn_xor_ak: &[u8],
) -> PyResult<Octets<'py>> {
    let (ck, ik, concealed) = (fixed("CK", ck)?, fixed("IK", ik)?, fixed("SQN xor AK", sqn_xor_ak)?);
    let key = kdf::Agreed::new(ck, ik).kausf(serving_network_name, concealed).map_err(value_error)?;
    Ok(bytes(py, &key))
}

#[pyfunction]
fn res_star<'py>(
    py: Python<'py>,
    ck: &[u8],
    ik: &[u8],
    serving_network_name: &[u8],
    rand: &[u8],
    res: &[u8],
) -> PyResult<Octets<'py>> {
    let (ck, ik, rand) = (fixed("CK", ck)?, fixed("IK", ik)?, fixed("RAND", rand)?);
    let response = kdf::Agreed::new(ck, ik).res_star(serving_network_name, rand, res).map_err(value_error)?;
    Ok(bytes(py, &response))
}

#[pyfunction]
fn hres_star<'py>(py: Python<'py>, rand: &[u8], res_star: &[u8]) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &kdf::hres_star(fixed("RAND", rand)?, res_star)))
}

#[pyfunction]
fn kseaf<'py>(py: Python<'py>, kausf: &[u8], serving_network_name: &[u8]) -> PyResult<Octets<'py>> {
    let key = kdf::kseaf(fixed("KAUSF", kausf)?, serving_network_name).map_err(value_error)?;
    Ok(bytes(py, &key))
}

#[pyfunction]
fn serving_keys<'py>(
    py: Python<'py>,
    kausf: &[u8],
    rand: &[u8],
    xres_star: &[u8],
    serving_network_name: &[u8],
) -> PyResult<(Octets<'py>, Octets<'py>)> {
    let hxres_star = kdf::hres_star(fixed("RAND", rand)?, xres_star);
    let key = kdf::kseaf(fixed("KAUSF", kausf)?, serving_network_name).map_err(value_error)?;
    Ok((bytes(py, &hxres_star), bytes(py, &key)))
}

#[pyfunction]
fn kamf<'py>(py: Python<'py>, kseaf: &[u8], supi: &[u8], abba: &[u8]) -> PyResult<Octets<'py>> {
    let key = kdf::kamf(fixed("KSEAF", kseaf)?, supi, abba).map_err(value_error)?;
    Ok(bytes(py, &key))
}

#[pyfunction]
fn algorithm_key<'py>(py: Python<'py>, key: &[u8], distinguisher: u8, algorithm: u8) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &kdf::algorithm_key(fixed("key", key)?, distinguisher, algorithm)))
}

#[pyfunction]
#[pyo3(signature = (kamf, uplink_count, access=kdf::ACCESS_3GPP))]
fn kgnb<'py>(py: Python<'py>, kamf: &[u8], uplink_count: u32, access: u8) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &kdf::kgnb(fixed("KAMF", kamf)?, uplink_count, access)))
}

#[pyfunction]
fn nh<'py>(py: Python<'py>, kamf: &[u8], sync_input: &[u8]) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &kdf::nh(fixed("KAMF", kamf)?, fixed("sync input", sync_input)?)))
}

#[pyfunction]
fn kng_ran_star<'py>(py: Python<'py>, key: &[u8], pci: u16, arfcn_dl: u32) -> PyResult<Octets<'py>> {
    Ok(bytes(py, &kdf::kng_ran_star(fixed("key", key)?, pci, arfcn_dl).map_err(value_error)?))
}

#[pyfunction]
fn suci_public_key<'py>(py: Python<'py>, scheme: u8, private_key: &[u8]) -> PyResult<Octets<'py>> {
    let scheme = suci::Scheme::new(scheme).map_err(value_error)?;
    let public = suci::public_key(scheme, fixed("private key", private_key)?).map_err(value_error)?;
    Ok(bytes(py, &public))
}

#[pyfunction]
fn conceal<'py>(
    py: Python<'py>,
    scheme: u8,
    home_public_key: &[u8],
    ephemeral_private_key: &[u8],
    plain: &[u8],
) -> PyResult<Octets<'py>> {
    let scheme = suci::Scheme::new(scheme).map_err(value_error)?;
    let ephemeral = fixed("ephemeral private key", ephemeral_private_key)?;
    Ok(bytes(py, &suci::conceal(scheme, home_public_key, ephemeral, plain).map_err(value_error)?))
}

#[pyfunction]
fn deconceal<'py>(py: Python<'py>, scheme: u8, home_private_key: &[u8], scheme_output: &[u8]) -> PyResult<Octets<'py>> {
    let scheme = suci::Scheme::new(scheme).map_err(value_error)?;
    let private = fixed("home network private key", home_private_key)?;
    let plain = suci::deconceal(scheme, private, scheme_output).map_err(|error| match error {
        Error::Truncated | Error::PublicKey | Error::Mac => SchemeOutputError::new_err(error.to_string()),
        other => value_error(other),
    })?;
    Ok(bytes(py, &plain))
}

#[pyfunction]
#[pyo3(signature = (algorithm, key, count, bearer, direction, data, bits=None))]
#[allow(clippy::too_many_arguments)]
fn nea<'py>(
    py: Python<'py>,
    algorithm: u8,
    key: &[u8],
    count: u32,
    bearer: u8,
    direction: u8,
    data: &[u8],
    bits: Option<u64>,
) -> PyResult<Octets<'py>> {
    let key = fixed("key", key)?;
    let at = Position::new(count, bearer, direction).map_err(value_error)?;
    PyBytes::new_with(py, data.len(), |out| {
        out.copy_from_slice(data);
        algorithms::nea(algorithm, key, at, out, bits).map_err(value_error)
    })
}

#[pyfunction]
#[pyo3(signature = (algorithm, key, count, bearer, direction, message, bits=None))]
fn nia<'py>(
    py: Python<'py>,
    algorithm: u8,
    key: &[u8],
    count: u32,
    bearer: u8,
    direction: u8,
    message: &[u8],
    bits: Option<u64>,
) -> PyResult<Octets<'py>> {
    let at = Position::new(count, bearer, direction).map_err(value_error)?;
    let mac = algorithms::nia(algorithm, fixed("key", key)?, at, message, bits).map_err(value_error)?;
    Ok(bytes(py, &mac))
}

/// KNASenc and KNASint of one 5G NAS security context.
#[pyclass(frozen, module = "freehold._native.crypto")]
struct NasKeys(nas::NasKeys);

#[pymethods]
impl NasKeys {
    #[new]
    fn new(kamf: &[u8], nea: u8, nia: u8) -> PyResult<Self> {
        Ok(Self(nas::NasKeys::new(fixed("KAMF", kamf)?, nea, nia).map_err(value_error)?))
    }

    fn protect<'py>(
        &self,
        py: Python<'py>,
        header_type: u8,
        count: u32,
        bearer: u8,
        direction: u8,
        plain: &[u8],
    ) -> PyResult<Octets<'py>> {
        let at = Position::new(count, bearer, direction).map_err(value_error)?;
        Ok(bytes(py, &self.0.protect(header_type, at, plain).map_err(value_error)?))
    }

    fn unprotect<'py>(
        &self,
        py: Python<'py>,
        count: u32,
        bearer: u8,
        direction: u8,
        octets: &[u8],
    ) -> PyResult<Option<(bool, Option<Octets<'py>>)>> {
        let at = Position::new(count, bearer, direction).map_err(value_error)?;
        let found = self.0.unprotect(at, octets);
        Ok(found.map(|message| (message.verified, message.plain.map(|plain| bytes(py, &plain)))))
    }

    fn cipher<'py>(
        &self,
        py: Python<'py>,
        count: u32,
        bearer: u8,
        direction: u8,
        data: &[u8],
    ) -> PyResult<Octets<'py>> {
        let at = Position::new(count, bearer, direction).map_err(value_error)?;
        PyBytes::new_with(py, data.len(), |out| {
            out.copy_from_slice(data);
            self.0.cipher(at, out);
            Ok(())
        })
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("SchemeOutputError", module.py().get_type::<SchemeOutputError>())?;
    module.add_class::<NasKeys>()?;
    module.add_class::<batch::PdcpBearer>()?;
    module.add_class::<seal::Seal>()?;
    authentication::register(module)?;
    for function in [
        wrap_pyfunction!(opc, module)?,
        wrap_pyfunction!(f1, module)?,
        wrap_pyfunction!(f1_star, module)?,
        wrap_pyfunction!(f2345, module)?,
        wrap_pyfunction!(f5_star, module)?,
        wrap_pyfunction!(generate_vector, module)?,
        wrap_pyfunction!(answer_challenge, module)?,
        wrap_pyfunction!(make_auts, module)?,
        wrap_pyfunction!(verify_auts, module)?,
        wrap_pyfunction!(kausf, module)?,
        wrap_pyfunction!(res_star, module)?,
        wrap_pyfunction!(hres_star, module)?,
        wrap_pyfunction!(kseaf, module)?,
        wrap_pyfunction!(serving_keys, module)?,
        wrap_pyfunction!(kamf, module)?,
        wrap_pyfunction!(algorithm_key, module)?,
        wrap_pyfunction!(kgnb, module)?,
        wrap_pyfunction!(nh, module)?,
        wrap_pyfunction!(kng_ran_star, module)?,
        wrap_pyfunction!(suci_public_key, module)?,
        wrap_pyfunction!(conceal, module)?,
        wrap_pyfunction!(deconceal, module)?,
        wrap_pyfunction!(nea, module)?,
        wrap_pyfunction!(nia, module)?,
        wrap_pyfunction!(batch::nea_batch, module)?,
        wrap_pyfunction!(batch::nia_batch, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}

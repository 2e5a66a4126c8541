//! The GTP-U engine for Python: its values are the `msgspec.Struct` classes of `freehold.codecs.gtpu`.
use freehold_gtpu::{Content, Field, Part, Refused, Written, difference, open, write};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple, PyType};

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Engine>()
}

const G_PDU: u8 = 255;

type PartRow = (String, usize, u64, u8, Vec<usize>);
type FrameRow = (Py<PyType>, u8, Option<u8>, Vec<Py<PyString>>, Vec<PartRow>);
type Classes = (Py<PyType>, Py<PyType>, Py<PyType>, Py<PyType>);

/// A class of frame: the extension header it comes in, its PDU type where that has one, its fields and their layout.
struct Frame {
    class: Py<PyType>,
    header: u8,
    pdu: Option<u8>,
    names: Vec<Py<PyString>>,
    words: Vec<String>,
    content: Content,
}

/// Decodes and encodes by the frames it was made from; see `freehold/_native/gtpu.pyi`.
#[pyclass(frozen, module = "freehold._native.gtpu")]
struct Engine {
    frames: Vec<Frame>,
    kept: Vec<(u8, Py<PyType>)>,
    other: Py<PyType>,
    g_pdu: Py<PyType>,
    decoded: Py<PyType>,
    fault: Py<PyType>,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(py: Python<'_>, frames: Vec<FrameRow>, kept: Vec<(u8, Py<PyType>)>, classes: Classes) -> PyResult<Self> {
        let frames = frames.into_iter().map(|row| frame(py, row)).collect::<PyResult<_>>()?;
        let (other, g_pdu, decoded, fault) = classes;
        Ok(Self { frames, kept, other, g_pdu, decoded, fault })
    }

    fn decode<'py>(&self, py: Python<'py>, octets: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let head = match open(octets) {
            Ok(head) => head,
            Err(refused) => {
                let fault = self.fault.bind(py).call1((reason(refused),))?;
                return self.decoded.bind(py).call1((py.None(), PyTuple::new(py, [fault])?));
            }
        };
        let keywords = PyDict::new(py);
        keywords.set_item(intern!(py, "teid"), head.teid)?;
        if let Some(sequence) = head.sequence {
            keywords.set_item(intern!(py, "sequence"), sequence)?;
        }
        if let Some(n_pdu) = head.n_pdu {
            keywords.set_item(intern!(py, "n_pdu"), n_pdu)?;
        }
        if head.spare != [0; 5] {
            keywords.set_item(intern!(py, "spare"), PyBytes::new(py, &head.spare))?;
        }
        let mut faults = Vec::new();
        if !head.extensions.is_empty() {
            let mut extensions = Vec::with_capacity(head.extensions.len());
            for (kind, at) in head.extensions {
                let (value, known) = self.extension(py, kind, &octets[at])?;
                if !known && kind & 0x80 != 0 {
                    // Bits 8 and 7 of the type say that the endpoint has to understand it (TS 29.281 5.2.1).
                    faults.push(self.fault.bind(py).call1((intern!(py, "extension header not understood"), kind))?);
                }
                extensions.push(value);
            }
            keywords.set_item(intern!(py, "extensions"), PyTuple::new(py, extensions)?)?;
        }
        let body = PyBytes::new(py, &octets[head.body]);
        let faults = PyTuple::new(py, faults)?;
        if head.kind != G_PDU {
            return Ok((head.kind, body, keywords, faults).into_pyobject(py)?.into_any());
        }
        let message = self.g_pdu.bind(py).call((body,), Some(&keywords))?;
        self.decoded.bind(py).call1((message, faults))
    }

    fn encode<'py>(
        &self,
        py: Python<'py>,
        message: &Bound<'py, PyAny>,
        kind: u8,
        body: &[u8],
    ) -> PyResult<Bound<'py, PyBytes>> {
        let number = |name: &Bound<'py, PyString>| message.getattr(name);
        let teid = fitting(&number(intern!(py, "teid"))?, "teid", 32)? as u32;
        let sequence = number(intern!(py, "sequence"))?;
        let n_pdu = number(intern!(py, "n_pdu"))?;
        let given = message.getattr(intern!(py, "spare"))?;
        let mut spare = [0; 5];
        let octets = given.cast::<PyBytes>()?.as_bytes();
        match spare.get_mut(..octets.len()) {
            Some(place) => place.copy_from_slice(octets),
            None => return Err(PyValueError::new_err("spare is at most 5 octets")),
        }
        let mut extensions = Vec::new();
        for extension in message.getattr(intern!(py, "extensions"))?.try_iter()? {
            extensions.push(self.written(&extension?)?);
        }
        let written = Written {
            kind,
            teid,
            sequence: if sequence.is_none() { None } else { Some(fitting(&sequence, "sequence", 16)? as u16) },
            n_pdu: if n_pdu.is_none() { None } else { Some(fitting(&n_pdu, "n_pdu", 8)? as u8) },
            extensions,
            spare,
            body,
        };
        let octets = write(&written).ok_or_else(|| PyValueError::new_err("the message is too long"))?;
        Ok(PyBytes::new(py, &octets))
    }
}

impl Engine {
    /// An extension header's value, and whether it is one that is known here.
    fn extension<'py>(&self, py: Python<'py>, kind: u8, content: &[u8]) -> PyResult<(Bound<'py, PyAny>, bool)> {
        let pdu = content.first().map(|octet| octet >> 4);
        let row = self.frames.iter().find(|row| row.header == kind && (row.pdu.is_none() || row.pdu == pdu));
        if let Some(row) = row
            && let Some(value) = row.read(py, content)?
        {
            return Ok((value, true));
        }
        if let Some((_, class)) = self.kept.iter().find(|(header, _)| *header == kind) {
            return Ok((class.bind(py).call1((PyBytes::new(py, content),))?, true));
        }
        Ok((self.other.bind(py).call1((kind, PyBytes::new(py, content)))?, false))
    }

    /// Type and content of an extension header.
    fn written(&self, value: &Bound<'_, PyAny>) -> PyResult<(u8, Vec<u8>)> {
        let py = value.py();
        let class = value.get_type();
        if let Some(row) = self.frames.iter().find(|row| class.is(&row.class)) {
            return Ok((row.header, row.write(value)?));
        }
        let kind = fitting(&value.getattr(intern!(py, "header_type"))?, "header_type", 8)? as u8;
        let content = value.getattr(intern!(py, "content"))?.cast::<PyBytes>()?.as_bytes().to_vec();
        if content.len() % 4 != 2 || content.len() > 1018 {
            // TS 29.281 5.2.1
            return Err(PyValueError::new_err("an extension header's content is 4n - 2 octets long"));
        }
        Ok((kind, content))
    }
}

impl Frame {
    fn read<'py>(&self, py: Python<'py>, octets: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(came) = self.content.read(octets) else { return Ok(None) };
        let keywords = PyDict::new(py);
        for (field, name) in came.fields.iter().zip(&self.names) {
            if *field != Field::Absent {
                keywords.set_item(name, given(py, field)?)?;
            }
        }
        if !came.exact {
            let usual = self.content.write(&came.fields, &[], &self.words()).map_err(PyValueError::new_err)?;
            keywords.set_item(intern!(py, "spare"), PyBytes::new(py, &difference(&usual, octets)))?;
        }
        self.class.bind(py).call((), Some(&keywords)).map(Some)
    }

    fn write(&self, value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
        let py = value.py();
        let mut fields = Vec::with_capacity(self.names.len());
        for (name, word) in self.names.iter().zip(&self.words) {
            fields.push(taken(&value.getattr(name)?, word)?);
        }
        let spare = value.getattr(intern!(py, "spare"))?;
        self.content.write(&fields, spare.cast::<PyBytes>()?.as_bytes(), &self.words()).map_err(PyValueError::new_err)
    }

    fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }
}

fn given<'py>(py: Python<'py>, field: &Field) -> PyResult<Bound<'py, PyAny>> {
    Ok(match field {
        Field::Absent => py.None().into_bound(py),
        Field::Truth(value) => value.into_pyobject(py)?.to_owned().into_any(),
        Field::Number(value) => value.into_pyobject(py)?.into_any(),
        Field::Numbers(values) => PyTuple::new(py, values)?.into_any(),
        Field::Pairs(pairs) => PyTuple::new(py, pairs)?.into_any(),
        Field::Strings(strings) => {
            let strings = strings.iter().map(|(kind, octets)| (*kind, PyBytes::new(py, octets)));
            PyTuple::new(py, strings.collect::<Vec<_>>())?.into_any()
        }
    })
}

fn taken(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Field> {
    if value.is_none() {
        return Ok(Field::Absent);
    }
    if let Ok(truth) = value.cast::<pyo3::types::PyBool>() {
        return Ok(Field::Truth(truth.is_true()));
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(Field::Number(fitting(value, name, 64)?));
    }
    let list = value.try_iter()?.collect::<PyResult<Vec<_>>>()?;
    if list.first().is_none_or(|first| first.is_instance_of::<PyInt>()) && !list.is_empty() {
        let numbers = list.iter().map(|number| fitting(number, name, 64));
        return Ok(Field::Numbers(numbers.collect::<PyResult<_>>()?));
    }
    let wrong = |_| PyValueError::new_err(format!("{name} does not fit"));
    if list.first().is_some_and(|first| first.get_item(1).is_ok_and(|second| second.is_instance_of::<PyBytes>())) {
        return Ok(Field::Strings(value.extract().map_err(wrong)?));
    }
    Ok(Field::Pairs(value.extract().map_err(wrong)?))
}

/// A number in so many bits; ValueError where it is none.
fn fitting(value: &Bound<'_, PyAny>, name: &str, bits: u32) -> PyResult<u64> {
    match value.extract::<u64>() {
        Ok(number) if bits == 64 || number >> bits == 0 => Ok(number),
        _ => Err(PyValueError::new_err(format!("{name} does not fit in {bits} bits"))),
    }
}

fn reason(refused: Refused) -> &'static str {
    match refused {
        Refused::Version => "version",
        Refused::Length => "length",
        Refused::Extensions => "extension headers",
    }
}

fn frame(py: Python<'_>, (class, header, pdu, names, parts): FrameRow) -> PyResult<Frame> {
    let parts = parts.into_iter().map(part).collect::<PyResult<_>>()?;
    let words = names.iter().map(|name| name.bind(py).extract()).collect::<PyResult<_>>()?;
    let content = Content::new(parts, names.len()).ok_or_else(|| PyValueError::new_err("parts without fields"))?;
    Ok(Frame { class, header, pdu, names, words, content })
}

fn part((kind, field, a, b, fields): PartRow) -> PyResult<Part> {
    let narrow = || u8::try_from(a).map_err(|_| PyValueError::new_err("more than 255 bits"));
    Ok(match kind.as_str() {
        "constant" => Part::Constant { value: a, bits: b },
        "flag" => Part::Flag { field, under: fields.first().copied() },
        "gate" => Part::Gate { fields },
        "flags" => Part::Flags { fields },
        "truth" => Part::Truth { field, octet: a != 0 },
        "number" => Part::Number { field, bits: narrow()?, after: b },
        "numbers" => Part::Numbers { field, count: usize::from(narrow()?), bits: b },
        "pairs" => Part::Pairs { field, first: narrow()?, second: b },
        "strings" => Part::Strings { field },
        other => return Err(PyValueError::new_err(format!("unknown part {other}"))),
    })
}

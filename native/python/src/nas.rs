//! Glue of the NAS engine: tables from Python's declarations, values as the classes declared there.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Mutex;

use crate::class::{Fields, Kind};
use freehold_nas::{
    Decoded, Fault, Format, InformationElement, Layout, Malformed, Message, Node, NodeId, Presence, Sink, Source, Step,
    Tables, Unencodable, Writer,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PyString, PyTuple, PyType};

/// How many ready-made values are kept at most; then they are gathered anew, so that strange traffic spoils it for a while only.
const KEPT: usize = 4096;

/// A layout, a number of bits, and the bits.
type Key = (NodeId, usize, u64);

/// The layout of PLMN values among the keys.
const PLMN: NodeId = NodeId::MAX;

/// Hashes the addresses of classes, which nobody outside chooses.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _bytes: &[u8]) {}
    fn write_usize(&mut self, address: usize) {
        self.0 = (address as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The compiled tables; decodes and encodes whole messages.
#[pyclass(frozen, module = "freehold._native.nas")]
struct Codec {
    tables: Tables,
    classes: Vec<Kind>,
    class_of: HashMap<usize, usize, BuildHasherDefault<AddressHasher>>,
    kept: Mutex<HashMap<Key, Py<PyAny>>>,
    plmn: Py<PyAny>,
    decoded: Kind,
    fault: Py<PyAny>,
    protected: Kind,
    astuple: Py<PyAny>,
}

#[pymethods]
impl Codec {
    /// `results` are the classes of Decoded, Fault, SecurityProtected and PlmnId.
    #[new]
    fn new(
        py: Python<'_>,
        nodes: Vec<Bound<'_, PyTuple>>,
        messages: Vec<Bound<'_, PyTuple>>,
        classes: Vec<Py<PyType>>,
        results: (Py<PyType>, Py<PyAny>, Py<PyType>, Py<PyAny>),
    ) -> PyResult<Self> {
        let layout = Layout::new(nodes.iter().map(node).collect::<PyResult<_>>()?);
        let messages = messages.iter().map(message).collect::<PyResult<_>>()?;
        let tables = Tables::new(layout, messages).ok_or_else(|| PyValueError::new_err("two messages of one type"))?;
        let classes: Vec<_> = classes.into_iter().map(Kind::new).collect();
        let class_of = classes.iter().enumerate().map(|(index, class)| (class.address(), index)).collect();
        let (decoded, fault, protected, plmn) = results;
        let (decoded, protected) = (Kind::new(decoded), Kind::new(protected));
        let astuple = py.import("msgspec.structs")?.getattr("astuple")?.unbind();
        let kept = Mutex::new(HashMap::new());
        Ok(Self { tables, classes, class_of, kept, plmn, decoded, fault, protected, astuple })
    }

    /// Reads one NAS message: a Decoded with the message or None, and the faults found.
    fn decode<'py>(&self, py: Python<'py>, octets: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let mut sink = PySink { py, codec: self, error: None };
        let (decoded, faults) = self.tables.decode(octets, &mut sink);
        if let Some(error) = sink.error {
            return Err(error);
        }
        let message = match decoded {
            Decoded::Plain { class, fields, unknown } if unknown.is_empty() => self.classes[class].build(py, fields)?,
            Decoded::Plain { class, fields, unknown } => {
                let unknown = unknown.iter().map(|octets| PyBytes::new(py, octets)).collect::<Vec<_>>();
                self.classes[class].build_ended(py, fields, PyTuple::new(py, unknown)?.into_any())?
            }
            Decoded::Protected(p) => {
                let number = |value: u8| PyInt::new(py, value).into_any();
                let octets = |value: &[u8]| PyBytes::new(py, value).into_any();
                let (header, sequence) = (number(p.security_header), number(p.sequence_number));
                self.protected.build(py, [header, octets(&p.authentication_code), sequence, octets(p.content)])?
            }
            Decoded::Nothing => py.None().into_bound(py),
        };
        if faults.is_empty() {
            return self.decoded.build(py, [message]);
        }
        let faults = faults.iter().map(|fault| self.fault(py, fault)).collect::<PyResult<Vec<_>>>()?;
        self.decoded.build(py, [message, PyTuple::new(py, faults)?.into_any()])
    }

    /// Writes one plain message; ValueError names the element that does not fit.
    fn encode<'py>(&self, message: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let py = message.py();
        let source = PySource { codec: self, py };
        let table = source.class(message).and_then(|class| self.tables.message_of(class));
        let table = table.ok_or_else(|| PyTypeError::new_err(format!("not a NAS message: {}", message.get_type())))?;
        let fields = source.fields(message).map_err(failed)?;
        let unknown = fields.count().checked_sub(1).and_then(|last| fields.get(last));
        let mut put = |writer: &mut Writer| {
            for element in unknown.iter().filter_map(|unknown| unknown.cast::<PyTuple>().ok()).flatten() {
                source.octets(&element, &mut |octets| writer.octets(octets))?;
            }
            Ok(())
        };
        let octets = self.tables.encode(table, &source, &fields, &mut put).map_err(|Unencodable(what)| {
            PyValueError::new_err(format!(
                "{}: {what}",
                message.get_type().name().map_or_else(|_| "?".into(), |n| n.to_string())
            ))
        })?;
        Ok(PyBytes::new(py, &octets))
    }
}

impl Codec {
    fn fault<'py>(&self, py: Python<'py>, fault: &Fault) -> PyResult<Bound<'py, PyAny>> {
        let cause = fault.kind.cause();
        self.fault.bind(py).call1((fault.kind.name(), (cause != 0).then_some(cause), fault.element.as_str()))
    }
}

fn failed(Unencodable(what): Unencodable) -> PyErr {
    PyValueError::new_err(what)
}

struct PySink<'a, 'py> {
    py: Python<'py>,
    codec: &'a Codec,
    error: Option<PyErr>,
}

impl PySink<'_, '_> {
    /// A class that refuses its values makes the octets malformed; any other error is ours.
    fn refused(&mut self, error: PyErr) -> Malformed {
        if !error.is_instance_of::<PyValueError>(self.py) {
            self.error.get_or_insert(error);
        }
        Malformed
    }
}

impl<'py> Sink for PySink<'_, 'py> {
    type Value = Bound<'py, PyAny>;

    fn absent(&mut self) -> Self::Value {
        self.py.None().into_bound(self.py)
    }

    fn boolean(&mut self, value: bool) -> Self::Value {
        PyBool::new(self.py, value).to_owned().into_any()
    }

    fn unsigned(&mut self, value: u64) -> Self::Value {
        match value.into_pyobject(self.py) {
            Ok(number) => number.into_any(),
        }
    }

    fn octets(&mut self, value: &[u8]) -> Self::Value {
        PyBytes::new(self.py, value).into_any()
    }

    fn text(&mut self, value: &str) -> Self::Value {
        PyString::new(self.py, value).into_any()
    }

    fn list(&mut self, items: Vec<Self::Value>) -> Self::Value {
        match PyList::new(self.py, items) {
            Ok(list) => list.into_any(),
            Err(error) => {
                self.error.get_or_insert(error);
                self.absent()
            }
        }
    }

    fn plmn(&mut self, octets: [u8; 3]) -> Result<Self::Value, Malformed> {
        let bits = u64::from(u32::from_be_bytes([0, octets[0], octets[1], octets[2]]));
        if let Some(plmn) = self.kept(PLMN, 24, bits) {
            return Ok(plmn);
        }
        let made = self.codec.plmn.bind(self.py).call_method1("from_octets", (PyBytes::new(self.py, &octets),));
        let made = made.map_err(|error| self.refused(error))?;
        self.keep(PLMN, 24, bits, &made);
        Ok(made)
    }

    fn record(&mut self, class: usize, fields: Vec<Self::Value>) -> Result<Self::Value, Malformed> {
        let made = self.codec.classes.get(class).ok_or(Malformed)?.build(self.py, fields);
        made.map_err(|error| self.refused(error))
    }

    fn kept(&mut self, node: NodeId, length: usize, bits: u64) -> Option<Self::Value> {
        let kept = self.codec.kept.lock().ok()?;
        kept.get(&(node, length, bits)).map(|value| value.bind(self.py).clone())
    }

    fn keep(&mut self, node: NodeId, length: usize, bits: u64, value: &Self::Value) {
        let Ok(mut kept) = self.codec.kept.lock() else { return };
        let full = if kept.len() < KEPT { HashMap::new() } else { std::mem::take(&mut *kept) };
        kept.insert((node, length, bits), value.clone().unbind());
        drop(kept);
        drop(full);
    }
}

struct PySource<'a, 'py> {
    codec: &'a Codec,
    py: Python<'py>,
}

fn wrong(value: &Bound<'_, PyAny>, wanted: &str) -> Unencodable {
    Unencodable::new(format!("{} where {wanted} belongs", value.get_type()))
}

impl<'a, 'py> Source for PySource<'a, 'py> {
    type Value = Bound<'py, PyAny>;
    type Fields = Fields<'a, 'py>;

    fn boolean(&self, value: &Self::Value) -> Result<bool, Unencodable> {
        value.extract().map_err(|_| wrong(value, "a bool"))
    }

    fn unsigned(&self, value: &Self::Value) -> Result<u64, Unencodable> {
        value.extract().map_err(|_| wrong(value, "a number"))
    }

    fn octets(&self, value: &Self::Value, put: &mut dyn FnMut(&[u8])) -> Result<(), Unencodable> {
        put(value.cast::<PyBytes>().map_err(|_| wrong(value, "octets"))?.as_bytes());
        Ok(())
    }

    fn text(&self, value: &Self::Value) -> Result<String, Unencodable> {
        value.extract().map_err(|_| wrong(value, "text"))
    }

    fn items(&self, value: &Self::Value) -> Result<Vec<Self::Value>, Unencodable> {
        if let Ok(list) = value.cast::<PyList>() {
            return Ok(list.iter().collect());
        }
        let tuple = value.cast::<PyTuple>().map_err(|_| wrong(value, "a list"))?;
        Ok(tuple.iter().collect())
    }

    fn plmn(&self, value: &Self::Value) -> Result<[u8; 3], Unencodable> {
        let digits = |name| -> PyResult<Vec<u8>> {
            let text = value.getattr(name)?.cast_into::<PyString>()?;
            Ok(text.to_cow()?.bytes().map(|digit| digit.wrapping_sub(b'0')).collect())
        };
        let (mcc, mnc) = digits(intern!(self.py, "mcc"))
            .and_then(|mcc| Ok((mcc, digits(intern!(self.py, "mnc"))?)))
            .map_err(|_| wrong(value, "a PLMN"))?;
        // TS 24.501 9.11.3.4: the third digit of the MNC stands beside that of the MCC, F where there is none
        match (mcc.as_slice(), mnc.as_slice()) {
            ([a, b, c], [d, e, rest @ ..]) if rest.len() < 2 && mcc.iter().chain(&mnc).all(|digit| *digit < 10) => {
                Ok([a | b << 4, c | rest.first().unwrap_or(&15) << 4, d | e << 4])
            }
            _ => Err(wrong(value, "a PLMN")),
        }
    }

    fn class(&self, value: &Self::Value) -> Option<usize> {
        self.codec.class_of.get(&(value.get_type_ptr() as usize)).copied()
    }

    fn fields(&self, value: &Self::Value) -> Result<Self::Fields, Unencodable> {
        let wrong = || wrong(value, "a record");
        let class = self.class(value).ok_or_else(wrong)?;
        self.codec.classes[class].fields(value, self.codec.astuple.bind(self.py)).map_err(|_| wrong())
    }

    fn field(&self, fields: &Self::Fields, index: usize) -> Result<Self::Value, Unencodable> {
        fields.get(index).ok_or_else(|| Unencodable::new("a field too few"))
    }

    fn lacks(&self, fields: &Self::Fields, index: usize) -> bool {
        fields.is_none(index)
    }
}

/// Reads one layout node as `freehold.codecs.nas.layout` compiles it: a name, then its parameters.
fn node(tuple: &Bound<'_, PyTuple>) -> PyResult<Node> {
    let name: String = tuple.get_item(0)?.extract()?;
    let number = |index| tuple.get_item(index)?.extract::<usize>();
    let cases = |index| tuple.get_item(index)?.extract::<Vec<(u64, NodeId)>>();
    Ok(match name.as_str() {
        "unsigned" => Node::Unsigned { bits: number(1)?, plus: number(2)? as u64 },
        "boolean" => Node::Boolean,
        "octets" => Node::Octets(number(1)?),
        "rest" => Node::Rest,
        "after" => Node::After { spare: number(1)?, inner: number(2)? },
        "sized" => Node::Sized { bits: number(1)?, inner: number(2)? },
        "list" => Node::List { inner: number(1)?, most: number(2)? },
        "counted" => Node::Counted { inner: number(1)? },
        "choice" => Node::Choice { offset: number(1)?, bits: number(2)?, cases: cases(3)? },
        "switch" => Node::Switch { on: number(1)?, cases: cases(2)?, default: tuple.get_item(3)?.extract()? },
        "record" => {
            let steps = tuple.get_item(2)?.extract::<Vec<Bound<'_, PyTuple>>>()?;
            Node::Record { class: number(1)?, steps: steps.iter().map(step).collect::<PyResult<_>>()? }
        }
        "plmn" => Node::Plmn,
        "digits" => Node::Digits(number(1)?),
        "equipment" => Node::Equipment { class: number(1)? },
        "labels" => Node::Labels,
        "sessions" => Node::Sessions,
        _ => return Err(PyValueError::new_err(format!("no layout {name:?}"))),
    })
}

fn step(tuple: &Bound<'_, PyTuple>) -> PyResult<Step> {
    let name: String = tuple.get_item(0)?.extract()?;
    let number = |index| tuple.get_item(index)?.extract::<usize>();
    Ok(match name.as_str() {
        "spare" => Step::Spare(number(1)?),
        "constant" => Step::Constant { value: number(1)? as u64, bits: number(2)? },
        "extent" => Step::Extent(tuple.get_item(1)?.extract()?),
        "length" => Step::Length { bits: number(1)?, after: number(2)? },
        "count" => Step::Count { bits: number(1)?, bias: number(2)?, of: number(3)? },
        "field" => Step::Field { node: number(1)?, presence: presence(&tuple.get_item(2)?.extract()?)? },
        _ => return Err(PyValueError::new_err(format!("no step {name:?}"))),
    })
}

fn presence(tuple: &Bound<'_, PyTuple>) -> PyResult<Presence> {
    let name: String = tuple.get_item(0)?.extract()?;
    Ok(match name.as_str() {
        "always" => Presence::Always,
        "left" => Presence::IfLeft,
        "lengths" => Presence::Lengths(tuple.get_item(1)?.extract()?),
        "when" => Presence::When(tuple.get_item(1)?.extract()?, tuple.get_item(2)?.extract()?),
        _ => return Err(PyValueError::new_err(format!("no presence {name:?}"))),
    })
}

/// (class, discriminator, type, [(name, node, format)])
fn message(tuple: &Bound<'_, PyTuple>) -> PyResult<Message> {
    let (class, discriminator, kind, elements) = tuple.extract::<(usize, u8, u8, Vec<Bound<'_, PyTuple>>)>()?;
    let elements = elements
        .iter()
        .map(|element| {
            let (name, node, format) = element.extract::<(String, NodeId, Bound<'_, PyTuple>)>()?;
            Ok(InformationElement { name, node, format: self::format(&format)? })
        })
        .collect::<PyResult<_>>()?;
    let same = || PyValueError::new_err("two optional elements of one identifier");
    Message::new(class, discriminator, kind, elements).ok_or_else(same)
}

/// (name, identifier, bits of the length, least, most)
fn format(tuple: &Bound<'_, PyTuple>) -> PyResult<Format> {
    let (name, tag, bits, least, most) = tuple.extract::<(String, u8, usize, usize, usize)>()?;
    Ok(match name.as_str() {
        "half" => Format::Half,
        "fixed" => Format::Fixed(least),
        "length" => Format::Length { bits, least, most },
        "tag" => Format::Tag(tag),
        "tag-half" => Format::TagHalf(tag),
        "tag-fixed" => Format::TagFixed(tag, least),
        "tag-length" => Format::TagLength { tag, bits, least, most },
        _ => return Err(PyValueError::new_err(format!("no format {name:?}"))),
    })
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Codec>()
}

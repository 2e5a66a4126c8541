//! Python's values for the PER engine: instances are filled slot by slot, without a call.
use freehold_per::{self as per, Criticality, Node, NodeId, Place, Stop, Wrong};
use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple, PyType};
use std::collections::HashMap;
use std::sync::RwLock;

mod items;
mod values;

use crate::class::Class;
use items::Shown;
use values::{Values, criticality_name, whole};

const CRITICALITIES: [&str; 3] = ["reject", "ignore", "notify"];
const KINDS: [&str; 3] = ["initiatingMessage", "successfulOutcome", "unsuccessfulOutcome"];

/// The classes of `codecs.asn1.values`.
struct Kit {
    unknown_ie: Class,
    decoded: Class,
    fault: Class,
    header: Class,
    error: Py<PyAny>,
    nothing: Py<PyAny>,
    to_bytes: Py<PyAny>,
}

/// One ASN.1 protocol: its tables, and the Python classes made of them on first use.
#[pyclass(frozen, module = "freehold._native.per")]
struct Schema {
    schema: per::Schema,
    module: String,
    make_class: Py<PyAny>,
    kit: Kit,
    names: Box<[Py<PyString>]>,
    classes: Box<[PyOnceLock<Class>]>,
    by_type: RwLock<HashMap<usize, NodeId>>,
    messages: HashMap<NodeId, usize>,
    headers: Box<[Py<PyAny>]>,
    identifiers: Vec<(u16, Py<PyString>)>,
}

impl Schema {
    /// The class of a structure, made on first use.
    #[inline]
    fn class(&self, py: Python<'_>, node: NodeId) -> PyResult<&Class> {
        match self.classes[node as usize].get(py) {
            Some(class) => Ok(class),
            None => self.classes[node as usize].get_or_try_init(py, || self.make(py, node)),
        }
    }

    #[cold]
    fn make(&self, py: Python<'_>, node: NodeId) -> PyResult<Class> {
        let structure = self.schema.structure(node).ok_or_else(|| PyTypeError::new_err("not a structure"))?;
        let mut defaults = Vec::with_capacity(structure.fields.len());
        let mut fields = Vec::with_capacity(structure.fields.len());
        for (field, (required, default)) in structure.fields.iter().zip(structure.requirements()) {
            let default = self.default(py, default);
            fields.push((field, required, default.clone_ref(py)));
            defaults.push(default);
        }
        let message = self.messages.get(&node).map(|at| {
            let message = &self.schema.messages[*at];
            (message.procedure_code, KINDS[message.kind as usize], CRITICALITIES[message.criticality as usize])
        });
        let class =
            self.make_class.bind(py).call1((&self.module, &*structure.name, fields, message))?.cast_into::<PyType>()?;
        let names = structure.fields.iter().collect::<Vec<_>>();
        let made = Class::new(class, &names, defaults)?;
        self.by_type
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(made.class.as_ptr() as usize, node);
        Ok(made)
    }

    fn default(&self, py: Python<'_>, default: Option<&per::Default>) -> Py<PyAny> {
        match default {
            None => py.None(),
            Some(per::Default::Int(value)) => whole(py, *value).unbind(),
            Some(per::Default::Bool(value)) => pyo3::types::PyBool::new(py, *value).to_owned().into_any().unbind(),
            Some(per::Default::Text(name)) => self.names[*name as usize].clone_ref(py).into_any(),
        }
    }

    fn node_of(&self, class: *mut ffi::PyTypeObject) -> Option<NodeId> {
        self.by_type.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&(class as usize)).copied()
    }

    fn place(&self, place: Place) -> String {
        match self.schema.structure(place.structure) {
            Some(structure) => {
                format!("{}.{}", structure.name, structure.fields.iter().nth(place.slot as usize).unwrap_or_default())
            }
            None => String::new(),
        }
    }

    fn fault<'py>(&self, py: Python<'py>, fault: &per::Fault) -> Result<Bound<'py, PyAny>, Stop> {
        let cause = match fault.cause {
            per::Cause::TransferSyntax => "transfer-syntax-error",
            per::Cause::AbstractSyntaxReject => "abstract-syntax-error-reject",
            per::Cause::AbstractSyntaxIgnoreAndNotify => "abstract-syntax-error-ignore-and-notify",
            per::Cause::FalselyConstructed => "abstract-syntax-error-falsely-constructed-message",
        };
        let error = fault.error.map(|error| match error {
            per::NotUnderstood::NotUnderstood => "not-understood",
            per::NotUnderstood::Missing => "missing",
        });
        let none = || py.None().into_bound(py);
        let text = |text: &str| PyString::intern(py, text).into_any();
        let made = self.kit.fault.build(
            py,
            [
                text(cause),
                criticality_name(py, fault.action),
                fault.ie.map_or_else(none, |ie| whole(py, ie.into())),
                error.map_or_else(none, text),
                PyString::new(py, &fault.place.map_or_else(String::new, |place| self.place(place))).into_any(),
                text(fault.detail),
            ],
        );
        made.ok_or(Stop::Builder)
    }

    fn faults<'py>(&self, py: Python<'py>, faults: &[per::Fault]) -> PyResult<Bound<'py, PyAny>> {
        let values =
            faults.iter().map(|fault| self.fault(py, fault)).collect::<Result<Vec<_>, Stop>>().map_err(no_memory)?;
        Ok(PyTuple::new(py, values)?.into_any())
    }

    fn header<'py>(
        &self,
        py: Python<'py>,
        outcome: &per::Outcome<Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyAny>, Stop> {
        let usual =
            |message: &&per::Message| message.criticality == outcome.criticality && outcome.transaction.is_none();
        let known = outcome.known.as_ref().filter(usual);
        if let Some(at) = known.and_then(|message| self.messages.get(&message.node)) {
            return Ok(self.headers[*at].bind(py).clone());
        }
        if !outcome.header {
            return Ok(py.None().into_bound(py));
        }
        let (code, kind, criticality) = (outcome.procedure_code, outcome.kind, outcome.criticality);
        header(py, &self.kit.header, code, kind, criticality, outcome.transaction)
    }

    fn found<'py>(&self, py: Python<'py>, octets: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let ids = self.identifiers.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        let found = per::Outcome::<()>::identifiers(&self.schema, octets, &ids);
        let named = PyDict::new(py);
        for ((_, name), value) in self.identifiers.iter().zip(found) {
            if let Some(value) = value {
                named.set_item(name, value)?;
            }
        }
        Ok(named.into_any())
    }

    fn wrong(&self, py: Python<'_>, wrong: Wrong, place: Place) -> PyErr {
        let text = format!("{}: {wrong}", self.place(place));
        self.kit.error.bind(py).call1((text,)).map_or_else(|error| error, PyErr::from_value)
    }
}

fn header<'py>(
    py: Python<'py>,
    class: &Class,
    procedure_code: u8,
    kind: u8,
    criticality: Criticality,
    transaction: Option<u16>,
) -> Result<Bound<'py, PyAny>, Stop> {
    let kind = PyString::intern(py, KINDS[usize::from(kind)]).into_any();
    let transaction = transaction.map_or_else(|| py.None().into_bound(py), |number| whole(py, number.into()));
    class
        .build(py, [whole(py, procedure_code.into()), kind, criticality_name(py, criticality), transaction])
        .ok_or(Stop::Builder)
}

fn no_memory(_: Stop) -> PyErr {
    pyo3::exceptions::PyMemoryError::new_err("no memory for a decoded value")
}

#[pymethods]
impl Schema {
    /// `kit` is (UnknownIe, Decoded, Fault, Header, error class, empty mapping); `identifiers` names the UE identifier IEs by id.
    #[new]
    fn new(
        py: Python<'_>,
        table: &[u8],
        module: String,
        make_class: Py<PyAny>,
        kit: &Bound<'_, PyTuple>,
        identifiers: Vec<(u16, String)>,
    ) -> PyResult<Self> {
        let schema = per::Schema::load(table).map_err(PyValueError::new_err)?;
        let known = |at| Class::declared(kit.get_item(at)?.cast::<PyType>()?);
        let kit = Kit {
            unknown_ie: known(0)?,
            decoded: known(1)?,
            fault: known(2)?,
            header: known(3)?,
            error: kit.get_item(4)?.unbind(),
            nothing: kit.get_item(5)?.unbind(),
            to_bytes: py.get_type::<PyInt>().getattr("to_bytes")?.unbind(),
        };
        let headers = schema.messages.iter().map(|message| {
            let made = header(py, &kit.header, message.procedure_code, message.kind, message.criticality, None);
            made.map(Bound::unbind).map_err(no_memory)
        });
        Ok(Schema {
            headers: headers.collect::<PyResult<_>>()?,
            messages: schema.messages.iter().enumerate().map(|(at, message)| (message.node, at)).collect(),
            names: schema.names.iter().map(|name| PyString::intern(py, name).unbind()).collect(),
            classes: schema.nodes.iter().map(|_| PyOnceLock::new()).collect(),
            by_type: RwLock::default(),
            identifiers: identifiers.into_iter().map(|(id, name)| (id, PyString::intern(py, &name).unbind())).collect(),
            schema,
            module,
            make_class,
            kit,
        })
    }

    /// The class of the SEQUENCE `name`, or the names of the ENUMERATED `name`, or None for another type.
    fn type_named<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let Some(node) = self.schema.types.get(name) else {
            return Err(PyAttributeError::new_err(format!("module {:?} has no attribute {name:?}", self.module)));
        };
        match self.schema.node(node) {
            Node::Struct(_) => Ok(self.class(py, node)?.class.bind(py).clone().into_any()),
            Node::Enum(enumeration) => {
                let names = enumeration.names.iter().map(|name| self.names[*name as usize].bind(py));
                Ok(PyTuple::new(py, names.collect::<Vec<_>>())?.into_any())
            }
            _ => Ok(py.None().into_bound(py)),
        }
    }

    /// The class of the message of a procedure code and kind, or None.
    fn message_class<'py>(
        &self,
        py: Python<'py>,
        procedure_code: u8,
        kind: &str,
    ) -> PyResult<Option<Bound<'py, PyType>>> {
        let kind = KINDS.iter().position(|each| *each == kind);
        let found = kind.and_then(|kind| self.schema.message(procedure_code, kind as u8));
        found.map(|message| Ok(self.class(py, message.node)?.class.bind(py).clone())).transpose()
    }

    /// The names of all IEs by their ids.
    fn element_names(&self) -> HashMap<u16, &str> {
        self.schema.elements().collect()
    }

    /// Reads one PDU: a Decoded; with `any_order` IEs in wrong order are read all the same.
    #[pyo3(signature = (octets, any_order=false, /))]
    fn decode<'py>(
        &self,
        py: Python<'py>,
        octets: &Bound<'py, PyBytes>,
        any_order: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let octets = octets.as_bytes();
        let mut decoder = per::Decoder::new(&self.schema, Values { py, schema: self });
        decoder.any_order = any_order;
        let mut outcome = decoder.pdu(octets).map_err(|stop| PyErr::take(py).unwrap_or_else(|| no_memory(stop)))?;
        let (faults, identifiers) = if decoder.faults.is_empty() {
            (PyTuple::empty(py).into_any(), self.kit.nothing.bind(py).clone())
        } else {
            (self.faults(py, &decoder.faults)?, self.found(py, octets)?)
        };
        let header = self.header(py, &outcome).map_err(no_memory)?;
        let message = outcome.message.take().unwrap_or_else(|| py.None().into_bound(py));
        self.kit.decoded.build(py, [message, faults, header, identifiers]).ok_or(Stop::Builder).map_err(no_memory)
    }

    /// Writes one PDU; NRPPa's bears a transaction ID.
    #[pyo3(signature = (message, transaction_id=None, /))]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        message: &Bound<'py, PyAny>,
        transaction_id: Option<u16>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let node = self.node_of(message.get_type_ptr());
        let Some(at) = node.and_then(|node| self.messages.get(&node)) else {
            return Err(PyTypeError::new_err(format!("{} is not a message of {}", message.get_type(), self.module)));
        };
        let mut encoder = per::Encoder::new(&self.schema, Shown { py, schema: self });
        let octets = encoder.pdu(&self.schema.messages[*at], message.as_ptr(), transaction_id);
        octets.map(|octets| PyBytes::new(py, &octets)).map_err(|(wrong, place)| self.wrong(py, wrong, place))
    }

    /// Reads one SEQUENCE that travels alone: (value or None, faults).
    #[pyo3(signature = (class, octets, /))]
    fn decode_as<'py>(
        &self,
        py: Python<'py>,
        class: &Bound<'py, PyType>,
        octets: &Bound<'py, PyBytes>,
    ) -> PyResult<(Option<Bound<'py, PyAny>>, Bound<'py, PyAny>)> {
        let Some(node) = self.node_of(class.as_type_ptr()) else {
            return Err(PyTypeError::new_err(format!("{class} is not a type of {}", self.module)));
        };
        let octets = octets.as_bytes();
        let mut decoder = per::Decoder::new(&self.schema, Values { py, schema: self });
        let value = decoder.alone(octets, node).map_err(|stop| PyErr::take(py).unwrap_or_else(|| no_memory(stop)))?;
        Ok((value, self.faults(py, &decoder.faults)?))
    }

    /// Writes one SEQUENCE that travels alone.
    #[pyo3(signature = (value, /))]
    fn encode_value<'py>(&self, py: Python<'py>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let Some(node) = self.node_of(value.get_type_ptr()) else {
            return Err(PyTypeError::new_err(format!("{} is not a type of {}", value.get_type(), self.module)));
        };
        let mut encoder = per::Encoder::new(&self.schema, Shown { py, schema: self });
        let octets = encoder.alone(value.as_ptr(), node);
        octets.map(|octets| PyBytes::new(py, &octets)).map_err(|(wrong, place)| self.wrong(py, wrong, place))
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Schema>()
}

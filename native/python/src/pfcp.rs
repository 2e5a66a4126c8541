//! The PFCP engine for Python: its values are the `msgspec.Struct` classes of `freehold.codecs.pfcp`.
use crate::class::{Fields, Kind};
use freehold_pfcp::{
    Content, Form, Group, Item, Kept, Layout, Member, Message, Presence, Reason, Sink, Source, Tables, When,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PyString, PyTuple, PyType};

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Engine>()
}

type ItemRow = (String, u8, u8, String, u64, u64);
type LayoutRow = (Option<usize>, usize, u64, Vec<ItemRow>);
type MemberRow = (u16, bool, usize, u8, bool);
type MessageRow = (u8, bool, usize);

/// Decodes and encodes by the tables it was made from; see `freehold/_native/pfcp.pyi`.
#[pyclass(frozen, module = "freehold._native.pfcp")]
struct Engine {
    tables: Tables,
    classes: Vec<Kind>,
    decoded: Kind,
    header: Kind,
    fault: Py<PyType>,
    unknown: Kind,
    astuple: Py<PyAny>,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(
        classes: Vec<Py<PyType>>,
        layouts: Vec<LayoutRow>,
        groups: Vec<(usize, Vec<MemberRow>, bool)>,
        messages: Vec<MessageRow>,
        frame: (Py<PyType>, Py<PyType>, Py<PyType>, Py<PyType>),
        astuple: Py<PyAny>,
    ) -> PyResult<Self> {
        let tables = Tables {
            layouts: layouts.into_iter().map(layout).collect::<PyResult<_>>()?,
            groups: groups.into_iter().map(group).collect::<PyResult<_>>()?,
            messages: messages.into_iter().map(|(kind, session, group)| Message { kind, session, group }).collect(),
        };
        tables.check().map_err(PyValueError::new_err)?;
        let top = classes.len();
        if tables.groups.iter().any(|group| group.class >= top)
            || tables.layouts.iter().any(|layout| layout.class.is_some_and(|class| class >= top))
        {
            return Err(PyValueError::new_err("class out of range"));
        }
        let classes = classes.into_iter().map(Kind::new).collect();
        let (decoded, header, fault, unknown) = frame;
        let (decoded, header, unknown) = (Kind::new(decoded), Kind::new(header), Kind::new(unknown));
        Ok(Self { tables, classes, decoded, header, fault, unknown, astuple })
    }

    fn decode<'py>(&self, py: Python<'py>, octets: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let mut builder = Builder { py, engine: self, error: None };
        let decoded = freehold_pfcp::decode(&self.tables, octets, &mut builder);
        if let Some(error) = builder.error {
            return Err(error);
        }
        let header = match decoded.header {
            Some(header) => {
                let mut fields = vec![
                    whole(py, header.kind),
                    header.seid.map_or_else(|| builder.none(), |seid| whole(py, seid)),
                    whole(py, header.sequence),
                    header.priority.map_or_else(|| builder.none(), |priority| whole(py, priority)),
                    builder.flag(header.follow_on),
                    whole(py, header.version),
                ];
                if header.spare != [0, 0] {
                    fields.push(PyBytes::new(py, &header.spare).into_any());
                }
                self.header.build(py, fields)?
            }
            None => py.None().into_bound(py),
        };
        let mut faults = Vec::with_capacity(decoded.faults.len());
        for fault in decoded.faults {
            faults.push(self.fault.bind(py).call1((reason(fault.reason), fault.ie))?);
        }
        let message = decoded.message.unwrap_or_else(|| py.None().into_bound(py));
        self.decoded.build(py, [header, message, PyTuple::new(py, faults)?.into_any()])
    }

    fn encode<'py>(
        &self,
        py: Python<'py>,
        message: Bound<'py, PyAny>,
        sequence: u32,
        seid: Option<u64>,
        priority: Option<u8>,
        follow_on: bool,
        spare: &[u8],
    ) -> PyResult<Bound<'py, PyBytes>> {
        let found = self.tables.messages.iter().find(|row| {
            let class = self.tables.groups[row.group].class;
            self.classes[class].is_class_of(&message)
        });
        let Some(row) = found else {
            return Err(PyValueError::new_err("not a PFCP message"));
        };
        if row.session != seid.is_some() || sequence > 0xff_ffff || priority.is_some_and(|priority| priority > 15) {
            return Err(PyValueError::new_err("the header does not fit the message"));
        }
        let flags = u8::from(follow_on) << 2 | u8::from(priority.is_some()) << 1 | u8::from(row.session);
        let (first, last) = match *spare {
            [] => (0, 0),
            [first, last] => (first & 0x18, if priority.is_some() { last & 0x0f } else { last }),
            _ => return Err(PyValueError::new_err("the header has spare bits in two octets")),
        };
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(&[0x20 | first | flags, row.kind, 0, 0]);
        if let Some(seid) = seid {
            out.extend_from_slice(&seid.to_be_bytes());
        }
        out.extend_from_slice(&(sequence << 8 | u32::from(priority.unwrap_or(0)) << 4 | u32::from(last)).to_be_bytes());
        let reader = Reader { engine: self, astuple: self.astuple.bind(py) };
        freehold_pfcp::encode(&self.tables, row.group, &message, &reader, &mut out)
            .map_err(|wrong| PyValueError::new_err(format!("IE {} {}", wrong.ie, wrong.what)))?;
        let size = u16::try_from(out.len() - 4).map_err(|_| PyValueError::new_err("the message is too long"))?;
        out[2..4].copy_from_slice(&size.to_be_bytes());
        Ok(PyBytes::new(py, &out))
    }
}

fn layout((class, lead, one_of, items): LayoutRow) -> PyResult<Layout> {
    let items = items.into_iter().map(item).collect::<PyResult<_>>()?;
    Ok(Layout::new(class, lead, items, one_of))
}

fn item((form, a, b, when, mask, value): ItemRow) -> PyResult<Item> {
    let form = match form.as_str() {
        "flag" => Form::Flag,
        "bits" => Form::Bits(a, b),
        "uint" => Form::Uint(a),
        "number" => Form::Number,
        "flags" => Form::Flags(a, b),
        "octets" => Form::Octets(a),
        "rest" => Form::Rest,
        "text" => Form::Text,
        "labels" => Form::Labels,
        "counted" => Form::Counted(a),
        other => return Err(PyValueError::new_err(format!("unknown form {other}"))),
    };
    let when = match when.as_str() {
        "equal" => When::Equal(mask, value),
        "any" => When::AnyOf(mask),
        "tail" => When::Tail,
        other => return Err(PyValueError::new_err(format!("unknown condition {other}"))),
    };
    Ok(Item { form, when })
}

fn group((class, members, updates): (usize, Vec<MemberRow>, bool)) -> PyResult<Group> {
    let members = members.into_iter().map(|(ie, grouped, at, presence, many)| Member {
        ie,
        content: if grouped { Content::Group(at) } else { Content::Layout(at) },
        presence: match presence {
            b'M' => Presence::Mandatory,
            b'C' => Presence::Conditional,
            _ => Presence::Optional,
        },
        many,
    });
    Ok(Group::new(class, members.collect()).updating(updates))
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Version => "version",
        Reason::MessageLength => "message length",
        Reason::UnknownMessage => "unknown message",
        Reason::MandatoryMissing => "mandatory IE missing",
        Reason::IeLength => "IE length",
        Reason::Incorrect => "IE incorrect",
        Reason::Repeated => "IE repeated",
    }
}

struct Builder<'a, 'py> {
    py: Python<'py>,
    engine: &'a Engine,
    error: Option<PyErr>,
}

impl<'py> Builder<'_, 'py> {
    fn keep<T>(&mut self, result: PyResult<Bound<'py, T>>) -> Bound<'py, PyAny> {
        match result {
            Ok(value) => value.into_any(),
            Err(error) => {
                self.error = Some(error);
                self.py.None().into_bound(self.py)
            }
        }
    }
}

impl<'py> Sink for Builder<'_, 'py> {
    type Value = Bound<'py, PyAny>;

    fn none(&mut self) -> Self::Value {
        self.py.None().into_bound(self.py)
    }

    fn flag(&mut self, value: bool) -> Self::Value {
        PyBool::new(self.py, value).to_owned().into_any()
    }

    fn uint(&mut self, value: u64) -> Self::Value {
        match value.into_pyobject(self.py) {
            Ok(value) => value.into_any(),
            Err(never) => match never {},
        }
    }

    fn wide(&mut self, value: u128) -> Self::Value {
        match value.into_pyobject(self.py) {
            Ok(value) => value.into_any(),
            Err(never) => match never {},
        }
    }

    fn octets(&mut self, value: &[u8]) -> Self::Value {
        PyBytes::new(self.py, value).into_any()
    }

    fn text(&mut self, value: &str) -> Self::Value {
        PyString::new(self.py, value).into_any()
    }

    fn many(&mut self, values: Vec<Self::Value>) -> Self::Value {
        if values.is_empty() {
            return PyTuple::empty(self.py).into_any();
        }
        let tuple = PyTuple::new(self.py, values);
        self.keep(tuple)
    }

    fn unknown(&mut self, ie: u16, enterprise: Option<u16>, value: &[u8]) -> Self::Value {
        let py = self.py;
        let enterprise = enterprise.map_or_else(|| self.none(), |enterprise| whole(py, enterprise));
        let fields = [whole(self.py, ie), PyBytes::new(self.py, value).into_any(), enterprise];
        let made = self.engine.unknown.build(self.py, fields);
        self.keep(made)
    }

    fn build(&mut self, class: usize, mut fields: Vec<Self::Value>, kept: Kept<'_, Self::Value>) -> Self::Value {
        if !kept.is_empty() {
            let codings = kept.codings.into_iter().map(|(at, octets)| (at, PyBytes::new(self.py, octets)));
            let unknown = PyTuple::new(self.py, kept.unknown);
            let order = PyTuple::new(self.py, kept.order);
            let codings = PyTuple::new(self.py, codings.collect::<Vec<_>>());
            fields.extend([self.keep(unknown), self.keep(order), self.keep(codings)]);
        }
        let made = self.engine.classes[class].build(self.py, fields);
        self.keep(made)
    }
}

fn whole<'py>(py: Python<'py>, value: impl Into<u64>) -> Bound<'py, PyAny> {
    PyInt::new(py, value.into()).into_any()
}

struct Reader<'a, 'py> {
    engine: &'a Engine,
    astuple: &'a Bound<'py, PyAny>,
}

impl<'a, 'py> Source for Reader<'a, 'py> {
    type Value = Bound<'py, PyAny>;
    type Fields = Fields<'a, 'py>;

    fn open(&self, value: &Self::Value, class: usize) -> Option<Self::Fields> {
        let class = &self.engine.classes[class];
        if class.is_class_of(value) { class.fields(value, self.astuple).ok() } else { None }
    }

    fn list(&self, value: &Self::Value) -> Option<Self::Fields> {
        match value.cast::<PyTuple>() {
            Ok(tuple) => Some(Fields::Items(tuple.clone())),
            Err(_) => value.cast::<PyList>().ok().map(|list| Fields::Items(list.to_tuple())),
        }
    }

    fn count(&self, fields: &Self::Fields) -> usize {
        fields.count()
    }

    fn field(&self, fields: &Self::Fields, at: usize) -> Self::Value {
        fields.get(at).unwrap_or_else(|| self.astuple.py().None().into_bound(self.astuple.py()))
    }

    fn is_none(&self, value: &Self::Value) -> bool {
        value.is_none()
    }

    fn flag(&self, value: &Self::Value) -> Option<bool> {
        value.extract().ok()
    }

    fn uint(&self, value: &Self::Value) -> Option<u64> {
        value.cast::<PyInt>().ok()?.extract().ok()
    }

    fn wide(&self, value: &Self::Value) -> Option<u128> {
        match self.uint(value) {
            Some(number) => Some(number.into()),
            None => value.cast::<PyInt>().ok()?.extract().ok(),
        }
    }

    fn octets<'v>(&self, value: &'v Self::Value) -> Option<&'v [u8]> {
        value.cast::<PyBytes>().ok().map(|bytes| bytes.as_bytes())
    }

    fn text<'v>(&self, value: &'v Self::Value) -> Option<&'v str> {
        value.cast::<PyString>().ok()?.to_str().ok()
    }

    fn unknown(&self, value: &Self::Value) -> Option<(u16, Option<u16>, Vec<u8>)> {
        if !self.engine.unknown.is_class_of(value) {
            return None;
        }
        let fields = self.engine.unknown.fields(value, self.astuple).ok()?;
        let (ie, octets, enterprise) = (fields.get(0)?, fields.get(1)?, fields.get(2)?);
        let ie: u16 = ie.extract().ok()?;
        let octets: Vec<u8> = octets.extract().ok()?;
        let enterprise: Option<u16> = enterprise.extract().ok()?;
        // A vendor's IE without room for its number was kept as it came.
        let fits = enterprise.is_some() == (ie >= 0x8000) || (enterprise.is_none() && octets.len() < 2);
        fits.then_some((ie, enterprise, octets))
    }
}

//! Frames of bits declared as parts: how the user plane protocols in extension headers are laid out (TS 38.415 5.5.1).

/// One part; fields are numbers of the frame's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bits with one value: the PDU type, and spare bits as zero.
    Constant { value: u64, bits: u8 },
    /// The bit that says whether a later part is there; itself only there where the part `under` is.
    Flag { field: usize, under: Option<usize> },
    /// The bit that says whether an octet of more flags comes, for the parts of these fields.
    Gate { fields: Vec<usize> },
    /// That octet: spare bits, then a flag for each part, the last one in the highest place.
    Flags { fields: Vec<usize> },
    /// A bit that is a value itself; with a flag of its own, behind seven spare bits.
    Truth { field: usize, octet: bool },
    /// A number, with `after` spare bits behind it; there unless its flag said no.
    Number { field: usize, bits: u8, after: u8 },
    /// A fixed row of numbers of one width; there where its flag said so.
    Numbers { field: usize, count: usize, bits: u8 },
    /// Up to 255 pairs of numbers behind their count; there where its flag said so.
    Pairs { field: usize, first: u8, second: u8 },
    /// Up to 255 octet strings behind their count, each behind its type and length; there where its flag said so.
    Strings { field: usize },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field {
    #[default]
    Absent,
    Truth(bool),
    Number(u64),
    Numbers(Vec<u64>),
    Pairs(Vec<(u64, u64)>),
    Strings(Vec<(u8, Vec<u8>)>),
}

/// A frame's parts, over fields numbered from 0.
#[derive(Debug)]
pub struct Content {
    parts: Vec<Part>,
    fields: usize,
    /// Fields whose presence a flag says.
    told: Vec<bool>,
}

const LONGEST: usize = 1018;

/// What came may be another coding than the one that is written: spare bits, and a future extension.
#[derive(Debug, PartialEq, Eq)]
pub struct Came {
    pub fields: Vec<Field>,
    pub exact: bool,
}

struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// The next bits as a number, at most 64.
    fn take(&mut self, bits: usize) -> Option<u64> {
        let end = self.at + bits;
        if end > 8 * self.octets.len() {
            return None;
        }
        let mut value = 0_u64;
        while self.at < end {
            let (octet, offset) = (self.octets[self.at / 8], self.at % 8);
            let taken = (8 - offset).min(end - self.at);
            let part = (octet >> (8 - offset - taken)) & (0xff_u8 >> (8 - taken));
            value = (value << taken) | u64::from(part);
            self.at += taken;
        }
        Some(value)
    }

    fn zero(&mut self, bits: usize) -> Option<bool> {
        Some(self.take(bits)? == 0)
    }
}

#[derive(Default)]
struct Writer {
    octets: Vec<u8>,
    bits: usize,
}

impl Writer {
    fn put(&mut self, value: u64, bits: usize) -> Result<(), String> {
        if bits < 64 && value >> bits != 0 {
            return Err(format!("{value} does not fit in {bits} bits"));
        }
        let mut left = bits;
        while left > 0 {
            if self.bits.is_multiple_of(8) {
                self.octets.push(0);
            }
            let free = 8 - self.bits % 8;
            let given = free.min(left);
            left -= given;
            let part = ((value >> left) as u8) & (0xff_u8 >> (8 - given));
            if let Some(last) = self.octets.last_mut() {
                *last |= part << (free - given);
            }
            self.bits += given;
        }
        Ok(())
    }
}

/// Octets filled up with zeros to 4n - 2 (TS 29.281 5.2.1).
fn padded(size: usize) -> usize {
    size + (6 - size % 4) % 4
}

impl Content {
    /// None where a part names no field, or numbers are wider than 64 bits.
    pub fn new(parts: Vec<Part>, fields: usize) -> Option<Self> {
        let mut told = vec![false; fields];
        for part in &parts {
            let (named, wide): (&[usize], bool) = match part {
                Part::Constant { bits, .. } => (&[], *bits > 64),
                Part::Gate { fields } | Part::Flags { fields } => (fields, fields.len() > 8),
                Part::Flag { field, .. } | Part::Truth { field, .. } | Part::Strings { field } => {
                    (std::slice::from_ref(field), false)
                }
                Part::Number { field, bits, after } => (std::slice::from_ref(field), *bits > 64 || *after > 64),
                Part::Numbers { field, bits, .. } => (std::slice::from_ref(field), *bits > 64),
                Part::Pairs { field, first, second } => (std::slice::from_ref(field), *first > 64 || *second > 64),
            };
            let under = if let Part::Flag { under: Some(under), .. } = part { *under } else { 0 };
            if wide || named.iter().any(|&field| field >= fields) || (under >= fields && under > 0) {
                return None;
            }
            if matches!(part, Part::Flag { .. } | Part::Flags { .. }) {
                named.iter().for_each(|&field| told[field] = true);
            }
        }
        Some(Self { parts, fields, told })
    }

    /// The fields in an extension header's content; none where it ends too early.
    pub fn read(&self, octets: &[u8]) -> Option<Came> {
        let mut reader = Reader { octets, at: 0 };
        let mut fields = vec![Field::Absent; self.fields];
        // Where a flag says so; without a flag a number is always there.
        let mut there: Vec<bool> = self.told.iter().map(|told| !told).collect();
        let mut exact = true;
        let mut gate = false;
        for part in &self.parts {
            match part {
                Part::Constant { value, bits } => exact &= reader.take(usize::from(*bits))? == *value,
                Part::Flag { field, under } => {
                    there[*field] = under.is_none_or(|under| there[under]) && reader.take(1)? != 0;
                }
                Part::Gate { .. } => gate = reader.take(1)? != 0,
                Part::Flags { fields: named } => {
                    let told = if gate { reader.take(8)? } else { 0 };
                    exact &= !gate || (told != 0 && told >> named.len() == 0);
                    named.iter().enumerate().for_each(|(at, &field)| there[field] = told >> at & 1 != 0);
                }
                Part::Truth { field, octet } if !*octet => fields[*field] = Field::Truth(reader.take(1)? != 0),
                Part::Truth { field, .. } if there[*field] => {
                    exact &= reader.zero(7)?;
                    fields[*field] = Field::Truth(reader.take(1)? != 0);
                }
                Part::Number { field, bits, after } if there[*field] => {
                    fields[*field] = Field::Number(reader.take(usize::from(*bits))?);
                    exact &= reader.zero(usize::from(*after))?;
                }
                Part::Numbers { field, count, bits } if there[*field] => {
                    let numbers = (0..*count).map(|_| reader.take(usize::from(*bits)));
                    fields[*field] = Field::Numbers(numbers.collect::<Option<_>>()?);
                }
                Part::Pairs { field, first, second } if there[*field] => {
                    let count = reader.take(8)?;
                    let pairs = (0..count)
                        .map(|_| Some((reader.take(usize::from(*first))?, reader.take(usize::from(*second))?)));
                    fields[*field] = Field::Pairs(pairs.collect::<Option<_>>()?);
                }
                Part::Strings { field } if there[*field] => {
                    let count = reader.take(8)?;
                    let strings = (0..count).map(|_| string(&mut reader));
                    fields[*field] = Field::Strings(strings.collect::<Option<_>>()?);
                }
                _ => {}
            }
        }
        exact &= padded(reader.at.div_ceil(8)) == octets.len();
        exact &= (reader.at..8 * octets.len()).all(|at| octets[at / 8] << (at % 8) & 0x80 == 0);
        Some(Came { fields, exact })
    }

    /// The content of the frame's extension header, of which `spare` is the difference. The error says what does not fit.
    pub fn write(&self, fields: &[Field], spare: &[u8], names: &[&str]) -> Result<Vec<u8>, String> {
        let mut writer = Writer::default();
        let absent = |field: usize| fields[field] == Field::Absent;
        for part in &self.parts {
            match part {
                Part::Constant { value, bits } => writer.put(*value, usize::from(*bits))?,
                Part::Flag { field, under } => {
                    if under.is_none_or(|under| !absent(under)) {
                        writer.put(u64::from(!absent(*field)), 1)?;
                    } else if !absent(*field) {
                        return Err(format!("{} needs {}", names[*field], names[under.unwrap_or(0)]));
                    }
                }
                Part::Gate { fields } => writer.put(u64::from(!fields.iter().all(|&field| absent(field))), 1)?,
                Part::Flags { fields } => {
                    let told =
                        fields.iter().enumerate().fold(0, |sum, (at, &field)| sum | u64::from(!absent(field)) << at);
                    writer.put(told, if told == 0 { 0 } else { 8 })?;
                }
                Part::Truth { field, octet } => match fields[*field] {
                    Field::Truth(value) => writer.put(u64::from(value), if *octet { 8 } else { 1 })?,
                    Field::Absent if *octet => {}
                    _ => return Err(format!("{} is a truth value", names[*field])),
                },
                Part::Number { field, bits, after } => match fields[*field] {
                    Field::Number(value) => {
                        writer.put(value, usize::from(*bits))?;
                        writer.put(0, usize::from(*after))?;
                    }
                    Field::Absent if self.told[*field] => {}
                    _ => return Err(format!("{} is a number", names[*field])),
                },
                Part::Numbers { field, count, bits } => match &fields[*field] {
                    Field::Numbers(values) if values.len() == *count => {
                        values.iter().try_for_each(|&value| writer.put(value, usize::from(*bits)))?;
                    }
                    Field::Absent => {}
                    _ => return Err(format!("{} has {count} numbers", names[*field])),
                },
                Part::Pairs { field, first, second } => match &fields[*field] {
                    Field::Pairs(pairs) => {
                        writer.put(pairs.len() as u64, 8)?;
                        for &(one, other) in pairs {
                            writer.put(one, usize::from(*first))?;
                            writer.put(other, usize::from(*second))?;
                        }
                    }
                    Field::Absent => {}
                    _ => return Err(format!("{} has pairs of numbers", names[*field])),
                },
                Part::Strings { field } => match &fields[*field] {
                    Field::Strings(strings) => {
                        writer.put(strings.len() as u64, 8)?;
                        for (kind, octets) in strings {
                            writer.put(u64::from(*kind), 8)?;
                            writer.put(octets.len() as u64, 8)?;
                            octets.iter().try_for_each(|&octet| writer.put(u64::from(octet), 8))?;
                        }
                    }
                    // none of many says nothing of what they would be
                    Field::Pairs(pairs) if pairs.is_empty() => writer.put(0, 8)?,
                    Field::Absent => {}
                    _ => return Err(format!("{} has octet strings", names[*field])),
                },
            }
        }
        let mut octets = writer.octets;
        octets.resize(padded(octets.len()), 0);
        let octets = if spare.is_empty() { octets } else { difference(&octets, spare) };
        if octets.len() > LONGEST || octets.len() % 4 != 2 {
            return Err(format!("a frame has 4n - 2 octets, at most {LONGEST}"));
        }
        Ok(octets)
    }
}

fn string(reader: &mut Reader) -> Option<(u8, Vec<u8>)> {
    let (kind, size) = (reader.take(8)?, reader.take(8)?);
    let octets = (0..size).map(|_| Some(reader.take(8)? as u8));
    Some((kind as u8, octets.collect::<Option<_>>()?))
}

/// Exclusive or of both, the shorter one filled up with zeros: applied twice it gives `other` back.
pub fn difference(one: &[u8], other: &[u8]) -> Vec<u8> {
    let octet = |octets: &[u8], at: usize| octets.get(at).copied().unwrap_or(0);
    (0..one.len().max(other.len())).map(|at| octet(one, at) ^ octet(other, at)).collect()
}

//! The tables: which IEs a message or grouped IE holds, and how the value of an IE lies in its octets.

/// How one field of an IE's value is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A flag of the leading octets, no octets of its own.
    Flag,
    /// A number inside the leading octets: shift and width in bits.
    Bits(u8, u8),
    /// An unsigned integer of this many octets.
    Uint(u8),
    /// An unsigned integer that takes all octets left, 1 to 8.
    Number,
    /// Flags over this many octets at least and at most, one less of older senders; the first has the lowest bits.
    Flags(u8, u8),
    /// Exactly this many octets.
    Octets(u8),
    /// All octets left.
    Rest,
    /// All octets left, UTF-8.
    Text,
    /// All octets left, a domain name as labels (RFC 1035 3.1).
    Labels,
    /// Octets after their own length of this many octets.
    Counted(u8),
}

/// Where a field of a layout is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Where the leading octets under the mask have this value.
    Equal(u64, u64),
    /// Where one of these bits of the leading octets is set, which other fields stand for.
    AnyOf(u64),
    /// Where octets are left.
    Tail,
}

impl When {
    /// The answer of the leading octets; a tail is asked elsewhere.
    pub fn holds(self, flags: u64) -> bool {
        match self {
            When::Equal(mask, value) => flags & mask == value,
            When::AnyOf(mask) => flags & mask != 0,
            When::Tail => true,
        }
    }

    /// The flags that the field's presence sets.
    pub fn sets(self) -> u64 {
        if let When::Equal(_, value) = self { value } else { 0 }
    }
}

/// One field of a layout.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub form: Form,
    pub when: When,
}

/// The value of an IE that is not grouped: leading flag octets, then fields.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The caller's class; none where the value is that of the only field.
    pub class: Option<usize>,
    /// How many leading octets hold flags, at most 8; the first holds the lowest bits.
    pub lead: usize,
    pub items: Vec<Item>,
    /// One of these fields has to be present: a bit for each by its place; none where it does not matter.
    pub one_of: u64,
    /// The flags that the presence of fields sets.
    pub told: u64,
}

impl Layout {
    pub fn new(class: Option<usize>, lead: usize, items: Vec<Item>, one_of: u64) -> Self {
        let told = items.iter().fold(0, |sum, item| sum | item.when.sets());
        Self { class, lead, items, one_of, told }
    }
}

pub(crate) fn mask(width: u8) -> u64 {
    u64::MAX >> (64 - u32::from(width.clamp(1, 64)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Layout(usize),
    Group(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Mandatory,
    Conditional,
    Optional,
}

/// One IE of a message or grouped IE.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub ie: u16,
    pub content: Content,
    pub presence: Presence,
    pub many: bool,
}

/// A message's body or a grouped IE.
#[derive(Clone, Debug)]
pub struct Group {
    pub class: usize,
    pub members: Vec<Member>,
    /// Whether an IE without octets removes what was provisioned (TS 29.244 5.6.3).
    pub updates: bool,
    index: Vec<u8>,
}

const NONE: u8 = u8::MAX;

impl Group {
    /// At most 254 members.
    pub fn new(class: usize, members: Vec<Member>) -> Self {
        let top = members.iter().map(|member| usize::from(member.ie) + 1).max().unwrap_or(0);
        let mut index = vec![NONE; top];
        for (at, member) in members.iter().enumerate().take(usize::from(NONE)) {
            index[usize::from(member.ie)] = at as u8;
        }
        Self { class, members, updates: false, index }
    }

    /// The same group where it changes what was provisioned.
    pub fn updating(self, updates: bool) -> Self {
        Self { updates, ..self }
    }

    /// Which member an IE type is.
    pub fn find(&self, ie: u16) -> Option<usize> {
        match self.index.get(usize::from(ie)) {
            Some(&at) if at != NONE => Some(usize::from(at)),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Message {
    pub kind: u8,
    /// Whether the header carries a SEID (TS 29.244 7.2.2.4).
    pub session: bool,
    pub group: usize,
}

#[derive(Debug, Default)]
pub struct Tables {
    pub layouts: Vec<Layout>,
    pub groups: Vec<Group>,
    pub messages: Vec<Message>,
}

impl Tables {
    pub fn message(&self, kind: u8) -> Option<&Message> {
        self.messages.iter().find(|message| message.kind == kind)
    }

    /// Says what does not fit together; an engine that passed this never indexes outside its tables.
    pub fn check(&self) -> Result<(), String> {
        for layout in &self.layouts {
            let one = layout.class.is_some() || layout.items.len() == 1;
            if layout.lead > 8 || layout.items.len() > 64 || !one {
                return Err(format!("layout {layout:?}"));
            }
            for item in &layout.items {
                let bits = matches!(item.form, Form::Bits(shift, width) if width == 0 || usize::from(shift) + usize::from(width) > 8 * layout.lead);
                let size = matches!(item.form, Form::Uint(size) | Form::Counted(size) if size == 0 || size > 8);
                let span = matches!(item.form, Form::Flags(least, most) if most == 0 || most > 16 || least > most);
                if bits || size || span {
                    return Err(format!("item {item:?}"));
                }
            }
        }
        for (at, group) in self.groups.iter().enumerate() {
            for member in &group.members {
                // A group refers only to groups before it: nesting is bounded by the tables.
                let known = match member.content {
                    Content::Layout(layout) => layout < self.layouts.len(),
                    Content::Group(inner) => inner < at,
                };
                if !known || member.ie >= 0x8000 || group.members.len() > 254 {
                    return Err(format!("group {at} member {member:?}"));
                }
            }
        }
        if self.messages.iter().any(|message| message.group >= self.groups.len()) {
            return Err("message without group".into());
        }
        Ok(())
    }
}

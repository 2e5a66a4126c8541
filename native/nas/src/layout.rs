//! How the bits of a value lie: a finite tree, declared by tables.

pub type NodeId = usize;

/// When a field is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    Always,
    /// While octets are left in the extent.
    IfLeft,
    /// When the extent had one of these lengths in octets (bit n of the mask).
    Lengths(u64),
    /// When the field of this index had one of these values (bit n of the mask).
    When(usize, u64),
}

/// One step through a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bits ignored when read, written as zero.
    Spare(usize),
    /// Bits ignored when read (a tag already looked at, or fixed), written as `value`.
    Constant { value: u64, bits: usize },
    /// The extent must have one of these lengths in octets (bit n of the mask).
    Extent(u64),
    /// The number of octets of what follows `after` more bits.
    Length { bits: usize, after: usize },
    /// The number of items of the list in field `of`, less `bias`.
    Count { bits: usize, bias: usize, of: usize },
    /// The next field.
    Field { node: NodeId, presence: Presence },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A number of `bits` bits, `plus` above what is on the wire.
    Unsigned {
        bits: usize,
        plus: u64,
    },
    Boolean,
    /// Exactly so many octets.
    Octets(usize),
    /// All octets left.
    Rest,
    /// Spare bits, then the value.
    After {
        spare: usize,
        inner: NodeId,
    },
    /// A number of 8 or 16 bits that says how many octets the inner value has.
    Sized {
        bits: usize,
        inner: NodeId,
    },
    /// Items until the extent ends, at most `most`.
    List {
        inner: NodeId,
        most: usize,
    },
    /// As many items as the record's `Step::Count` said.
    Counted {
        inner: NodeId,
    },
    /// The layout chosen by `bits` bits at `offset`, left in place for the chosen one.
    Choice {
        offset: usize,
        bits: usize,
        cases: Vec<(u64, NodeId)>,
    },
    /// The layout chosen by an earlier field of the record.
    Switch {
        on: usize,
        cases: Vec<(u64, NodeId)>,
        default: Option<NodeId>,
    },
    Record {
        class: usize,
        steps: Vec<Step>,
    },
    /// Three octets of MCC and MNC (TS 24.501 9.11.3.4).
    Plmn,
    /// BCD digits in so many octets, low half first, filled with F.
    Digits(usize),
    /// IMEI or IMEISV with its identity type in the first octet (TS 24.501 9.11.3.4).
    Equipment {
        class: usize,
    },
    /// Labels of a domain name, written with dots (TS 23.003 9.1).
    Labels,
    /// PDU session identities as a bitmap of two or more octets (TS 24.501 9.11.3.44).
    Sessions,
}

/// All layouts of the tables.
#[derive(Default, Debug)]
pub struct Layout {
    pub nodes: Vec<Node>,
    /// Whether a value of the layout may be shared by all that hold it: a record without any list.
    shared: Vec<bool>,
}

impl Layout {
    /// A layout may only refer to those before it.
    pub fn new(nodes: Vec<Node>) -> Self {
        let mut layout = Self { nodes, shared: Vec::new() };
        for index in 0..layout.nodes.len() {
            let shared = layout.constant(index);
            layout.shared.push(shared);
        }
        for (index, node) in layout.nodes.iter().enumerate() {
            layout.shared[index] &= matches!(node, Node::Record { .. });
        }
        layout
    }

    pub fn is_shared(&self, node: NodeId) -> bool {
        self.shared.get(node).copied().unwrap_or(false)
    }

    /// Whether no part of a value can change.
    fn constant(&self, node: NodeId) -> bool {
        let of = |inner: NodeId| self.shared.get(inner).copied().unwrap_or(false);
        match &self.nodes[node] {
            Node::List { .. } | Node::Counted { .. } | Node::Sessions => false,
            Node::Sized { inner, .. } | Node::After { inner, .. } => of(*inner),
            Node::Choice { cases, .. } => cases.iter().all(|(_, case)| of(*case)),
            Node::Switch { cases, default, .. } => {
                cases.iter().all(|(_, case)| of(*case)) && default.is_none_or(|case| of(case))
            }
            Node::Record { steps, .. } => steps.iter().all(|step| match step {
                Step::Field { node, .. } => of(*node),
                _ => true,
            }),
            _ => true,
        }
    }
}

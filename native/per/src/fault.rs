//! What can be wrong with a peer's octets (TS 38.413 10.2 and 10.3, and alike in the other application protocols).
use crate::schema::NodeId;

/// Why decoding of a value stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The octets break the transfer syntax or a bound.
    Syntax(&'static str),
    /// A value of a later version, in an IE whose criticality says what to do.
    NotComprehended(&'static str),
    /// The builder could not make a value (no memory).
    Builder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criticality {
    Reject,
    Ignore,
    Notify,
}

impl Criticality {
    /// Of its encoded index; the fourth value of the two bits means nothing.
    pub fn from_index(index: u64) -> Option<Self> {
        [Criticality::Reject, Criticality::Ignore, Criticality::Notify].get(index as usize).copied()
    }
}

/// The causes of the protocols' CauseProtocol that a decoder can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    TransferSyntax,
    AbstractSyntaxReject,
    AbstractSyntaxIgnoreAndNotify,
    FalselyConstructed,
}

/// What was wrong with an IE (TypeOfError).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotUnderstood {
    NotUnderstood,
    Missing,
}

/// A field of a structure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub structure: NodeId,
    pub slot: u32,
}

/// One thing wrong, and the criticality that says what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub cause: Cause,
    pub action: Criticality,
    pub ie: Option<u16>,
    pub error: Option<NotUnderstood>,
    pub place: Option<Place>,
    pub detail: &'static str,
}

impl Fault {
    /// A fault of one IE, its cause following from the criticality.
    pub fn of_ie(ie: u16, action: Criticality, error: NotUnderstood, place: Place, detail: &'static str) -> Self {
        let cause = match action {
            Criticality::Reject => Cause::AbstractSyntaxReject,
            _ => Cause::AbstractSyntaxIgnoreAndNotify,
        };
        Fault { cause, action, ie: Some(ie), error: Some(error), place: Some(place), detail }
    }
}

// SPDX-License-Identifier: Apache-2.0
//! What a front end has to do next, given where it stands and what the back end says: a function, without any
//! input or output.
//!
//! The states of `xenbus.h` alone do not tell enough. A back end in `InitWait` is, to a front end that has just
//! made its offer, one that has not looked yet; to one that was connected it is one that has restarted. So a
//! front end is in a [`Phase`], and the state that it shows follows from that.
//!
//! Back ends come and go. One that closes, vanishes or starts over takes the connection down; when it asks for an
//! offer again it gets one. A front end that was closed from our side stays so until it is reopened.

use super::state::XenbusState;

/// Whose `Connected` comes first, which is a matter of the device's class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Network: the offer is made in the state `Connected`, and the back end follows.
    FrontFirst,
    /// Block, 9pfs, consoles: the offer is made in `Initialised`, the back end connects, and the front end follows
    /// when it has read what the back end then says about itself.
    BackFirst,
}

/// Where a front end stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Nothing is set up; the back end has not asked for an offer.
    Waiting,
    /// The offer is made: rings and event channels are published.
    Offered,
    /// Both ends are connected.
    Connected,
    /// The back end is changing its set-up; nothing new is started.
    Reconfiguring,
    /// The back end went away. It gets a new offer when it asks for one.
    Lost,
    /// We are closing the device, and the back end has not let go yet.
    Closing,
    /// We have closed the device.
    Closed,
}

impl Phase {
    /// The state that a front end in this phase shows.
    pub fn state(self, order: Order) -> XenbusState {
        match (self, order) {
            (Self::Waiting, _) => XenbusState::Initialising,
            (Self::Offered, Order::BackFirst) => XenbusState::Initialised,
            (Self::Offered, Order::FrontFirst) | (Self::Connected, _) => XenbusState::Connected,
            (Self::Reconfiguring, _) => XenbusState::Reconfiguring,
            (Self::Closing, _) => XenbusState::Closing,
            (Self::Lost | Self::Closed, _) => XenbusState::Closed,
        }
    }

    /// Whether the front end has lent something to the back end.
    pub fn is_set_up(self) -> bool {
        matches!(self, Self::Offered | Self::Connected | Self::Reconfiguring)
    }

    /// What follows from our wish to close the device.
    pub fn close(self) -> Step {
        match self {
            Self::Offered | Self::Connected | Self::Reconfiguring => {
                Step::to(Self::Closing, Action::Disconnect)
            }
            Self::Waiting | Self::Lost => Step::to(Self::Closed, Action::Nothing),
            Self::Closing | Self::Closed => Step::to(self, Action::Nothing),
        }
    }

    /// What follows from our wish to use a device again that we have closed.
    pub fn reopen(self) -> Step {
        match self {
            Self::Closed => Step::to(Self::Waiting, Action::Nothing),
            _ => Step::to(self, Action::Nothing),
        }
    }

    /// What follows from what the back end says.
    ///
    /// Taking steps with the same input comes to rest: after at most three of them the phase stays.
    pub fn step(self, theirs: Theirs) -> Step {
        use XenbusState::{Closed, Closing, Connected, InitWait, Initialised, Initialising, Reconfigured};
        let Theirs::State(state) = theirs else {
            return self.gone();
        };
        let stay = Step::to(self, Action::Nothing);
        match (self, state) {
            // A state that says nothing, of an end that is there.
            (_, XenbusState::Unknown) => stay,

            (Self::Waiting, InitWait) => Step::to(Self::Offered, Action::Offer),
            // It goes before it has come; the toolstack waits for our agreement.
            (Self::Waiting, Closing) => Step::to(Self::Lost, Action::Nothing),
            // Whatever else it shows now is left from an earlier life of this guest, until it has seen our state.
            (Self::Waiting, _) => stay,

            (Self::Offered, Connected) => Step::to(Self::Connected, Action::Connect),
            (Self::Offered, InitWait | Initialised) => stay,
            (Self::Connected | Self::Reconfiguring, InitWait | Initialised)
            | (Self::Offered | Self::Connected | Self::Reconfiguring, Initialising) => {
                Step::to(Self::Waiting, Action::Disconnect)
            }
            (Self::Offered | Self::Connected | Self::Reconfiguring, Closing | Closed) => {
                Step::to(Self::Lost, Action::Disconnect)
            }
            (Self::Connected, XenbusState::Reconfiguring) => Step::to(Self::Reconfiguring, Action::Pause),
            (Self::Reconfiguring, Reconfigured | Connected) => Step::to(Self::Connected, Action::Resume),
            (Self::Offered | Self::Connected | Self::Reconfiguring, _) => stay,

            (Self::Lost, Initialising | InitWait) => Step::to(Self::Waiting, Action::Nothing),
            (Self::Lost, _) => stay,

            (Self::Closing, Closing | Closed | Initialising | InitWait) => {
                Step::to(Self::Closed, Action::Nothing)
            }
            (Self::Closing | Self::Closed, _) => stay,
        }
    }

    fn gone(self) -> Step {
        match self {
            Self::Offered | Self::Connected | Self::Reconfiguring => Step::to(Self::Lost, Action::Disconnect),
            Self::Closing => Step::to(Self::Closed, Action::Nothing),
            Self::Waiting | Self::Lost | Self::Closed => Step::to(self, Action::Nothing),
        }
    }
}

/// What the back end says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theirs {
    /// Its state.
    State(XenbusState),
    /// Nothing: it has no node.
    Gone,
}

impl From<Option<XenbusState>> for Theirs {
    fn from(state: Option<XenbusState>) -> Self {
        state.map_or(Self::Gone, Self::State)
    }
}

/// What to do, and where that leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// To be done first.
    pub action: Action,
    /// The phase after it, whose state is to be shown then.
    pub phase: Phase,
}

impl Step {
    fn to(phase: Phase, action: Action) -> Self {
        Self { action, phase }
    }
}

/// What a driver has to do in a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Set up rings and event channels, and publish them.
    Offer,
    /// Read what the back end says about the device, and begin to use it.
    Connect,
    /// Start nothing new: the device is about to change.
    Pause,
    /// Read anew what the back end says about the device, and go on.
    Resume,
    /// Stop, and take back all that was lent.
    Disconnect,
}

#[cfg(test)]
mod tests;

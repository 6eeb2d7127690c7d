// SPDX-License-Identifier: Apache-2.0
//! `xen/io/xenbus.h`: the states of the handshake between a front end and a back end. Each end writes its own
//! into its xenstore node `state`, as a decimal number.

abi! {
    "xen/io/xenbus.h";

    enums {
        /// State of one end of a device.
        XenbusState: u32 = "XenbusState" {
            /// Not there yet, or gone.
            Unknown = 0 => "XenbusStateUnknown",
            /// Made, nothing done.
            Initialising = 1 => "XenbusStateInitialising",
            /// Early initialisation done: waits for the other end or for hotplug scripts.
            InitWait = 2 => "XenbusStateInitWait",
            /// Initialised: waits for the other end to connect.
            Initialised = 3 => "XenbusStateInitialised",
            /// In use.
            Connected = 4 => "XenbusStateConnected",
            /// Going down, on an error or a request.
            Closing = 5 => "XenbusStateClosing",
            /// Down.
            Closed = 6 => "XenbusStateClosed",
            /// Changing its set-up.
            Reconfiguring = 7 => "XenbusStateReconfiguring",
            /// The new set-up is in place.
            Reconfigured = 8 => "XenbusStateReconfigured",
        }
    }
}

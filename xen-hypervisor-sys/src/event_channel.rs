// SPDX-License-Identifier: Apache-2.0
//! `xen/event_channel.h`: event channels, their operations, and the limits of the two ABIs (2-level and FIFO).

abi! {
    "xen/event_channel.h";

    constants {
        /// Connects to an unbound port of another domain.
        EVTCHNOP_BIND_INTERDOMAIN: u32 = 0 => "EVTCHNOP_bind_interdomain";
        /// Binds a port to a virtual interrupt.
        EVTCHNOP_BIND_VIRQ: u32 = 1 => "EVTCHNOP_bind_virq";
        /// Binds a port to a physical interrupt.
        EVTCHNOP_BIND_PIRQ: u32 = 2 => "EVTCHNOP_bind_pirq";
        /// Closes a port; the other end, if any, becomes unbound.
        EVTCHNOP_CLOSE: u32 = 3 => "EVTCHNOP_close";
        /// Sends an event to the other end.
        EVTCHNOP_SEND: u32 = 4 => "EVTCHNOP_send";
        /// Tells the state of a port.
        EVTCHNOP_STATUS: u32 = 5 => "EVTCHNOP_status";
        /// Allocates a port to which another domain may connect.
        EVTCHNOP_ALLOC_UNBOUND: u32 = 6 => "EVTCHNOP_alloc_unbound";
        /// Allocates a port for events between virtual CPUs.
        EVTCHNOP_BIND_IPI: u32 = 7 => "EVTCHNOP_bind_ipi";
        /// Chooses the virtual CPU that a port notifies.
        EVTCHNOP_BIND_VCPU: u32 = 8 => "EVTCHNOP_bind_vcpu";
        /// Unmasks a port and notifies if it is pending.
        EVTCHNOP_UNMASK: u32 = 9 => "EVTCHNOP_unmask";
        /// Closes all ports of a domain.
        EVTCHNOP_RESET: u32 = 10 => "EVTCHNOP_reset";
        /// Sets up the FIFO control block of a virtual CPU.
        EVTCHNOP_INIT_CONTROL: u32 = 11 => "EVTCHNOP_init_control";
        /// Adds a page to the FIFO event array.
        EVTCHNOP_EXPAND_ARRAY: u32 = 12 => "EVTCHNOP_expand_array";
        /// Sets the priority of a port (FIFO).
        EVTCHNOP_SET_PRIORITY: u32 = 13 => "EVTCHNOP_set_priority";
    }

    // EvtchnStatus::status.
    constants {
        /// Not in use.
        EVTCHNSTAT_CLOSED: u32 = 0 => "EVTCHNSTAT_closed";
        /// Waits for another domain.
        EVTCHNSTAT_UNBOUND: u32 = 1 => "EVTCHNSTAT_unbound";
        /// Connected to another domain.
        EVTCHNSTAT_INTERDOMAIN: u32 = 2 => "EVTCHNSTAT_interdomain";
        /// Bound to a physical interrupt.
        EVTCHNSTAT_PIRQ: u32 = 3 => "EVTCHNSTAT_pirq";
        /// Bound to a virtual interrupt.
        EVTCHNSTAT_VIRQ: u32 = 4 => "EVTCHNSTAT_virq";
        /// Bound to events between virtual CPUs.
        EVTCHNSTAT_IPI: u32 = 5 => "EVTCHNSTAT_ipi";
        /// Flag of `EvtchnBindPirq`: the interrupt may be shared.
        BIND_PIRQ_WILL_SHARE: u32 = 1 => "BIND_PIRQ__WILL_SHARE";
    }

    // Limits, and the bits of a word of the FIFO event array.
    constants {
        /// Ports of the 2-level ABI.
        EVTCHN_2L_NR_CHANNELS: u32 = 4096;
        /// Most urgent FIFO priority.
        EVTCHN_FIFO_PRIORITY_MAX: u32 = 0;
        /// FIFO priority of a new port.
        EVTCHN_FIFO_PRIORITY_DEFAULT: u32 = 7;
        /// Least urgent FIFO priority.
        EVTCHN_FIFO_PRIORITY_MIN: u32 = 15;
        /// Number of FIFO queues of a virtual CPU.
        EVTCHN_FIFO_MAX_QUEUES: usize = 16;
        /// Bit number: the event is pending.
        EVTCHN_FIFO_PENDING: u32 = 31;
        /// Bit number: the event is masked.
        EVTCHN_FIFO_MASKED: u32 = 30;
        /// Bit number: the event is in a queue.
        EVTCHN_FIFO_LINKED: u32 = 29;
        /// Bit number: Xen is changing the link.
        EVTCHN_FIFO_BUSY: u32 = 28;
        /// Number of bits of the link to the next event.
        EVTCHN_FIFO_LINK_BITS: u32 = 17;
        /// The bits of the link to the next event.
        EVTCHN_FIFO_LINK_MASK: u32 = (1 << EVTCHN_FIFO_LINK_BITS) - 1;
        /// Ports of the FIFO ABI.
        EVTCHN_FIFO_NR_CHANNELS: u32 = 1 << EVTCHN_FIFO_LINK_BITS;
    }

    structs {
        /// Argument of `EVTCHNOP_ALLOC_UNBOUND`.
        EvtchnAllocUnbound = "struct evtchn_alloc_unbound" {
            /// Whose port.
            dom: u16,
            /// Who may connect.
            remote_dom: u16,
            /// Out: the port.
            port: u32,
        }

        /// Argument of `EVTCHNOP_BIND_INTERDOMAIN`.
        EvtchnBindInterdomain = "struct evtchn_bind_interdomain" {
            /// The other domain.
            remote_dom: u16,
            /// Its port.
            remote_port: u32,
            /// Out: our port.
            local_port: u32,
        }

        /// Argument of `EVTCHNOP_BIND_VIRQ`.
        EvtchnBindVirq = "struct evtchn_bind_virq" {
            /// `VIRQ_` number.
            virq: u32,
            /// The virtual CPU.
            vcpu: u32,
            /// Out: the port.
            port: u32,
        }

        /// Argument of `EVTCHNOP_BIND_PIRQ`.
        EvtchnBindPirq = "struct evtchn_bind_pirq" {
            /// Physical interrupt.
            pirq: u32,
            /// Zero or `BIND_PIRQ_WILL_SHARE`.
            flags: u32,
            /// Out: the port.
            port: u32,
        }

        /// Argument of `EVTCHNOP_BIND_IPI`.
        EvtchnBindIpi = "struct evtchn_bind_ipi" {
            /// The virtual CPU to notify.
            vcpu: u32,
            /// Out: the port.
            port: u32,
        }

        /// Argument of `EVTCHNOP_CLOSE`.
        EvtchnClose = "struct evtchn_close" {
            /// The port.
            port: u32,
        }

        /// Argument of `EVTCHNOP_SEND`.
        EvtchnSend = "struct evtchn_send" {
            /// The port.
            port: u32,
        }

        /// Argument of `EVTCHNOP_STATUS`.
        EvtchnStatus = "struct evtchn_status" {
            /// Whose port.
            dom: u16,
            /// The port.
            port: u32,
            /// Out: `EVTCHNSTAT_` state.
            status: u32,
            /// Out: virtual CPU that is notified.
            vcpu: u32,
            /// Out, a union in C: the first word is the other domain (low 16 bits) of an unbound or interdomain
            /// port, else the interrupt; the second is the other port of an interdomain one.
            u: [u32; 2],
        }

        /// Argument of `EVTCHNOP_BIND_VCPU`.
        EvtchnBindVcpu = "struct evtchn_bind_vcpu" {
            /// The port.
            port: u32,
            /// The virtual CPU to notify.
            vcpu: u32,
        }

        /// Argument of `EVTCHNOP_UNMASK`.
        EvtchnUnmask = "struct evtchn_unmask" {
            /// The port.
            port: u32,
        }

        /// Argument of `EVTCHNOP_RESET`.
        EvtchnReset = "struct evtchn_reset" {
            /// Whose ports.
            dom: u16,
        }

        /// Argument of `EVTCHNOP_INIT_CONTROL`.
        EvtchnInitControl = "struct evtchn_init_control" {
            /// Frame of the control block.
            control_gfn: u64,
            /// Its offset in the frame.
            offset: u32,
            /// The virtual CPU.
            vcpu: u32,
            /// Out: number of bits of a link.
            link_bits: u8,
            /// Zero.
            _pad: [u8; 7],
        }

        /// Argument of `EVTCHNOP_EXPAND_ARRAY`.
        EvtchnExpandArray = "struct evtchn_expand_array" {
            /// Frame of the new page.
            array_gfn: u64,
        }

        /// Argument of `EVTCHNOP_SET_PRIORITY`.
        EvtchnSetPriority = "struct evtchn_set_priority" {
            /// The port.
            port: u32,
            /// `EVTCHN_FIFO_PRIORITY_MAX` to `EVTCHN_FIFO_PRIORITY_MIN`.
            priority: u32,
        }

        /// The FIFO control block of a virtual CPU.
        EvtchnFifoControlBlock = "struct evtchn_fifo_control_block" {
            /// One bit for each queue that is not empty.
            ready: u32,
            /// Zero.
            _rsvd: u32,
            /// First event of each queue.
            head: [u32; EVTCHN_FIFO_MAX_QUEUES],
        }
    }
}

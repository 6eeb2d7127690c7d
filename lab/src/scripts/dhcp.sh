#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# What udhcpc calls in the Debian guest.
[ "$1" = bound ] || exit 0
ip addr add "$ip/$mask" dev "$interface"
ip route add default via "$router"

#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# Connects a vif to its bridge: what Xen's `vif-bridge` does for a vif of which nothing special is said. Debian's script takes dozens of processes for
# it, each of which is long on an emulated processor; vifs with names or an MTU of their own, and taps, are left to it.
export PATH=/usr/bin:/usr/sbin
exec 2>>/var/log/xen/xen-hotplug.log

case $1:$(xenstore-list "$XENBUS_PATH") in
*vifname* | *mtu*)
    exec bash /etc/xen/scripts/vif-bridge.debian "$@"
    ;;
online:*)
    bridge=$(xenstore-read "$XENBUS_PATH/bridge") &&
        read -r mtu <"/sys/class/net/$bridge/mtu" &&
        ip link set dev "$vif" address fe:ff:ff:ff:ff:ff mtu "$mtu" master "$bridge" up || {
        xenstore-write "$XENBUS_PATH/hotplug-error" "$vif cannot be connected to ${bridge:-a bridge}" \
            "$XENBUS_PATH/hotplug-status" error
        exit 1
    }
    domain=${vif#vif}
    frontend=/local/domain/${domain%.*}/device/vif/${domain#*.}
    exec xenstore-write "$frontend/mtu" "$mtu" "$XENBUS_PATH/hotplug-status" connected
    ;;
offline:*)
    # It may be gone.
    ip link set dev "$vif" nomaster down
    exit 0
    ;;
*)
    exec bash /etc/xen/scripts/vif-bridge.debian "$@"
    ;;
esac

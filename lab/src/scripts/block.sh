#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# Tells blkback which device a disk is (docs/misc/block-scripts.txt of Xen). Debian's script looks for other guests with the same device besides,
# which takes long on an emulated processor; what is no device is left to it.
export PATH=/usr/bin:/usr/sbin
exec 2>>/var/log/xen/xen-hotplug.log

params=$(xenstore-read "$XENBUS_PATH/params")
if [ "$1" = remove ] && [ ! -f "$params" ]; then
    exit 0
fi
if [ "$1" != add ] || [ ! -b "$params" ]; then
    exec bash /etc/xen/scripts/block.debian "$@"
fi
device=$(readlink -f "$params")
exec xenstore-write "$XENBUS_PATH/physical-device" "$(stat -L -c %t:%T "$device")" \
    "$XENBUS_PATH/physical-device-path" "$device" "$XENBUS_PATH/hotplug-status" connected

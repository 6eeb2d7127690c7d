#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# dom0's init: file systems, modules, the shared folder, Xen's daemons, the network, then the agent.
# A step that fails powers the machine off: the reason is on the serial line, and the host sees QEMU end.
export PATH=/usr/bin:/usr/sbin HOME=/

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
# Xen's scripts lock by it.
ln -s /proc/self/fd/0 /dev/stdin
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs tmp /run
mkdir -p /run/lock /run/xen /run/xenstored /run/jobs

say() { read -r uptime _ </proc/uptime; echo "lab: $uptime $*" >/dev/hvc0; }
step() { "$@" >/dev/hvc0 2>&1 || { say "failed: $*"; poweroff -f; }; }

say "user space"
while read -r module; do step insmod "$module"; done </etc/lab/modules
say "modules"

step mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=none lab /lab
# Files that xl maps into memory come page by page without this.
for f in /sys/class/bdi/9p*/read_ahead_kb; do echo 512 >"$f"; done

step mount -t xenfs xenfs /proc/xen
step xenstored --pid-file /run/xenstored.pid
step xen-init-dom0
step xenconsoled --log=guest --log-dir=/lab/console --pid-file=/run/xenconsoled.pid
say "xen daemons"

. /etc/lab/network
step ip link set lo up
step ip addr add "$dom0/24" dev eth0
step ip link set eth0 up
step ip route add default via "$host"
step ip link add "$bridge" type bridge
step ip addr add "$gateway/$prefix" dev "$bridge"
step ip link set "$bridge" up
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv4/conf/eth0/proxy_arp
: >/run/udhcpd.leases
step udhcpd /etc/lab/udhcpd.conf

# The agent is a child, so that this shell reaps the jobs whose parents are gone.
sh /etc/lab/agent.sh
say "the agent ended"
poweroff -f

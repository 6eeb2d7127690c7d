#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# Init of Debian's kernel as a guest: says when user space started, then does what lab= on the command line asks for.
/bin/busybox mount -t proc proc /proc
read -r uptime _ </proc/uptime
echo "linux: user space after $uptime s" >/dev/console

export PATH=/bin
busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
task=poweroff
for word in $(cat /proc/cmdline); do
    case $word in lab=*) task=${word#lab=} ;; esac
done

load_network() {
    insmod /lib/xen-netfront.ko
    ip link set lo up
}

network() {
    ip link set eth0 up
    udhcpc -i eth0 -n -q -s /dhcp >/dev/null && echo "linux: address $(ip -4 -o addr show dev eth0 | awk '{print $4}')"
}

case $task in
poweroff) ;;
reboot) reboot -f ;;
crash) echo c >/proc/sysrq-trigger ;;
idle) while :; do sleep 3600; done ;;
# Takes lab.bytes=N bytes from the console as they are and gives them back.
echo)
    bytes=$(sed 's/.*lab.bytes=\([0-9]*\).*/\1/' /proc/cmdline)
    stty raw -echo </dev/console
    echo "linux: echo"
    head -c "$bytes" </dev/hvc0 >/tmp/echo
    cat /tmp/echo >/dev/hvc0
    stty sane </dev/console
    ;;
# Takes an address by DHCP and answers on TCP port 7.
net)
    load_network
    network
    nc -l -p 7 -e cat
    ;;
# Starts stock OTP; its output is the console's.
otp)
    load_network
    [ -e /sys/class/net/eth0 ] && network
    export HOME=/ PATH=/bin:/usr/bin
    sh /app/start </dev/console >/dev/console 2>&1
    ;;
esac
poweroff -f

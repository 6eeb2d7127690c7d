# SPDX-License-Identifier: Apache-2.0
# dom0's agent: takes requests from the host's port and answers when each is done. See frames.rs for the protocol.
# Scripts and what they write are files in the shared folder, so nothing that a script prints can be taken for an answer.

for port in /sys/class/virtio-ports/*; do
    read -r name <"$port/name"
    [ "$name" = lab.control ] && exec 3<>"/dev/${port##*/}"
done

job() {
    dir=/lab/jobs/$1
    setsid sh "$dir/script" <"$dir/input" >"$dir/stdout" 2>"$dir/stderr" 3>&- &
    echo $! >"/run/jobs/$1"
    wait $!
    status=$?
    rm -f "/run/jobs/$1"
    echo "done $1 $status" >&3
}

read -r uptime _ </proc/uptime
echo "ready $uptime" >&3

while read -r verb id <&3; do
    case $verb in
    # The intermediate shell ends at once: the job is init's to reap, and this shell keeps no table of jobs.
    run) (job "$id" &) ;;
    kill) read -r pid <"/run/jobs/$id" && kill -KILL "-$pid" ;;
    esac
done

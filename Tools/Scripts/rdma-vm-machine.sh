# shellcheck shell=bash
# Runs the machines of Tools/rdma-vm: starts them, shows what their programs print, waits for their ends.
# Sourced.

# What is run, and in what. `files` are pairs: a path outside, a path inside.
hosts=1 memory=2048 memlock=unlimited accelerator=auto console=false image=''
files=() environment=() program=()
cache=${root:?}/build/rdma-vm

# Seconds: for a machine to start, emulated on a busy computer, and for a program whose peer has failed.
boot_limit=120
peer_limit=30
# What one stream of a program may print, in KiB: it passes through a file.
output_limit=$((1 << 20))

machines=() viewers=() events='' run_folder='' lock=''

# run_machines SECONDS: one machine for each host, for so long at most. Sets `status` to what
# Tools/rdma-vm ends with. Machines that do not start are tried once more: no program has run yet.
run_machines() {
    limit=$((SECONDS + $1)) attempt=$accelerator
    if [ "$attempt" = auto ]; then
        attempt=tcg
        if has_kvm; then attempt=kvm; fi
    fi
    run_once
    if [ "$status" = 125 ] && ! $started && [ $SECONDS -lt "$limit" ]; then
        [ "$accelerator" != auto ] || attempt=tcg
        say "once more, with $attempt"
        run_once
    fi
}

# Processors that can run a machine say so; a /dev/kvm without them runs no ordinary kernel.
has_kvm() { [ -r /dev/kvm ] && [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; }

run_once() {
    local host
    status=0 started=false
    make_run_folder
    for ((host = 0; host < hosts; host++)); do start_machine "$host"; done
    watch_machines
    end_machines
}

# Where a run keeps its files. What a run that was killed left is known by its lock, which nobody holds.
make_run_folder() {
    local old other
    for old in "$cache"/run.*; do
        [ -d "$old" ] || continue
        exec {other}<"$old"
        if flock --nonblock "$other"; then rm -rf "$old"; fi
        exec {other}<&-
    done
    run_folder=$(mktemp -d "$cache/run.XXXXXX")
    exec {lock}<"$run_folder"
    flock "$lock"
    mkfifo "$run_folder/events"
    exec {events}<>"$run_folder/events"
}

start_machine() {
    local host=$1 separate=1 machine
    [ /proc/self/fd/1 -ef /proc/self/fd/2 ] && separate=0
    write_task "$host" "$separate" >"$run_folder/task.$host"
    : >"$run_folder/out.$host"
    : >"$run_folder/err.$host"
    : >"$run_folder/console.$host"
    machine_arguments "$host"
    # Ends with this script, however that ends.
    (
        cd "$run_folder" && ulimit -f "$output_limit" && ulimit -c 0 &&
            exec setpriv --pdeathsig KILL qemu-system-x86_64 "${arguments[@]}"
    ) </dev/null >"$run_folder/emulator.$host" 2>&1 &
    machine=$!
    machines[host]=$machine
    view "$host" "$machine" "$run_folder/out.$host" &
    viewers+=($!)
    if [ "$separate" = 1 ]; then
        view "$host" "$machine" "$run_folder/err.$host" >&2 &
        viewers+=($!)
    fi
    if $console; then
        view "$host" "$machine" "$run_folder/console.$host" >&2 &
        viewers+=($!)
    fi
}

# Shows a file while it grows and the machine lives.
view() {
    local words=(tail --bytes=+1 --follow --sleep-interval=0.1 --pid="$2" "$3")
    if [ "$hosts" = 1 ]; then exec "${words[@]}"; fi
    "${words[@]}" | sed --unbuffered "s/^/$1: /"
}

# What Scripts/rdma-vm-run reads inside: words of the shell.
write_task() {
    local address=10.77.0.$(($1 + 1)) peer=10.77.0.$((hosts - $1)) at
    echo "host=$1 address=$address peer=$peer memlock=$memlock separate=$2 directory=$(quoted "$PWD")"
    for ((at = 0; at < ${#files[@]}; at += 2)); do
        echo "bring $(quoted "${files[at]}") $(quoted "${files[at + 1]}")"
    done
    quoted set -- env -i HOME=/run/home "PATH=$PATH" TMPDIR=/run/tmp LANG=C.UTF-8 \
        "MC_HOST=$1" "MC_ADDRESS=$address" "MC_PEER_ADDRESS=$peer" \
        "${environment[@]}" "${program[@]}"
    echo
}

quoted() {
    local word
    for word; do printf "'%s' " "${word//\'/\'\\\'\'}"; done
}

# shellcheck disable=SC2054 # The commas are the emulator's.
# Sets `arguments`: two processors and half the memory on each of two nodes, the network card on the
# second; the outer file system, read only; a console and three more ways out.
machine_arguments() {
    local host=$1 half=$((memory / 2)) network=user,id=net,restrict=on,ipv6=off
    local accelerate=kvm
    [ "$attempt" = kvm ] || accelerate=tcg,thread=multi
    # Two machines send each other their frames as datagrams.
    [ "$hosts" = 1 ] || network="dgram,id=net,local.type=unix,local.path=net.$host,\
remote.type=unix,remote.path=net.$((1 - host))"
    arguments=(
        -no-user-config -nodefaults -no-reboot -display none
        -machine q35 -accel "$accelerate" -cpu max -smp 2 -m "$((half * 2))M"
        -object "memory-backend-ram,id=memory0,size=${half}M"
        -object "memory-backend-ram,id=memory1,size=${half}M"
        -numa node,nodeid=0,cpus=0,memdev=memory0
        -numa node,nodeid=1,cpus=1,memdev=memory1
        -kernel "$image/kernel" -initrd "$image/initramfs"
        -append 'console=ttyS0 quiet panic=-1 oops=panic mitigations=off init_on_alloc=0'
        -serial "file:console.$host"
        -fw_cfg "name=opt/rdma-vm/task,file=task.$host"
        -fsdev 'local,id=outer,path=/,security_model=none,readonly=on,multidevs=remap'
        -device virtio-9p-pci,fsdev=outer,mount_tag=outer
        -chardev file,id=events,path=events
        -chardev "file,id=out,path=out.$host"
        -chardev "file,id=err,path=err.$host"
        -device virtio-serial-pci
        -device virtserialport,nr=1,chardev=events
        -device virtserialport,nr=2,chardev=out
        -device virtserialport,nr=3,chardev=err
        -device pxb-pcie,id=bridge,bus_nr=32,bus=pcie.0,numa_node=1
        -device pcie-root-port,id=port1,bus=bridge,chassis=1
        -netdev "$network"
        -device "virtio-net-pci,bus=port1,netdev=net,mac=52:54:00:77:00:0$host,host_mtu=9000"
    )
}

# Takes what the machines report until all their programs have ended, or something ends before it should.
watch_machines() {
    local end=$limit boot=$((SECONDS + boot_limit)) host what value watched failed=''
    local up=() exited=()
    while [ ${#exited[@]} -lt "$hosts" ]; do
        if read -r -t 0.5 -u "$events" host what value; then
            case $what in
            up)
                up[host]=1
                if [ ${#up[@]} -eq "$hosts" ]; then started=true; fi
                ;;
            exit)
                exited[host]=$value
                if [ "$value" -ne 0 ] && [ -z "$failed" ]; then
                    failed=$host status=$value
                    if [ $((SECONDS + peer_limit)) -lt "$end" ]; then end=$((SECONDS + peer_limit)); fi
                fi
                ;;
            esac
            continue
        fi
        # Before the machines: the viewer of one that has ended ends as well.
        watched=true
        is_watched || watched=false
        for ((host = 0; host < hosts; host++)); do
            if [ -z "${exited[host]:-}" ] && ! kill -0 "${machines[host]}" 2>/dev/null; then
                machine_failed "$host" "$(how_it_ended "$host")"
                return 0
            elif [ -z "${up[host]:-}" ] && [ $SECONDS -ge $boot ]; then
                machine_failed "$host" "did not start in $boot_limit s"
                return 0
            fi
        done
        if ! $watched; then
            status=141
            return 0
        fi
        [ $SECONDS -lt "$end" ] || break
    done
    if [ ${#exited[@]} -eq "$hosts" ]; then return; fi
    if [ -n "$failed" ]; then
        say "error: host $failed ended with status $status, the other was still running $peer_limit s later"
    else
        say "error: not $($started && echo finished || echo started) in the time it was given"
        status=124
    fi
}

# Whether what is printed has readers: like any other, a program whose readers have gone need not go on.
is_watched() {
    local each
    for each in "${viewers[@]}"; do kill -0 "$each" 2>/dev/null || return 1; done
}

how_it_ended() {
    local code=0
    wait "${machines[$1]}" 2>/dev/null || code=$?
    # By the signal for a file that is too large.
    if [ $code -eq 153 ]; then echo "printed more than $output_limit KiB"; else echo "ended before its program"; fi
}

# A machine that fails has said why on its console, or its emulator has.
machine_failed() {
    local which=machine
    [ "$hosts" = 1 ] || which="machine of host $1"
    say "error: the $which $2; the end of its console:"
    cat "$run_folder/emulator.$1" "$run_folder/console.$1" | tr -d '\r' | tail -n 60 >&2
    status=125
}

# Leaves no process and no file behind. What was printed before the end is shown before this returns.
end_machines() {
    local each
    for each in "${machines[@]}"; do kill "$each" 2>/dev/null || true; done
    for each in "${machines[@]}"; do wait "$each" 2>/dev/null || true; done
    for each in "${viewers[@]}"; do wait "$each" 2>/dev/null || true; done
    machines=() viewers=()
    [ -z "$run_folder" ] || rm -rf "$run_folder"
    run_folder=
    if [ -n "$events" ]; then exec {events}>&- {lock}<&-; fi
    events=
}

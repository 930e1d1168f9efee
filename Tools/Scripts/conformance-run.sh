# shellcheck shell=bash
# How Tools/conformance runs one of the programs, and what it makes of it. Sourced.

# Sets `isolation` to the words that give a program a network of its own, in which fixed ports and
# abstract socket names meet nobody else's; to nothing where the system does not let us.
find_isolation() {
    local options
    isolation=()
    command -v unshare >/dev/null || return 0
    for options in --net --net\ --map-root-user; do
        # shellcheck disable=SC2206 # One word or two.
        isolation=(unshare $options)
        "${isolation[@]}" true 2>/dev/null || continue
        need_packages iproute2
        # shellcheck disable=SC2016 # Expands in the inner shell.
        isolation+=(sh -c 'ip link set lo up && exec "$@"' sh)
        return 0
    done
    isolation=()
}

# Sets `one_processor` to the words that keep a program on one processor, where a thread that has been
# woken waits until the running one has nothing to do; to nothing where the system does not let us.
find_one_processor() {
    local first
    first=$(taskset -cp $$ 2>/dev/null | sed 's/.*: //; s/[-,].*//')
    one_processor=(taskset -c "${first:-0}" chrt --batch 0)
    "${one_processor[@]}" true 2>/dev/null || one_processor=()
}

# run_program PROGRAM LOG RESULT LIBRARY LIMIT WORDS...: runs one program for LIMIT seconds at most, behind
# WORDS such as `isolation`; writes its output to LOG and what came of it to RESULT: result, cases passed,
# failed and ignored, seconds, why; with tabs between. LIBRARY is the folder of its libzmq.so.5; nothing
# means the system's. To be called in a subshell, whose end leaves no process and no file behind.
run_program() {
    local program=$1 log=$2 result=$3 library=$4 limit=$5 status=0 begin took
    shift 5
    leader='' scratch=$(mktemp -d) # Not local: the trap outlives the function.
    trap '[ -z "$leader" ] || kill -KILL -- "-$leader" 2>/dev/null; rm -rf "$scratch"' EXIT
    trap 'exit 130' INT TERM
    cd "$scratch" || exit
    ulimit -c 0
    begin=${EPOCHREALTIME/./}
    # `timeout` leads a process group of its own, which is ended whole when its leader is gone.
    timeout --kill-after=1 "$limit" "$@" env TMPDIR="$scratch" \
        LD_LIBRARY_PATH="$library" "$program" </dev/null >"$log" 2>&1 &
    leader=$!
    wait "$leader" 2>/dev/null || status=$?
    took=$(((${EPOCHREALTIME/./} - begin) / 100000))
    # One that did not heed `timeout`'s first signal was killed, like one that ran out of memory.
    if [ $status -eq 137 ] && [ $took -ge $((limit * 10)) ]; then status=124; fi
    judge_run "$status" "$log" "$took" >"$result"
}

# judge_run STATUS LOG TENTHS: what an exit status and an output mean, as run_program writes it.
judge_run() {
    local status=$1 log=$2 took=$3 result why='' passed failed ignored
    passed=$(cases PASS "$log")
    failed=$(cases FAIL "$log")
    ignored=$(cases IGNORE "$log")
    case $status in
    0)
        result=passed
        # Some programs end with status 0 whatever their cases said, or when they did nothing.
        if [ "$failed" -gt 0 ]; then
            result=failed
        elif [ "$passed" -eq 0 ] && { [ "$ignored" -gt 0 ] || grep -q 'skipping test' "$log"; }; then
            result=skipped
        fi
        ;;
    77) result=skipped ;;
    124) result=timed-out why="ended after $((took / 10)) s" ;;
    142) result=timed-out why="ended by its own alarm" ;; # 128 + SIGALRM
    127) result=missing why=$(sed -n 's/.*undefined symbol: \([^ ,]*\).*/lacks \1/p' "$log" | head -n 1) ;;
    *) result=failed ;;
    esac
    # 127 for any other reason is a program that could not start.
    if [ $result = missing ] && [ -z "$why" ]; then result=failed; fi
    case $result in
    failed)
        why=$(case_said FAIL "$log")
        if [ -z "$why" ] && [ "$status" -gt 128 ]; then why="SIG$(kill -l $((status - 128))) "; fi
        [ "$failed" -gt 0 ] || why+=$(grep . "$log" | tail -n 1)
        ;;
    skipped)
        why=$(case_said IGNORE "$log")
        [ -n "$why" ] || why=$(grep . "$log" | tail -n 1)
        ;;
    esac
    printf '%s\t%d\t%d\t%d\t%d.%d\t%s\n' "$result" "$passed" "$failed" "$ignored" \
        $((took / 10)) $((took % 10)) "$(tr '\t' ' ' <<<"${why:0:160}")"
}

# Unity, the framework of libzmq's tests, says FILE:LINE:CASE:PASS, or FAIL or IGNORE and a message.
cases() { grep -cE ":[0-9]+:.*:$1(:|\$)" "$2"; }
case_said() { sed -nE "s/.*:[0-9]+:(.*):$1: *(.*)/\\1: \\2/p" "$2" | head -n 1; }

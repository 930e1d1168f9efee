# shellcheck shell=bash
# How Tools/pyzmq gets its pyzmqs, makes sure which library each runs on, and runs one. Sourced.

# The sourcing script has sourced lib.sh and set `library` and `scratch`.
# shellcheck disable=SC2154

work=$root/build/pyzmq
requirements=$root/Tests/Conformance/pyzmq-requirements.txt
expected=$root/Tests/Conformance/pyzmq-expected.txt
version=$(sed -n 's/^pyzmq==//p' "$requirements")

# Makes $work/tools, which has everything but pyzmq; $work/built and $work/wheel, which have nothing
# but pyzmq and see the tools; and $work/source. Does nothing where all is as it should be.
install_pyzmq() {
    local prefix=$1 stamp
    stamp=$(cat "$requirements" "$prefix/include/zmq.h" "${BASH_SOURCE[0]}" | sha256sum)
    stamp="$stamp $prefix $(python3 --version 2>&1)"
    [ "$(cat "$work/stamp" 2>/dev/null)" != "$stamp" ] || return 0

    need_packages gcc g++ libc6-dev
    command -v python3 >/dev/null || need_packages python3
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages python3-venv
    python3 -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' || need_packages python3-dev
    rm -rf "$work"
    mkdir -p "$work"
    : >"$work/install.log"
    say "installing pyzmq $version, built and as a wheel, in build/pyzmq"
    try python3 -m venv "$work/tools"
    # Everybody sees the tools, pip and pyzmq's build among them.
    export PATH=$work/tools/bin:$PATH
    grep -v '^pyzmq==' "$requirements" >"$work/tools.txt"
    try pip install -r "$work/tools.txt"
    for kind in built wheel; do
        try python3 -m venv --without-pip "$work/$kind"
        "$work/tools/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
            >"$("$work/$kind/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tools.pth"
    done
    try pip download --no-deps --no-binary pyzmq --no-build-isolation -d "$work" "pyzmq==$version"
    mkdir "$work/source"
    tar -xf "$work/pyzmq-$version.tar.gz" -C "$work/source" --strip-components=1
    # Not from pip's cache of what was built: that would know another library's place.
    try env ZMQ_PREFIX="$prefix" PYZMQ_NO_BUNDLE=1 "$work/built/bin/python" -m pip install --no-deps \
        --no-build-isolation --no-cache-dir "$work/pyzmq-$version.tar.gz"
    try "$work/wheel/bin/python" -m pip install --no-deps --only-binary pyzmq "pyzmq==$version"
    echo "$stamp" >"$work/stamp"
}

pip() { python3 -m pip "$@"; }

# Runs a command whose output nobody needs unless it fails.
try() {
    "$@" >>"$work/install.log" 2>&1 || {
        tail -n 40 "$work/install.log" >&2
        fail "'$*' failed"
    }
}

# Sets `python` and `settings`: what a kind is run by.
use_kind() {
    case "$1" in
    built) python=$work/built/bin/python settings=() ;;
    wheel) python=$work/wheel/bin/python settings=("LD_PRELOAD=$library") ;;
    # The same extension, which finds another library before ours.
    distribution)
        python=$work/built/bin/python settings=("LD_LIBRARY_PATH=$work/distribution/lib")
        ;;
    esac
    settings+=("OMP_NUM_THREADS=1" "OPENBLAS_NUM_THREADS=1" PYTHONUNBUFFERED=1)
}

# Ends the script unless every function of libzmq that a kind's pyzmq calls is the library's that it is
# meant to be, which the dynamic linker says.
check_library() {
    local kind=$1 wanted=$library bindings count
    if [ "$kind" = distribution ]; then
        need_packages libzmq5
        wanted=$(env -u LD_LIBRARY_PATH /sbin/ldconfig -p | awk '/libzmq\.so\.5 / { print $NF; exit }')
        [ -n "$wanted" ] || fail "the distribution's libzmq.so.5 is not to be found"
        mkdir -p "$work/distribution/lib"
        ln -sf "$wanted" "$work/distribution/lib/libzmq.so.5"
    fi
    use_kind "$kind"
    bindings=$(cd "$work" && env "${settings[@]}" LD_BIND_NOW=1 LD_DEBUG=bindings "$python" -c 'import zmq' 2>&1 |
        sed -n 's/.*binding file [^ ]*_zmq[^ ]*\.so \[[0-9]*\] to \([^ ]*\) .*symbol .\(zmq_[a-z_]*\).*/\2 \1/p' |
        sort -u)
    # By its place, or by that of the link to it.
    count=$(while read -r _ file; do readlink -f "$file"; done <<<"$bindings" |
        grep -cxF "$(readlink -f "$wanted")") || true
    if [ "$count" -lt 30 ] || [ "$count" -ne "$(wc -l <<<"$bindings")" ]; then
        say "$bindings"
        fail "the pyzmq that is '$kind' does not run on $wanted alone"
    fi
    say "$kind: pyzmq $version calls $count functions, all of $wanted"
}

# Makes an empty folder for a kind's results.
fresh_folder() {
    rm -rf "$1"
    mkdir -p "$1"
}

# run_tests KIND DIGIT: pyzmq's test suite, in two parts side by side, of which one mostly sleeps; leaves
# messages.xml and others.xml, and again.xml for the second try of what failed.
run_tests() {
    local kind=$1 digit=$2 folder=$work/$1/tests names=() sleeper status=0
    use_kind "$kind"
    fresh_folder "$folder"
    # Not in the source's folder, whose `zmq` would be imported instead of the one that is installed.
    cp -r "$work/source/tests" "$work/source/pytest.ini" "$folder"
    # Fixed ports, of which each run needs its own.
    grep -rlE '127\.0\.0\.1:(5555|666[67])' "$folder/tests" |
        xargs sed -i -E "s/127\.0\.0\.1:(5555|666[67])/127.0.0.1:$digit\1/"
    mapfile -t names < <(sed -n 's/^\([^#].*\) left-out # .*/--deselect=\1/p' "$expected")
    suite "$kind" messages 170 -m 'not large' "${names[@]}" tests/test_message.py &
    sleeper=$!
    suite "$kind" others 170 -m 'not large' "${names[@]}" --ignore tests/test_message.py || status=$?
    wait $sleeper || status=$?
    # Where no report was written there is nothing to try again, and the table says so.
    [ $status -ne 0 ] && [ -e "$folder/messages.xml" ] && [ -e "$folder/others.xml" ] || return 0
    mapfile -t names < <("$python" "$root/Tools/Scripts/pyzmq_report.py" --unexpected "$folder" "$expected")
    [ ${#names[@]} -eq 0 ] || suite "$kind" again 60 "${names[@]}" || true
}

# What needs gigabytes of memory, and a minute; leaves large.xml beside the others.
run_large_tests() {
    use_kind "$1"
    suite "$1" large 400 -m large --timeout 180 || true
}

# suite KIND NAME SECONDS ARGUMENT...: leaves NAME.xml and NAME.log.
suite() {
    local folder=$work/$1/tests name=$2 seconds=$3
    shift 3
    (cd "$folder" && exec env "${settings[@]}" TMPDIR="$scratch" timeout -k 10 "$seconds" \
        "$python" -m pytest -q -rs --timeout 60 -p no:cacheprovider --junitxml="$name.xml" "$@" \
        >"$name.log" 2>&1)
}

# run_examples KIND PORT: pyzmq's examples, with ports from PORT on; leaves results, a line for each.
run_examples() {
    local kind=$1 port=$2 folder=$work/$1/examples
    use_kind "$kind"
    fresh_folder "$folder"
    env "${settings[@]}" TMPDIR="$scratch" timeout -k 10 100 \
        "$python" "$root/Tools/Scripts/pyzmq_examples.py" "$work/source/examples" "$folder" "$port" \
        >"$folder/log" 2>&1 || true
}

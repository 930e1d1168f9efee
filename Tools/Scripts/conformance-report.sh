# shellcheck shell=bash disable=SC2154 # Sourced by Tools/conformance, whose variables these are.
# What Tools/conformance says in the end: the table, the totals, what is not as expected.

# Fills outcome, tally ("passed failed ignored"), seconds and why, each by "VARIANT NAME".
declare -A outcome=() tally=() seconds=() why=()
read_results() {
    local key result passed failed ignored took said
    for key in "${!chosen[@]}"; do
        result='' passed=0 failed=0 ignored=0 took=0.0 said=''
        IFS=$'\t' read -r result passed failed ignored took said <"$build/results/${key/ //}"
        outcome[$key]=$result
        tally[$key]="$passed $failed $ignored"
        seconds[$key]=$took
        why[$key]=''
        # Where a program says nothing, as the replays do, the list may.
        [ "$result" = passed ] || why[$key]=${said:-${reason[$key]:-}}
    done
}

# is_expected KEY: whether the outcome is the expected one, or one of them: "skipped|passed".
is_expected() { [[ "|${expected[$1]:-}|" == *"|${outcome[$1]}|"* ]]; }

# The names that any of the variants ran, sorted.
names_run() { printf '%s\n' "${!chosen[@]}" | awk 'NF { print $2 }' | sort -u; }

# One line for each program: for each library the result, the cases passed, failed and ignored and the
# seconds; then what a library had to say where it did not pass.
print_table() {
    local name variant key
    printf '%-36s' program
    for variant in "${variants[@]}"; do printf '%-30s' "$variant"; done
    printf '\n'
    while read -r name; do
        printf '%-36s' "$name"
        for variant in "${variants[@]}"; do
            key="$variant $name"
            # shellcheck disable=SC2086 # Three numbers.
            printf '%-10s%-10s%7s   ' "${outcome[$key]:--}" \
                "$(printf '%s/%s/%s' ${tally[$key]:-0 0 0})" "${seconds[$key]:--}"
        done
        said_by_all "$name"
        printf '\n'
    done < <(names_run)
}

# What the libraries had to say of a program, once where they say the same.
said_by_all() {
    local variant text last=''
    for variant in "${variants[@]}"; do
        text=${why[$variant $1]:-}
        if [ -z "$text" ] || [ "$text" = "$last" ]; then continue; fi
        printf '%s' "${last:+ | }$text"
        last=$text
    done
}

print_totals() {
    local variant name key result passed failed ignored counts
    for variant in "${variants[@]}"; do
        local -A programs=()
        local cases_passed=0 cases_failed=0 cases_ignored=0 all=0
        while read -r name; do
            key="$variant $name"
            result=${outcome[$key]:-}
            [ -n "$result" ] || continue
            all=$((all + 1))
            programs[$result]=$((${programs[$result]:-0} + 1))
            read -r passed failed ignored <<<"${tally[$key]}"
            cases_passed=$((cases_passed + passed))
            cases_failed=$((cases_failed + failed))
            cases_ignored=$((cases_ignored + ignored))
        done < <(names_run)
        counts=''
        for result in passed skipped failed timed-out missing unbuilt; do
            counts+=", ${programs[$result]:-0} $result"
        done
        printf '%s: %d programs: %s; %d cases: %d passed, %d failed, %d ignored\n' "$variant" $all \
            "${counts#, }" $((cases_passed + cases_failed + cases_ignored)) \
            $cases_passed $cases_failed $cases_ignored
    done
}

# Writes what came out into the lists, keeping their opening comments, the reasons of what still does
# not pass, and the lines of programs that were not run.
update_lists() {
    local variant name key file head
    for variant in "${variants[@]}"; do
        file=$lists/expected-$variant.txt
        head=$(grep '^#' "$file" 2>/dev/null)
        while read -r name; do
            key="$variant $name"
            if [ -z "${outcome[$key]:-}" ] || is_expected "$key"; then continue; fi
            [ "${outcome[$key]}" != passed ] || unset "reason[$key]"
            expected["$key"]=${outcome[$key]}
        done < <(names_run)
        {
            [ -z "$head" ] || printf '%s\n' "$head"
            while read -r name; do
                key="$variant $name"
                printf '%s %s%s\n' "$name" "${expected[$key]}" "${reason[$key]:+ # ${reason[$key]}}"
            done < <(names_listed "$variant")
        } >"$file.new"
        mv "$file.new" "$file"
        say "wrote $file"
    done
}

names_listed() {
    local key
    for key in "${!expected[@]}"; do
        [ "${key% *}" != "$1" ] || printf '%s\n' "${key#* }"
    done | sort
}

# Status 1 where a result is not the expected one, a program is not listed, a listed one is not there,
# or a line does not say why something does not pass.
print_differences() {
    local variant name key status=0 log
    for variant in "${variants[@]}"; do
        while read -r name; do
            key="$variant $name"
            if ! in_list "${name%%_*}" "${sets[@]}"; then continue; fi
            if [ -z "${chosen[$key]:-}" ] && [ "${expected[$key]}" != left-out ] && [ -z "$only" ]; then
                difference "$name" "$variant" "is listed but not among the programs"
            elif [ "${expected[$key]}" != passed ] && [ -z "${reason[$key]:-}" ]; then
                difference "$name" "$variant" "the list does not say why '${expected[$key]}' is right"
            fi
        done < <(names_listed "$variant")
        while read -r name; do
            key="$variant $name"
            if [ -z "${outcome[$key]:-}" ] || is_expected "$key"; then continue; fi
            difference "$name" "$variant" "expected ${expected[$key]:-nothing, for it is not listed}\
${reason[$key]:+ (${reason[$key]})}, but ${outcome[$key]}${why[$key]:+: ${why[$key]}}"
            log=$build/logs/$variant/$name.log
            tail -n 20 "$log" | sed 's/^/    /'
        done < <(names_run)
    done
    [ $status -ne 0 ] || printf 'everything as expected\n'
    return $status
}

# Sets print_differences' status.
difference() {
    printf '\n%s (%s): %s\n' "$1" "$2" "$3"
    status=1
}

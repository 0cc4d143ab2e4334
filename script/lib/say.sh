# shellcheck shell=bash disable=SC2034,SC2154  # the variables of the script that reads this file
# How our scripts speak: results on stdout, everything else on stderr; a failure ends with what to do about it.

say() { printf '%s\n' "$*" >&2; }

die() {
  printf '%s: error: %s\n' "${0##*/}" "$1" >&2
  [[ $# -lt 2 ]] || printf '%s: hint: %s\n' "${0##*/}" "$2" >&2
  exit 1
}

# Prints the comment block at the head of the running script: the help text stands where the next editor sees it.
print_help() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"; }

# log_since FILE BYTES: what was written to a log after it had that size.
log_since() { tail -c "+$(($2 + 1))" "$1"; }

fail_with_log() {
  say "--- the end of $2"
  tail -n 15 "$2" >&2
  say '---'
  die "$1 did not start" "the whole log is $2; 'script/stack --name $stack_name down' cleans up"
}

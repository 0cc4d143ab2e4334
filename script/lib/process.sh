# shellcheck shell=bash disable=SC2034,SC2154  # the variables of the script that reads this file
# Servers are found by the folder they work in, not by pid files: a pid file lies after kill -9 or once the number is
# used again, the working directory of a live process never does.

# processes_in DIR PROGRAM: ids of the live processes PROGRAM that work in DIR or below, even when DIR was deleted.
processes_in() {
  local dir=$1 program=$2 proc cwd name
  while read -r proc cwd; do
    [[ $cwd/ == "$dir"/* || $cwd == "$dir (deleted)" ]] || continue
    { read -r name <"$proc/comm"; } 2>/dev/null || continue
    [[ $name != "$program" ]] || printf '%s\n' "${proc#/proc/}"
  done < <(find /proc/[0-9]*/cwd -maxdepth 0 -printf '%h %l\n' 2>/dev/null)
}

# process_birth ID: when a live process began, in clock ticks; its number may be another's tomorrow, this not.
process_birth() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086  # its fields; the name, which may hold blanks, ends at the last bracket
  set -- ${stat##*) }
  [[ $1 != Z ]] || return 1
  printf '%s\n' "${20}"
}

# spawn DIR LOG COMMAND...: starts a server that outlives us; its id is left in $spawned.
# A session of its own, no terminal, and none of our descriptors: a test harness that waits for the end of our output
# must not wait for the server.
spawn() {
  local dir=$1 log=$2
  shift 2
  (
    cd "$dir" || exit
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      ((fd < 3)) || exec {fd}>&-
    done
    exec setsid "$@"
  ) </dev/null >>"$log" 2>&1 &
  spawned=$!
  disown "$spawned"
}

# signal_in DIR PROGRAM SIGNAL: to all of them at once.
signal_in() {
  local ids
  mapfile -t ids < <(processes_in "$1" "$2")
  ((${#ids[@]} == 0)) || kill -s "$3" "${ids[@]}" 2>/dev/null || true
}

# wait_gone DIR PROGRAM SECONDS: false when some are still there by then.
wait_gone() {
  local deadline=$((SECONDS + $3))
  while [[ -n $(processes_in "$1" "$2") ]]; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

# destroy_in DIR PROGRAM: SIGKILL until none is left; also ends stopped (SIGSTOP) processes.
destroy_in() {
  until signal_in "$1" "$2" KILL && wait_gone "$1" "$2" 2; do :; done
}

# Runs a command in a process group of its own and passes our INT and TERM on to the whole group, so that a stopped
# test run leaves no test behind. The callers' EXIT traps then clean up; without this bash would first wait.
run_job() {
  local job status=0
  set -m
  "$@" </dev/null &
  job=$!
  set +m
  # shellcheck disable=SC2064  # the id of now
  trap "kill -TERM -- -$job 2>/dev/null || true; exit 130" INT
  # shellcheck disable=SC2064
  trap "kill -TERM -- -$job 2>/dev/null || true; exit 143" TERM
  wait "$job" || status=$?
  trap - INT TERM
  return "$status"
}

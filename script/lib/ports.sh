# shellcheck shell=bash disable=SC2034,SC2154  # the variables of the script that reads this file
# A port that is free now can be taken a moment later, so three things together: ports below the kernel's range for
# outgoing connections (32768 and up), a reservation that stacks of one user respect even while their server is down
# (it must come back on the same port), and callers that try another port when the bind fails all the same.

# reserve_port FILE: chooses a port and writes it to FILE, a *.port of some stack under $stack_home.
reserve_port() {
  local file=$1 port
  (
    flock 8
    while :; do
      port=$((15000 + RANDOM % 15000))
      ! grep -qxs "$port" "$stack_home"/*/*/*.port || continue
      ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || continue
      break
    done
    printf '%s\n' "$port" >"$file"
  ) 8<"$stack_home"
}

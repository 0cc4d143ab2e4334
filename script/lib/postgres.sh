# shellcheck shell=bash disable=SC2034,SC2154  # the variables of the script that reads this file
# A throw-away PostgreSQL cluster in $stack_dir/postgres: data/, the socket, log, server.port; tcp with --tcp: its password.

postgres_dir=$stack_dir/postgres
socket_name=.s.PGSQL.65535
# The roles that log in; see script/stack --help.
postgres_roles=(annals_migrator annals_writer annals_relay annals_wal_relay annals_projector annals_consumer annals_reader
  annals_operator annals_doctor annals_service)

# The newest that is installed, clients and server; the distributions keep its programs outside of PATH.
installed_postgres_bin() {
  local bin
  bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [[ -x $bin/postgres ]] || bin=$(dirname "$(command -v postgres)") || true
  [[ -x $bin/postgres ]] || die 'no PostgreSQL server is installed' 'run script/setup'
  printf '%s\n' "$bin"
}

# The server's programs. The clients are always those that are installed: they talk to every version.
postgres_bin() {
  [[ -n ${ANNALS_POSTGRES_BIN:-} ]] || { installed_postgres_bin && return 0; }
  [[ -x $ANNALS_POSTGRES_BIN/postgres ]] ||
    die "ANNALS_POSTGRES_BIN: there is no server in $ANNALS_POSTGRES_BIN" 'script/postgres VERSION prints a folder with one'
  printf '%s\n' "$ANNALS_POSTGRES_BIN"
}

# PostgreSQL refuses to run as root, so root lends it another account. Fills the array $as_postgres. Asked before anything is started, too: who
# waits for the others would hear of it a minute later.
require_postgres() {
  local bin
  bin=$(postgres_bin)
  as_postgres=()
  ((EUID == 0)) || return 0
  user=nobody
  ! id -u postgres >/dev/null 2>&1 || user=postgres
  as_postgres=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups env "HOME=$postgres_dir")
  "${as_postgres[@]}" test -x "$bin/postgres" ||
    die "user $user cannot run $bin/postgres" \
      'set ANNALS_CACHE to a folder that every user may enter, and let script/postgres fetch it again'
}

lend_postgres_folder() {
  ((EUID == 0)) || return 0
  chown "$user" "$postgres_dir"
  "${as_postgres[@]}" test -w "$postgres_dir" ||
    die "user $user cannot write to $postgres_dir" "set ANNALS_STACK_HOME to a folder that every user may enter"
}

postgres_port() { cat "$postgres_dir/server.port" 2>/dev/null; }
postgres_running() { [[ -n $(processes_in "$postgres_dir" postgres) ]]; }
postgres_answers() {
  local port
  port=$(postgres_port) && "$(installed_postgres_bin)/pg_isready" -q -t 2 -U annals -d postgres -h "$postgres_dir" -p "$port" >/dev/null 2>&1
}

# The libpq URI of a database on the socket; choose_stack allows no character in the path that would need escaping.
# postgres_uri DATABASE [ROLE]
postgres_uri() {
  printf 'postgresql:///%s?host=%s&port=%s&user=%s\n' "$1" "$postgres_dir" "$(postgres_port)" "${2:-annals}"
}
postgres_tcp_uri() { printf 'postgresql://annals:%s@127.0.0.1:%s/%s\n' "$(<"$postgres_dir/tcp")" "$(postgres_port)" "$1"; }

postgres_place() {
  if [[ -f $postgres_dir/tcp ]]; then
    printf '127.0.0.1:%s\n' "$(postgres_port || true)"
  else
    printf 'socket, port %s\n' "$(postgres_port || true)"
  fi
}

create_cluster() {
  local bin=$1
  ((${#postgres_dir} + ${#socket_name} < 107)) ||
    die "the socket path $postgres_dir/$socket_name is too long" "set ANNALS_STACK_HOME to a shorter folder"
  rm -rf "$postgres_dir/data.new"
  local listen=''
  # A superuser of the database runs programs as the server: whoever may reach the socket, in a folder that is ours
  # alone, is trusted, and nobody else is.
  "${as_postgres[@]}" "$bin/initdb" --pgdata="$postgres_dir/data.new" --username=annals --auth-local=trust \
    --auth-host=scram-sha-256 --encoding=UTF8 --locale=C --no-sync >>"$postgres_dir/log" 2>&1 ||
    fail_with_log PostgreSQL "$postgres_dir/log"
  if ((${postgres_tcp:-0})); then
    listen=127.0.0.1
    (umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$postgres_dir/tcp")
  fi
  cat >>"$postgres_dir/data.new/postgresql.conf" <<CONF
# -- script/stack --
listen_addresses = '$listen'
password_encryption = 'scram-sha-256'
unix_socket_directories = '$postgres_dir'
max_connections = 200
shared_buffers = 256MB
# Files in the data directory, so that a killed server leaves nothing in /dev/shm.
dynamic_shared_memory_type = mmap
wal_level = logical
max_wal_size = 4GB
max_wal_senders = 20
max_replication_slots = 20
max_prepared_transactions = 20
fsync = on
timezone = UTC
log_line_prefix = '%m [%p] %q%a@%d '
CONF
  mv "$postgres_dir/data.new" "$postgres_dir/data"
}

# Starts the server and waits until it answers. A new cluster takes another port when its own was taken meanwhile;
# an old one keeps its port, because clients of the test know it.
start_postgres() {
  local bin new=0 attempt log_start
  bin=$(postgres_bin)
  require_postgres
  mkdir -p "$postgres_dir"
  chmod 0700 "$postgres_dir"
  lend_postgres_folder
  if postmaster >/dev/null; then
    wait_postgres || fail_with_log PostgreSQL "$postgres_dir/log"
    return 0
  fi
  bury_postgres
  [[ -d $postgres_dir/data ]] || create_cluster "$bin"
  [[ -s $postgres_dir/server.port ]] || new=1
  for attempt in 1 2 3 4 5; do
    ((!new)) || reserve_port "$postgres_dir/server.port"
    log_start=$(stat -c %s "$postgres_dir/log")
    spawn "$postgres_dir" "$postgres_dir/log" "${as_postgres[@]}" "$bin/postgres" -D "$postgres_dir/data" \
      -p "$(postgres_port)"
    if wait_postgres; then
      create_database "$(installed_postgres_bin)"
      return 0
    fi
    grep -q 'could not bind\|could not create any TCP' < <(log_since "$postgres_dir/log" "$log_start") || break
    say "PostgreSQL: port $(postgres_port) is taken (attempt $attempt)"
    ((new)) || sleep 1
  done
  # Nobody knows these ports yet: the next try shall choose afresh.
  ((!new)) || rm -f "$postgres_dir"/*.port
  fail_with_log PostgreSQL "$postgres_dir/log"
}

create_database() {
  local known
  known=$("$1/psql" -qXAt "$(postgres_uri postgres)" -c "SELECT 1 FROM pg_database WHERE datname = 'annals'")
  [[ -z $known ]] || return 0
  create_roles "$1"
  [[ ! -f $postgres_dir/tcp ]] || set_password "$1"
  "$1/createdb" --maintenance-db="$(postgres_uri postgres)" annals
  "$1/psql" -qX -v ON_ERROR_STOP=1 "$(postgres_uri annals)" -c 'GRANT CREATE ON DATABASE annals TO annals_owner'
}

create_roles() {
  local role
  {
    printf 'CREATE ROLE annals_owner NOLOGIN;\n'
    for role in "${postgres_roles[@]}"; do printf 'CREATE ROLE %s LOGIN NOINHERIT;\n' "$role"; done
    printf 'GRANT annals_owner TO annals_migrator;\n'
    printf 'ALTER ROLE annals_wal_relay REPLICATION;\n'
    printf 'ALTER ROLE annals_doctor INHERIT; GRANT pg_read_all_stats TO annals_doctor;\n'
  } | "$1/psql" -qX -v ON_ERROR_STOP=1 --single-transaction "$(postgres_uri postgres)"
}

# By a pipe: an argument is seen by every user of the machine.
set_password() {
  printf "ALTER ROLE annals PASSWORD '%s';\n" "$(<"$postgres_dir/tcp")" |
    "$1/psql" -qX -v ON_ERROR_STOP=1 "$(postgres_uri postgres)"
}

# Ready (true), or ended or too slow (false). Crash recovery counts as starting.
wait_postgres() {
  local deadline=$((SECONDS + 60))
  while ((SECONDS < deadline)); do
    ! postgres_answers || return 0
    if [[ -n ${spawned:-} ]]; then
      kill -0 "$spawned" 2>/dev/null || return 1
    else
      postgres_running || return 1
    fi
    sleep 0.05
  done
  return 1
}

# The server's main process, when it is alive; backends can outlive it for a moment.
postmaster() {
  local id
  read -r id 2>/dev/null <"$postgres_dir/data/postmaster.pid" || return 1
  grep -x "$id" < <(processes_in "$postgres_dir" postgres)
}

# signal_postgres SIGNAL: to the postmaster alone, which passes it on in its own way.
signal_postgres() {
  local id
  ! id=$(postmaster) || kill -s "$1" "$id" 2>/dev/null || true
}

stop_postgres() {
  local mode=${1:-fast} signal
  case $mode in
    smart) signal=TERM ;;
    fast) signal=INT ;;
    immediate) signal=QUIT ;;
    kill) kill_postgres && return ;;
    *) die "PostgreSQL has no mode '$mode'" 'use smart, fast, immediate or kill' ;;
  esac
  postgres_running || return 0
  signal_postgres "$signal"
  signal_in "$postgres_dir" postgres CONT
  wait_gone "$postgres_dir" postgres 60 ||
    die "PostgreSQL did not stop within 60 s in mode $mode" 'smart waits for every client; use fast or immediate'
}

# Every process at once, as a power cut would.
kill_postgres() { bury_postgres; }

# Ends what is left and removes what a killed server leaves behind: its System V segment, and the lock files, which
# would stop the next start for as long as nobody has collected the dead process.
bury_postgres() {
  destroy_in "$postgres_dir" postgres
  local segment
  segment=$(sed -n '7s/^ *[0-9]* *//p' "$postgres_dir/data/postmaster.pid" 2>/dev/null) || true
  [[ -z $segment ]] || ipcrm -m "$segment" 2>/dev/null || true
  rm -f "$postgres_dir/data/postmaster.pid" "$postgres_dir"/.s.PGSQL.*
}

# For down: whatever state it is in.
remove_postgres() {
  signal_postgres QUIT
  signal_in "$postgres_dir" postgres CONT
  wait_gone "$postgres_dir" postgres 5 || true
  bury_postgres
}

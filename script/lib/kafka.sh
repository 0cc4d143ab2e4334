# shellcheck shell=bash disable=SC2034,SC2154  # the variables of the script that reads this file
# Apache Kafka: the first broker, which is the controller, too, in $stack_dir/kafka, more of the same cluster in kafka-2,
# kafka-3 …; in each data/, server.properties, log, *.port. $kafka_dir is the folder of the one that is meant.
# With ANNALS_KAFKA set, `up` writes that address to the file external instead, and nothing here starts or stops it.

first_kafka_dir=$stack_dir/kafka
kafka_dir=$first_kafka_dir
# How many there are.
kafka_brokers() { cat "$first_kafka_dir/brokers" 2>/dev/null || printf '1\n'; }
# The collector threads are held to two cores: the broker shares the machine with PostgreSQL and the tests.
kafka_jvm=(-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:ParallelGCThreads=2
  -XX:ConcGCThreads=1 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true)
# For programs that live for a second.
kafka_tool_jvm=(-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1)
kafka_log4j=-Dlog4j2.configurationFile=$root/script/kafka/log4j2.properties

# Inside a shell that evaluated `stack env`, ANNALS_KAFKA is the address of our own broker (ANNALS_STACK_KAFKA says
# so), not a wish for somebody else's.
external_kafka_wanted() { [[ -n ${ANNALS_KAFKA:-} && $ANNALS_KAFKA != "${ANNALS_STACK_KAFKA:-}" ]]; }
kafka_is_external() { [[ -f $first_kafka_dir/external ]]; }
kafka_address() {
  if kafka_is_external; then
    cat "$first_kafka_dir/external"
  else
    printf '127.0.0.1:%s\n' "$(cat "$kafka_dir/server.port" 2>/dev/null || printf 0)"
  fi
}
# Of all brokers.
kafka_addresses() {
  local kafka_dir addresses=()
  for kafka_dir in "$first_kafka_dir" "$first_kafka_dir"-*; do
    [[ ! -d $kafka_dir ]] || addresses+=("$(kafka_address)")
  done
  local IFS=,
  printf '%s\n' "${addresses[*]}"
}
# Where a client has a name, and ACLs say what it may do.
kafka_named_address() { printf '127.0.0.1:%s\n' "$(cat "$kafka_dir/named.port")"; }
kafka_running() { [[ -n $(processes_in "$kafka_dir" java) ]]; }

# Sends an ApiVersions request and waits for the first bytes of the answer: an open port alone also belongs to a
# broker that is stopped or still starting.
kafka_answers() {
  local address
  address=$(kafka_address)
  address=${address%%,*}
  # shellcheck disable=SC2016  # $0 and $1 are the inner shell's
  timeout 2 bash -c '
    exec 3<>"/dev/tcp/$0/$1"
    printf "\0\0\0\x0a\0\x12\0\0\0\0\0\x01\xff\xff" >&3
    [[ $(head -c 4 <&3 | wc -c) == 4 ]]' "${address%:*}" "${address##*:}" >/dev/null 2>&1
}

need_kafka() {
  command -v java >/dev/null || die 'no Java runtime is installed' 'run script/setup'
  "$root/script/kafka/deps" >/dev/null || exit 1
}

# kafka_tool CLASS ARGUMENTS...: one of Kafka's own command line programs.
kafka_tool() {
  need_kafka
  java "${kafka_tool_jvm[@]}" "$kafka_log4j" -cp "$kafka_lib/*" "$@"
}

# Two of three copies are enough for a write; of transactions and offsets, too.
configure_kafka() {
  local controller node=1 roles=broker,controller listener copies enough=1
  controller=$(cat "$first_kafka_dir/controller.port")
  listener=,CONTROLLER://127.0.0.1:$controller
  [[ $kafka_dir == "$first_kafka_dir" ]] || { node=${kafka_dir##*-} roles=broker listener=''; }
  copies=$(kafka_brokers)
  ((copies <= 3)) || copies=3
  ((copies < 3)) || enough=2
  sed -e "s|@PORT@|$(cat "$kafka_dir/server.port")|g" \
    -e "s|@NAMED_PORT@|$(cat "$kafka_dir/named.port")|g" \
    -e "s|@CONTROLLER_PORT@|$controller|g" \
    -e "s|@NODE@|$node|g; s|@ROLES@|$roles|g; s|@CONTROLLER_LISTENER@|$listener|g" \
    -e "s|@COPIES@|$copies|g; s|@ENOUGH@|$enough|g" \
    -e "s|@DATA@|$kafka_dir/data|g" "$root/script/kafka/server.properties.in" >"$kafka_dir/server.properties.new"
  mv "$kafka_dir/server.properties.new" "$kafka_dir/server.properties"
  [[ ! -f $kafka_dir/data/meta.properties ]] || return 0
  rm -rf "$kafka_dir/data"
  kafka_tool kafka.tools.StorageTool format --cluster-id "$(cat "$first_kafka_dir/cluster")" --config "$kafka_dir/server.properties" \
    >>"$kafka_dir/log" 2>&1 || fail_with_log Kafka "$kafka_dir/log"
}

start_kafka() {
  mkdir -p "$kafka_dir"
  chmod 0700 "$kafka_dir"
  if external_kafka_wanted && [[ ! -d $kafka_dir/data ]]; then
    printf '%s\n' "$ANNALS_KAFKA" >"$kafka_dir/external"
  fi
  if kafka_is_external; then
    kafka_answers || die "no Kafka answers at $(kafka_address)" 'start it, or unset ANNALS_KAFKA and run down, then up'
    return 0
  fi
  local log_start=0
  if kafka_running; then
    wait_kafka || fail_with_log Kafka "$kafka_dir/log"
    return 0
  fi
  local new=0 attempt port ports=(server named) heap=512m
  (($(kafka_brokers) == 1)) || heap=256m
  heap=${ANNALS_KAFKA_HEAP:-$heap}
  need_kafka
  touch "$kafka_dir/log"
  if [[ $kafka_dir == "$first_kafka_dir" ]]; then
    ports+=(controller)
  else
    wait_controller
  fi
  for port in "${ports[@]}"; do [[ -s $kafka_dir/$port.port ]] || new=1; done
  for attempt in 1 2 3 4 5; do
    ((!new)) || for port in "${ports[@]}"; do reserve_port "$kafka_dir/$port.port"; done
    configure_kafka
    log_start=$(stat -c %s "$kafka_dir/log")
    spawn "$kafka_dir" "$kafka_dir/log" java "-Xms$heap" "-Xmx$heap" "${kafka_jvm[@]}" "$kafka_log4j" -cp "$kafka_lib/*" \
      kafka.Kafka "$kafka_dir/server.properties"
    ! wait_kafka || return 0
    grep -q 'Address already in use' < <(log_since "$kafka_dir/log" "$log_start") || break
    say "Kafka: one of the ports $(cat "$kafka_dir"/*.port | paste -sd ' ') is taken (attempt $attempt)"
    destroy_in "$kafka_dir" java
    ((new)) || sleep 1
  done
  # Nobody knows these ports yet: the next try shall choose afresh.
  ((!new)) || rm -f "$kafka_dir"/*.port
  fail_with_log Kafka "$kafka_dir/log"
}

# Where the controller is to listen is decided by who starts the first broker, perhaps at this moment.
wait_controller() {
  local deadline=$((SECONDS + 60))
  while [[ ! -s $first_kafka_dir/server.properties ]]; do
    ((SECONDS < deadline)) || die 'the first broker does not start' "see $first_kafka_dir/log"
    sleep 0.05
  done
}

# Of `up`, before anything starts: a new cluster of so many brokers.
plan_kafka() {
  local brokers=$1 node id
  mkdir -p "$first_kafka_dir"
  for ((node = 2; node <= brokers; ++node)); do mkdir -p "$first_kafka_dir-$node"; done
  id=A$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)
  printf '%s\n' "$id" >"$first_kafka_dir/cluster"
  printf '%s\n' "$brokers" >"$first_kafka_dir/brokers"
}

# The port opens before the controller lets the broker host partitions; the log says when that is done, too.
wait_kafka() {
  local deadline=$((SECONDS + 120))
  while ((SECONDS < deadline)); do
    if grep -q 'Kafka Server started' < <(log_since "$kafka_dir/log" "$log_start") && kafka_answers; then return 0; fi
    if [[ -n ${spawned:-} ]]; then
      kill -0 "$spawned" 2>/dev/null || return 1
    else
      kafka_running || return 1
    fi
    sleep 0.1
  done
  return 1
}

stop_kafka() {
  local mode=${1:-term}
  case $mode in
    # CONT last: a paused broker would otherwise run on for a moment.
    term) signal_in "$kafka_dir" java TERM && signal_in "$kafka_dir" java CONT ;;
    kill) destroy_in "$kafka_dir" java ;;
    *) die "Kafka has no mode '$mode'" 'use term or kill' ;;
  esac
  wait_gone "$kafka_dir" java 60 || die 'Kafka did not stop within 60 s' 'use --mode kill'
}

kill_kafka() { destroy_in "$kafka_dir" java; }
remove_kafka() { destroy_in "$kafka_dir" java; }

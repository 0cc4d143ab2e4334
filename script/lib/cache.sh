# shellcheck shell=bash disable=SC2034,SC2154  # the variables of the script that reads this file
# What is fetched once and used by every checkout lives outside of them, in one folder that may be deleted at any time.

# Programs are run from it: it is never a place that others can write to, as /var/tmp is.
choose_cache() {
  local parent=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}} owner
  [[ -n ${ANNALS_CACHE:-$parent} ]] ||
    die 'neither HOME nor XDG_CACHE_HOME is set: there is no folder for the cache' 'set ANNALS_CACHE to a folder of your own'
  cache_dir=${ANNALS_CACHE:-$parent/annals}
  [[ -e $cache_dir ]] || return 0
  owner=$(stat -Lc %u -- "$cache_dir")
  ((owner == 0 || owner == EUID)) && ! (($(stat -Lc '0%a & 022' -- "$cache_dir"))) ||
    die "others can write to the cache $cache_dir" 'set ANNALS_CACHE to a folder of your own'
}

choose_cache
kafka_pom=$root/script/kafka/pom.xml
kafka_version=$(sed -n 's:.*<kafka\.version>\(.*\)</kafka\.version>.*:\1:p' "$kafka_pom")
kafka_lib=$cache_dir/kafka-$kafka_version

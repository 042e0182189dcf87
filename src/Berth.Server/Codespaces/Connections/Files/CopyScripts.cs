namespace Berth.Server.Codespaces.Connections.Files;

/// <summary>
/// The scripts that run in a container to copy files. They use a shell, which dev containers need anyway, and the image's own <c>tar</c>.
/// If the image has none, a single file goes through <c>cat</c>. Nothing of this machine's file system is touched and nothing is mounted.
/// The engine's own archive calls are not used: they mount a running container's volumes again, at paths that a program inside can exchange
/// meanwhile (CVE-2026-42306).
/// </summary>
internal static class CopyScripts
{
    public const int NotThere = 44;
    public const int NoFolder = 45;
    public const int WouldReplaceFile = 46;
    public const int WouldReplaceFolder = 47;

    /// <summary>The first line of <see cref="Read"/>: a tar archive follows.</summary>
    public const string Archive = "archive";

    /// <summary>The first line of <see cref="Read"/>, before permissions and size: the bytes of one file follow.</summary>
    public const string File = "file";

    /// <summary>
    /// The second word of the first line of <see cref="Write"/>: the path is a folder, and the copy gets its own name in it.
    /// </summary>
    public const string Into = "into";

    /// <summary>
    /// Old versions of busybox's tar leave out links that point upwards or to an absolute path, unless this is set. Such a link in a
    /// codespace leads its own user to nothing new.
    /// </summary>
    public static readonly string[] Environment = ["EXTRACT_UNSAFE_SYMLINKS=1"];

    /// <summary>Arguments: the absolute path of the folder, and the name in it. The name is <c>.</c> only for the root.</summary>
    public const string Read = """
        unset TAR_OPTIONS
        cd "$1" 2>/dev/null || {
          [ -d "$1" ] || exit 44
          printf '%s: permission denied\n' "$1" >&2
          exit 1
        }
        [ -e "./$2" ] || [ -L "./$2" ] || exit 44
        if [ ! -L "./$2" ] && ! { [ -r "./$2" ] && { [ ! -d "./$2" ] || [ -x "./$2" ]; }; }; then
          printf '%s: permission denied\n' "$2" >&2
          exit 1
        fi
        if command -v tar >/dev/null 2>&1; then
          leave=
          [ "$2" != . ] || leave='--exclude=./proc --exclude=./sys --exclude=./dev'
          echo archive
          tar -cf - $leave -- "$2"
          code=$?
          # GNU tar ends with 1 when a file was written to while it was read; its archive is whole all the same.
          if [ $code = 1 ]; then
            case $(tar --version 2>/dev/null) in *GNU*) code=0 ;; esac
          fi
          exit $code
        fi
        if [ -L "./$2" ] || [ ! -f "./$2" ]; then
          echo 'the image has no tar, without which only single files can be copied' >&2
          exit 1
        fi
        size=$(wc -c <"./$2") || exit 1
        mode=644
        [ ! -x "./$2" ] || mode=755
        echo file $mode $size
        exec cat "./$2"
        """;

    /// <summary>
    /// Arguments: the absolute path; the copy's own name; <c>file</c>, <c>folder</c> or <c>link</c>; its permissions in octal. The script's
    /// first line is <c>archive</c> or <c>file</c>, then <c>into</c> or <c>as</c>. After that it reads an archive or a file from its input,
    /// as that line says.
    /// </summary>
    public const string Write = """
        unset TAR_OPTIONS
        if [ -d "$1" ]; then
          folder=$1 name=$2 how=into
        else
          folder=${1%/*} name=${1##*/} how=as
          [ -n "$folder" ] || folder=/
          [ -d "$folder" ] || exit 45
        fi
        cd "$folder" || exit 1
        if [ -d "./$name" ] && [ ! -L "./$name" ]; then
          [ "$3" = folder ] || exit 47
        elif [ -e "./$name" ] || [ -L "./$name" ]; then
          [ "$3" != folder ] || exit 46
        fi
        if command -v tar >/dev/null 2>&1; then
          echo archive $how
          exec tar -xpof -
        fi
        if [ "$3" != file ]; then
          echo 'the image has no tar, without which only single files can be copied' >&2
          exit 1
        fi
        new=./.berth-cp.$$
        trap 'rm -f "$new"' EXIT
        : >"$new" || exit 1
        echo file $how
        cat >"$new" && chmod "$4" "$new" && mv -f "$new" "./$name"
        """;
}

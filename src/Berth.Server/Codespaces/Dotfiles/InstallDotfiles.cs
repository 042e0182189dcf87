using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Dotfiles;

/// <summary>
/// The command that installs a person's dotfiles in a new container, after the repository's own commands for new containers. It runs as the
/// person, with the image's git. If anything goes wrong, it only writes a line to the log, and the start goes on.
/// </summary>
internal sealed class InstallDotfiles(Db db)
{
    /// <summary>
    /// Argument: the URL. It looks for GitHub's script names, in GitHub's order. Without such a script, everything that begins with a dot
    /// is linked into the home folder. A folder that exists there is left alone, since the link would end up inside it.
    /// </summary>
    private const string Script = """
        fail() { echo "dotfiles: $1"; exit 0; }
        folder=$HOME/dotfiles found=
        command -v git >/dev/null 2>&1 || fail 'the image has no git, which would fetch them'
        [ ! -e "$folder" ] || fail "$folder is there and stays as it is"
        export GIT_TERMINAL_PROMPT=0
        git clone --quiet --depth=1 -- "$1" "$folder" || fail "$1 cannot be cloned"
        cd "$folder" || exit 0
        for name in install.sh install bootstrap.sh bootstrap script/bootstrap setup.sh setup script/setup; do
          [ -f "$name" ] || continue
          [ -x "$name" ] || chmod +x "$name"
          echo "dotfiles: running $name"
          "./$name" || echo "dotfiles: $name ended with the exit code $?"
          found=1
          break
        done
        if [ -z "$found" ]; then
          for name in .[!.]*; do
            case $name in .git | '.[!.]*') continue ;; esac
            if [ -d "$HOME/$name" ] && [ ! -L "$HOME/$name" ]; then
              echo "dotfiles: ~/$name is a folder and stays"
            else
              ln -sfn "$folder/$name" "$HOME/$name" && echo "dotfiles: linked $name"
            fi
          done
        fi

        """;

    /// <summary>The command for a person. Null when the person has no dotfiles.</summary>
    public async Task<LifecycleCommand?> ForAsync(long userId, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => DotfilesTable.FindAsync(session, userId), cancellationToken) is { } row
            ? CommandOf(row.Repository)
            : null;

    /// <summary>The dotfiles may replace git's own configuration, so Berth's part of it is added again.</summary>
    internal static LifecycleCommand CommandOf(string repository) => new(
        LifecycleStage.PostCreate, "your dotfiles",
        [new LifecyclePart(null, ["/bin/sh", "-c", Script + GitInside.Include, "dotfiles", repository])]);
}

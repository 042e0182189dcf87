using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Dotfiles;

/// <summary>
/// The command that brings a person's dotfiles into a new container, after the repository's own commands of its creation. It runs as the
/// person, with the image's git; whatever goes wrong is a line in the log, and no start ends for it.
/// </summary>
internal sealed class InstallDotfiles(Db db)
{
    /// <summary>
    /// Argument: the URL. The scripts that it looks for are GitHub's, in GitHub's order; without one what begins with a dot is linked into
    /// the home folder. A folder that is there stays, since a link would end up inside it.
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

    /// <summary>Null: the person has none.</summary>
    public async Task<LifecycleCommand?> ForAsync(long userId, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => DotfilesTable.FindAsync(session, userId), cancellationToken) is { } row
            ? CommandOf(row.Repository)
            : null;

    /// <summary>git's own configuration may be among what came, so Berth's part of it is put there again.</summary>
    internal static LifecycleCommand CommandOf(string repository) => new(
        LifecycleStage.PostCreate, "your dotfiles",
        [new LifecyclePart(null, ["/bin/sh", "-c", Script + GitInside.Include, "dotfiles", repository])]);
}

using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Sandbox;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>A scripted git, which "clones" the test's files.</summary>
internal sealed class ScriptedSandbox : ISandbox
{
    /// <summary>The files that the next clone brings.</summary>
    public Dictionary<string, string> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>The URLs of the submodules of what is cloned, by path. Each has one file.</summary>
    public Dictionary<string, string> Submodules { get; } = new(StringComparer.Ordinal);

    /// <summary>The files of repositories that are checked out by a commit, as for ADD.</summary>
    public Dictionary<string, string> CheckedOut { get; } = new(StringComparer.Ordinal);

    /// <summary>The commit at the remote, whatever reference is asked for.</summary>
    public string Commit { get; set; } = new('1', 40);

    /// <summary>What git prints as an error before it fails. Null: it does not fail.</summary>
    public string? GitFails { get; set; }

    /// <summary>The reason why no sandbox can be made. Null: one can.</summary>
    public string? Missing { get; set; }

    /// <summary>Runs before a clone. It may throw or wait.</summary>
    public Func<string, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    public Task<string?> UnavailableAsync(CancellationToken cancellationToken) => Task.FromResult(Missing);

    public async Task<ToolResult> RunAsync(
        SandboxView view, string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder,
        Action<string> errorLine,
        TimeSpan timeout, CancellationToken cancellationToken)
    {
        List<string> words = [.. arguments];
        if (words.Contains("rev-parse"))
        {
            // The names are HEAD and folders of it.
            var ids = words.Skip(words.IndexOf("rev-parse") + 1).Select(name => name == "HEAD" ? Commit : $"tree of {name}");
            return new ToolResult(0, string.Join('\n', ids));
        }

        if (words.Contains("config"))
        {
            // Only the repository itself lists submodules.
            var isListed = words.Contains("--list") && File.Exists(Path.Combine(words[words.IndexOf("-C") + 1], ".gitmodules"));
            return new ToolResult(words.Contains("--list") && !isListed ? 1 : 0, !isListed ? "" : string.Concat(Submodules.Select(
                one => $"submodule.{one.Key}.path\n{one.Key}\0submodule.{one.Key}.url\n{one.Value}\0")));
        }

        if (words.Contains("submodule"))
        {
            var (checkout, path) = (words[words.IndexOf("-C") + 1], words[^1]);
            Directory.CreateDirectory(Path.Combine(checkout, ".git", "modules", path));
            Directory.CreateDirectory(Path.Combine(checkout, path));
            File.WriteAllText(Path.Combine(checkout, path, ".git"), "gitdir");
            File.WriteAllText(Path.Combine(checkout, path, "file.txt"), Submodules[path]);
            return new ToolResult(0, "");
        }

        if (words.Contains("--detach"))
        {
            Write(CheckedOut, words[words.IndexOf("-C") + 1]);
        }

        if (words.Exists(word => word is "init" or "remote" or "fetch" or "reset" or "checkout"))
        {
            return new ToolResult(0, "");
        }

        if (words.Contains("ls-remote"))
        {
            return new ToolResult(0, $"{Commit}\t{words[words.IndexOf("--") + 2]}\n");
        }

        await Before("clone", cancellationToken);
        return Clone(words[^1], errorLine);
    }

    private ToolResult Clone(string target, Action<string> errorLine)
    {
        if (GitFails is { } words)
        {
            errorLine(words);
            return new ToolResult(128, "");
        }

        Write(Files, target);
        return new ToolResult(0, "");
    }

    private static void Write(Dictionary<string, string> files, string target)
    {
        foreach (var (path, content) in files)
        {
            var file = Path.Combine(target, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, content);
        }
    }
}

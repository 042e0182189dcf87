using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Git;

/// <summary>
/// Fetches the submodules that a checkout in which somebody has worked does not have. What such a checkout tells git to do must happen
/// without network and login, so they are cloned into a fresh copy of its commit, and moved to their places. What is there stays as it is.
/// </summary>
internal sealed class AddSubmodules(SandboxedGit git, CloneSubmodules clone)
{
    private const string GitFolder = ".git";

    /// <summary>Of a submodule that is no more checked out.</summary>
    private const string Modules = ".git/modules";

    /// <param name="checkout">No process works in it. It is given to git's user.</param>
    /// <param name="request">What to clone them with; its checkout is the copy, which does not exist yet.</param>
    /// <returns>The URLs of those that are there now.</returns>
    /// <exception cref="FaultException">git cannot read the checkout.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(
        string checkout, SubmoduleRequest request, Action<string> log, CancellationToken cancellationToken)
    {
        if (!IsFolder(Path.Combine(checkout, GitFolder)))
        {
            return [];
        }

        Ownership.GiveOne(checkout, request.View.User);
        Ownership.Give(Path.Combine(checkout, GitFolder), request.View.User);
        if (!await CopyAsync(checkout, request, cancellationToken))
        {
            return [];
        }

        List<ClonedSubmodule> added = [];
        var cloned = await clone.RunAsync(
            request with { Leaves = (place, submodule) => IsThere(checkout, place, submodule) }, log, cancellationToken);
        foreach (var one in cloned)
        {
            // Those within others come along.
            var fault = one.Place == one.Submodule.Path ? await MoveAsync(checkout, request, one, cancellationToken)
                : added.Exists(other => one.Place.StartsWith(other.Place + "/", StringComparison.Ordinal)) ? null
                : "the one that it is in is missing";
            if (fault is null)
            {
                added.Add(one);
            }
            else
            {
                log($"the submodule {one.Place} is missing: {fault}");
            }
        }

        return [.. added.Select(one => one.Url)];
    }

    /// <returns>False: the commit has no submodules.</returns>
    private async Task<bool> CopyAsync(string checkout, SubmoduleRequest request, CancellationToken cancellationToken)
    {
        var copy = request.Checkout;
        Directory.CreateDirectory(copy);
        Ownership.GiveOne(copy, request.View.User);
        var from = new Uri("file://" + checkout);
        var call = new GitCall("the copy of the checkout", copy, request.View, []);
        List<string> said = [];
        var copied = await git.RunAsync(
            call with
            {
                Remote = from,
                Arguments =
                [
                    "clone", "--quiet", "--depth=1", "--no-checkout", "--no-recurse-submodules", "--template=",
                    "--", from.AbsoluteUri, copy,
                ],
            },
            said.Add, cancellationToken);
        if (copied.ExitCode != 0)
        {
            throw new FaultException(
                FaultKind.Repository, $"git cannot read the checkout: {said.LastOrDefault() ?? $"exit code {copied.ExitCode}"}");
        }

        return await SucceedsAsync(call, copy, ["reset", "--quiet"], cancellationToken)
            && await SucceedsAsync(call, copy, ["checkout", "--quiet", "--", ".gitmodules"], cancellationToken);
    }

    private async Task<bool> SucceedsAsync(GitCall call, string folder, string[] arguments, CancellationToken cancellationToken) =>
        (await git.RunAsync(call with { Arguments = ["-C", folder, .. arguments] }, _ => { }, cancellationToken)).ExitCode == 0;

    /// <summary>Also where a link or file is in the way, and where git keeps what was checked out before.</summary>
    private static bool IsThere(string checkout, string place, Submodule submodule)
    {
        if (place != submodule.Path)
        {
            // Within one that is missing.
            return false;
        }

        var target = Path.Combine(checkout, place);
        return !IsWithinFolders(checkout, place) || !IsWithinFolders(checkout, $"{Modules}/{submodule.Name}")
            || Path.Exists($"{checkout}/{Modules}/{submodule.Name}")
            || (IsFolder(target) ? Directory.EnumerateFileSystemEntries(target).Any() : IsAnything(target));
    }

    /// <returns>Null, or why it is not there.</returns>
    private async Task<string?> MoveAsync(
        string checkout, SubmoduleRequest request, ClonedSubmodule one, CancellationToken cancellationToken)
    {
        var name = one.Submodule.Name;
        var (files, modules) = (Path.Combine(checkout, one.Place), $"{checkout}/{Modules}/{name}");
        try
        {
            var named = await git.RunAsync(
                new GitCall(
                    "the name of a submodule", checkout, request.View, ["-C", checkout, "config", $"submodule.{name}.url", one.Url]),
                _ => { }, cancellationToken);
            if (named.ExitCode != 0)
            {
                return "git cannot write its name into the checkout's configuration";
            }

            Directory.CreateDirectory(Path.GetDirectoryName(modules)!);
            Directory.Move($"{request.Checkout}/{Modules}/{name}", modules);
            Directory.CreateDirectory(Path.GetDirectoryName(files)!);
            if (Directory.Exists(files))
            {
                // An empty one: what is in it would be in the way.
                Directory.Delete(files);
            }

            Directory.Move(Path.Combine(request.Checkout, one.Place), files);
            return null;
        }
        catch (IOException exception)
        {
            return $"it cannot be moved to its place: {exception.GetType().Name}";
        }
    }

    /// <summary>None of the folders above the last segment is a link or something else; those that are not there can be made.</summary>
    private static bool IsWithinFolders(string root, string path)
    {
        var current = root;
        foreach (var segment in path.Split('/')[..^1])
        {
            current = Path.Combine(current, segment);
            if (segment is "" or "." or ".." || (IsAnything(current) && !IsFolder(current)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Links included, whatever they point at.</summary>
    private static bool IsAnything(string path) => new FileInfo(path) is var file && (file.LinkTarget is not null || Path.Exists(path));

    private static bool IsFolder(string path) => new DirectoryInfo(path) is { Exists: true, LinkTarget: null };
}

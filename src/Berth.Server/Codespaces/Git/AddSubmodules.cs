using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Git;

/// <summary>
/// Fetches the submodules that are missing from a checkout in which people have worked. Such a checkout's configuration can make git run
/// programs, so git runs in it without network and login. The submodules are cloned into a fresh copy of its commit and moved to their
/// places. Submodules that exist are not touched.
/// </summary>
internal sealed class AddSubmodules(SandboxedGit git, CloneSubmodules clone)
{
    private const string GitFolder = ".git";

    /// <summary>Where git keeps a submodule, even after it is no longer checked out.</summary>
    private const string Modules = ".git/modules";

    /// <param name="checkout">The checkout, in which no process may work. Git's user becomes its owner.</param>
    /// <param name="request">How to clone the submodules. Its checkout is the copy, which does not exist yet.</param>
    /// <returns>The URLs of the submodules that exist now.</returns>
    /// <exception cref="FaultException">Git cannot read the checkout.</exception>
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
            // Submodules within other submodules are moved along with them.
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

    /// <summary>
    /// True when the submodule exists, but also when a link or file is in the way, or when git still keeps an earlier checkout of it.
    /// </summary>
    private static bool IsThere(string checkout, string place, Submodule submodule)
    {
        if (place != submodule.Path)
        {
            // It lies within a submodule that is missing.
            return false;
        }

        var target = Path.Combine(checkout, place);
        return !IsWithinFolders(checkout, place) || !IsWithinFolders(checkout, $"{Modules}/{submodule.Name}")
            || Path.Exists($"{checkout}/{Modules}/{submodule.Name}")
            || (IsFolder(target) ? Directory.EnumerateFileSystemEntries(target).Any() : IsAnything(target));
    }

    /// <returns>Null, or the reason why it could not be moved.</returns>
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
                // Delete it only if it is empty. Otherwise its content is in the way.
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

    /// <summary>True when every folder above the last segment is a real folder, or does not exist yet.</summary>
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

    /// <summary>True for anything that exists, links included, whatever they point at.</summary>
    private static bool IsAnything(string path) => new FileInfo(path) is var file && (file.LinkTarget is not null || Path.Exists(path));

    private static bool IsFolder(string path) => new DirectoryInfo(path) is { Exists: true, LinkTarget: null };
}

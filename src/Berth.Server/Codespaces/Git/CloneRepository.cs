using System.Net.Sockets;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Git;

/// <summary>
/// Clones a repository without trusting it: in the sandbox, with no configuration but what stands here, no hooks, no submodules, no
/// redirects, and only to addresses that outgoing requests may reach. A credential goes to the server that it was stored for, and git alone
/// sees it.
/// </summary>
internal sealed partial class CloneRepository(
    OutgoingOptions options, OutgoingNetworks networks, CodespaceTools tools, Firewall firewall, ISandbox sandbox, TimeProvider time)
{
    private const long MaxBytes = 10L * 1024 * 1024 * 1024;
    public const long MaxNewestBytes = 2L * 1024 * 1024 * 1024;
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan NewestTimeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <param name="url"><c>http:</c>, <c>https:</c>, or <c>file:</c> where the operator allows it.</param>
    /// <param name="reference">A branch or tag; null takes the remote's own default branch.</param>
    /// <param name="target">A folder that does not exist yet; its parent does.</param>
    /// <param name="view">Who git is in the sandbox, with an empty home that nobody else writes to.</param>
    /// <param name="credential">For the server of <paramref name="url"/>; null: none is stored.</param>
    /// <exception cref="FaultException">It did not work; the message says why and what would help.</exception>
    public Task RunAsync(
        string url, string? reference, string target, SandboxView view, CloneCredential? credential, Action<string> progress,
        CancellationToken cancellationToken) =>
        RunAsync(url, reference, target, view, credential, [], (MaxBytes, Timeout), progress, cancellationToken);

    /// <summary>
    /// As <see cref="RunAsync(string, string?, string, SandboxView, CloneCredential?, Action{string}, CancellationToken)"/>, the newest
    /// commit alone: for a look at its files.
    /// </summary>
    public async Task NewestAsync(
        string url, string? reference, string target, SandboxView view, CloneCredential? credential, IReadOnlyList<string> only,
        CancellationToken cancellationToken)
    {
        var (sparse, limits) = (Sparse(view, only), (MaxNewestBytes, NewestTimeout));
        try
        {
            await RunAsync(url, reference, target, view, credential, ["--depth=1", .. sparse], limits, _ => { }, cancellationToken);
        }
        catch (FaultException exception) when (exception.Message.Contains("does not support shallow", StringComparison.Ordinal))
        {
            // A web server that only shows files has no way to leave history out.
            CodespaceFolders.Delete(target);
            await RunAsync(url, reference, target, view, credential, sparse, limits, _ => { }, cancellationToken);
        }
    }

    /// <summary>
    /// Lets a clone check out, and where the server can also fetch, these paths alone (git-sparse-checkout(1)): a new repository starts
    /// with what its template has. The template lies in git's own home, where it can read it.
    /// </summary>
    private static string[] Sparse(SandboxView view, IReadOnlyList<string> only)
    {
        if (only.Count == 0)
        {
            return [];
        }

        var template = Path.Combine(view.Home!, "template");
        Directory.CreateDirectory(Path.Combine(template, "info"));
        File.WriteAllLines(Path.Combine(template, "info", "sparse-checkout"), only);
        return ["--template=" + template, "--filter=blob:none", "-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=false"];
    }

    private async Task RunAsync(
        string url, string? reference, string target, SandboxView view, CloneCredential? credential, IEnumerable<string> options,
        (long Bytes, TimeSpan Time) limits, Action<string> progress,
        CancellationToken cancellationToken)
    {
        var uri = Check(url);
        using var askpass = credential is null ? null : new CloneAskpass(credential, url, view);
        var home = view.Home ?? throw new ArgumentException("git needs a home", nameof(view));
        var pins = await PinAsync(uri, cancellationToken);
        await using var guard = pins is null ? null : await firewall.GuardAsync(cancellationToken);
        var branch = BranchOf(reference);
        string[] arguments =
        [
            .. Configuration(uri, pins), "clone", "--progress", "--no-recurse-submodules", "--template=", .. options,
            .. branch is null ? [] : new[] { "--branch", branch },
            "--", url, target,
        ];
        Queue<string> said = new();
        using var tooLarge = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var done = new CancellationTokenSource();
        Directory.CreateDirectory(target);
        Ownership.GiveOne(target, view.User);
        var watching = WatchSizeAsync(target, limits.Bytes, tooLarge, done.Token);
        try
        {
            var result = await sandbox.RunAsync(
                View(view, uri, target, askpass), tools.Git(), arguments, Environment(home, GlobalConfiguration(uri, home), askpass), home,
                line => ReadProgress(line, said, progress),
                limits.Time, tooLarge.Token);
            if (result.ExitCode != 0)
            {
                throw Failed(url, branch, credential, said);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FaultException(FaultKind.Repository, $"the clone of {url} is larger than {limits.Bytes >> 30} GiB");
        }
        catch (TimeoutException exception)
        {
            throw new FaultException(FaultKind.Repository, $"the clone of {url} failed: {exception.Message}", exception);
        }
        finally
        {
            await done.CancelAsync();
            await watching;
        }
    }

    /// <summary>
    /// A branch or tag that git can be handed: <c>refs/heads/</c> is taken off, and nothing can look like an option or a revision
    /// expression.
    /// </summary>
    internal static string? BranchOf(string? reference)
    {
        if (string.IsNullOrEmpty(reference))
        {
            return null;
        }

        var name = reference.StartsWith("refs/heads/", StringComparison.Ordinal) ? reference["refs/heads/".Length..]
            : reference.StartsWith("refs/tags/", StringComparison.Ordinal) ? reference["refs/tags/".Length..]
            : reference;
        return IsBranch(name) ? name : throw new FaultException(FaultKind.Repository, $"'{reference}' is not the name of a branch or tag");
    }

    /// <summary>git-check-ref-format(1).</summary>
    internal static bool IsBranch(string name) =>
        name.Length is > 0 and <= 255 && name[0] is not '-' and not '/' && name[^1] is not '/' and not '.'
        && !name.Any(c => c <= ' ' || c is '~' or '^' or ':' or '?' or '*' or '[' or '\\' or '\x7f')
        && !name.Contains("..", StringComparison.Ordinal)
        && !name.Contains("//", StringComparison.Ordinal)
        && !name.Contains("@{", StringComparison.Ordinal)
        && !name.Split('/').Any(part => part.StartsWith('.') || part.EndsWith(".lock", StringComparison.Ordinal));

    private SandboxView View(SandboxView view, Uri uri, string target, CloneAskpass? askpass) => view with
    {
        Writable = [.. view.Writable, target],
        ReadOnly =
        [
            .. view.ReadOnly, .. uri.Scheme == "file" && Directory.Exists(uri.LocalPath) ? new[] { Path.GetFullPath(uri.LocalPath) } : [],
            .. string.IsNullOrEmpty(options.CaFile) ? [] : new[] { Path.GetFullPath(options.CaFile) },
            .. askpass?.Paths ?? [],
        ],
        Network = uri.Scheme != "file",
    };

    private Uri Check(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https" or "file"))
        {
            throw new FaultException(FaultKind.Repository, $"the clone URL {url} is not supported: use http or https");
        }

        if (uri.UserInfo.Length > 0)
        {
            throw new FaultException(
                FaultKind.Repository,
                "the clone URL contains a user name or password; store them as its clone credential instead: berth repo clone-credential "
                    + "set");
        }

        return uri.Scheme != "file" || options.AllowFileClone
            ? uri
            : throw new FaultException(
                FaultKind.Repository, $"{url}: file: clone URLs are switched off on this server (BERTH_ALLOW_FILE_CLONE)");
    }

    /// <summary>
    /// The addresses that were checked are the ones that git connects to; a second look-up of the name could answer otherwise.
    /// </summary>
    private async Task<string?> PinAsync(Uri uri, CancellationToken cancellationToken)
    {
        if (uri.Scheme == "file")
        {
            return null;
        }

        try
        {
            var addresses = await networks.ResolveAsync(uri.Host, cancellationToken);
            var list = string.Join(
                ',',
                addresses.Select(address => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString()));
            return $"{uri.Host.Trim('[', ']')}:{uri.Port}:{list}";
        }
        catch (SocketException exception)
        {
            throw new FaultException(
                FaultKind.Repository, $"the host of the clone URL, {uri.Host}, cannot be found: {exception.Message}", exception);
        }
        catch (OutgoingRefusedException exception)
        {
            throw new FaultException(FaultKind.Repository, $"the clone URL may not be reached: {exception.Message}", exception);
        }
    }

    private List<string> Configuration(Uri uri, string? pins)
    {
        List<string> settings =
        [
            "protocol.allow=never", $"protocol.{uri.Scheme}.allow=always", "core.hooksPath=/dev/null", "core.fsmonitor=false",
            "credential.helper=",
            "http.followRedirects=false", "http.proxy=", "http.lowSpeedLimit=1000", "http.lowSpeedTime=60", "transfer.fsckObjects=false",
            "gc.auto=0",
            "advice.detachedHead=false", "submodule.recurse=false", "fetch.recurseSubmodules=false",
        ];
        if (pins is not null)
        {
            settings.Add("http.curloptResolve=" + pins);
        }

        if (!string.IsNullOrEmpty(options.CaFile))
        {
            settings.Add("http.sslCAInfo=" + Path.GetFullPath(options.CaFile));
        }

        return [.. settings.SelectMany(setting => new[] { "-c", setting })];
    }

    /// <summary>
    /// For a folder of this machine: whose it is does not matter, a site administrator named it. A file, because git keeps -c settings from
    /// the process that reads the folder.
    /// </summary>
    private static string GlobalConfiguration(Uri uri, string home)
    {
        if (uri.Scheme != "file")
        {
            return "/dev/null";
        }

        var file = Path.Combine(home, "gitconfig");
        File.WriteAllText(file, "[safe]\n\tdirectory = *\n");
        return file;
    }

    private Dictionary<string, string> Environment(string home, string globalConfiguration, CloneAskpass? askpass)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = tools.SearchPath,
            ["HOME"] = home,
            ["LC_ALL"] = "C.UTF-8",
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_ASKPASS"] = "/bin/false",
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = globalConfiguration,
            ["GIT_CONFIG_SYSTEM"] = "/dev/null",
            ["GIT_ATTR_NOSYSTEM"] = "1",
        };
        foreach (var (name, value) in askpass?.Environment ?? [])
        {
            environment[name] = value;
        }

        return environment;
    }

    private static void ReadProgress(string line, Queue<string> said, Action<string> progress)
    {
        said.Enqueue(line);
        if (said.Count > 20)
        {
            said.Dequeue();
        }

        // Of the counters only the last line is worth keeping, and where the clone lies on the server is nobody's business.
        if (!line.StartsWith("Cloning into ", StringComparison.Ordinal)
            && (!line.Contains('%', StringComparison.Ordinal) || line.Contains(", done.", StringComparison.Ordinal)))
        {
            progress(line);
        }
    }

    private static FaultException Failed(string url, string? branch, CloneCredential? credential, IEnumerable<string> said)
    {
        var reason = said.LastOrDefault(
            line => line.StartsWith("fatal: ", StringComparison.Ordinal) || line.StartsWith("remote: ", StringComparison.Ordinal))
            ?? said.LastOrDefault() ?? "git said nothing";
        var (more, remedy) = reason switch
        {
            _ when reason.Contains("Authentication failed", StringComparison.Ordinal) && credential is not null => (
                $"; the git server rejects {credential.Whose} clone credential (user {credential.UserName})",
                "store one that works: berth repo clone-credential set OWNER/NAME --username USER < token"),
            _ when reason.Contains("could not read Username", StringComparison.Ordinal)
                || reason.Contains("Authentication failed", StringComparison.Ordinal) => (
                "; the git server asks for a sign-in, and no clone credential is stored for it",
                "an admin of the repository can run berth repo clone-credential set OWNER/NAME --username USER < token, or you with --own "
                    + "for your codespaces"),
            _ when reason.Contains("Remote branch", StringComparison.Ordinal) =>
                ($"; create the codespace with a branch or tag that exists, '{branch}' does not", null),
            _ when reason.Contains("No space left on device", StringComparison.Ordinal) =>
                ("; the codespace's disk is full: choose a larger machine", null),
            _ when RedirectedTo().IsMatch(reason) =>
                ("; redirects are not followed: set the repository's clone_url to the address it redirects to", null),
            _ => ("", (string?)null),
        };
        return new FaultException(
            FaultKind.Repository, $"the clone of {url} failed: {reason.Replace("fatal: ", "", StringComparison.Ordinal)}{more}", remedy);
    }

    private async Task WatchSizeAsync(string target, long maxBytes, CancellationTokenSource tooLarge, CancellationToken done)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Look, time, done);
                if (SizeOf(target) > maxBytes)
                {
                    await tooLarge.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The clone has ended.
        }
    }

    private static long SizeOf(string folder)
    {
        try
        {
            return Directory.Exists(folder)
                ? new DirectoryInfo(folder).EnumerateFiles(
                    "*",
                    new EnumerationOptions
                    {
                        RecurseSubdirectories = true,
                        AttributesToSkip = FileAttributes.ReparsePoint,
                        IgnoreInaccessible = true,
                    })
                    .Sum(file => file.Exists ? file.Length : 0)
                : 0;
        }
        catch (IOException)
        {
            // git moves files while they are counted.
            return 0;
        }
    }

    [GeneratedRegex("error: 30[0-9]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RedirectedTo();
}

using System.Net.Sockets;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Git;

/// <summary>What one call of git may use: bytes of its checkout, and time.</summary>
internal sealed record GitLimits(long Bytes, TimeSpan Time);

/// <summary>One call of git.</summary>
/// <param name="What">For messages: <c>the clone of URL</c>.</param>
/// <param name="Checkout">A folder that is there; all that git may write to, beside its home.</param>
/// <param name="View">Who git is in the sandbox, with a home that nobody else writes to.</param>
internal sealed record GitCall(string What, string Checkout, SandboxView View, IReadOnlyList<string> Arguments)
{
    /// <summary>The one server or folder that it may reach; null: none.</summary>
    public Uri? Remote { get; init; }

    /// <summary>Answers what that server asks; null: nothing does.</summary>
    public CloneAskpass? Askpass { get; init; }

    public GitLimits Limits { get; init; } = new(CloneRepository.MaxBytes, TimeSpan.FromMinutes(1));
}

/// <summary>
/// Runs git without trusting what it reads: in the sandbox, with no configuration but what stands here, no hooks, no redirects, and only to
/// addresses that outgoing requests may reach.
/// </summary>
internal sealed class SandboxedGit(
    OutgoingOptions options, OutgoingNetworks networks, CodespaceTools tools, Firewall firewall, ISandbox sandbox, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>Whether git may be handed this URL.</summary>
    /// <exception cref="FaultException">It may not.</exception>
    public Uri Check(string url)
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

    /// <param name="said">Told each line of git's error output.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="FaultException">It could not be run, or became too large or too slow.</exception>
    public async Task<ToolResult> RunAsync(GitCall call, Action<string> said, CancellationToken cancellationToken)
    {
        var home = call.View.Home ?? throw new ArgumentException("git needs a home", nameof(call));
        var pins = await PinAsync(call.Remote, cancellationToken);
        await using var guard = pins is null ? null : await firewall.GuardAsync(cancellationToken);
        using var tooLarge = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var done = new CancellationTokenSource();
        var watching = WatchSizeAsync(call.Checkout, call.Limits.Bytes, tooLarge, done.Token);
        try
        {
            return await sandbox.RunAsync(
                View(call), tools.Git(), [.. Configuration(call.Remote, pins), .. call.Arguments],
                Environment(home, GlobalConfiguration(call.Remote, home), call.Askpass), home, said, call.Limits.Time, tooLarge.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FaultException(FaultKind.Repository, $"{call.What} is larger than {call.Limits.Bytes >> 30} GiB");
        }
        catch (TimeoutException exception)
        {
            throw new FaultException(FaultKind.Repository, $"{call.What} failed: {exception.Message}", exception);
        }
        finally
        {
            await done.CancelAsync();
            await watching;
        }
    }

    private SandboxView View(GitCall call) => call.View with
    {
        Writable = [.. call.View.Writable, call.Checkout],
        ReadOnly =
        [
            .. call.View.ReadOnly,
            .. call.Remote is { Scheme: "file" } uri && Directory.Exists(uri.LocalPath) ? new[] { Path.GetFullPath(uri.LocalPath) } : [],
            .. string.IsNullOrEmpty(options.CaFile) ? [] : new[] { Path.GetFullPath(options.CaFile) },
            .. call.Askpass?.Paths ?? [],
        ],
        Network = call.Remote is { Scheme: not "file" },
    };

    /// <summary>
    /// The addresses that were checked are the ones that git connects to; a second look-up of the name could answer otherwise.
    /// </summary>
    private async Task<string?> PinAsync(Uri? uri, CancellationToken cancellationToken)
    {
        if (uri is null or { Scheme: "file" })
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

    private List<string> Configuration(Uri? uri, string? pins)
    {
        List<string> settings =
        [
            "protocol.allow=never", .. uri is null ? [] : new[] { $"protocol.{uri.Scheme}.allow=always" },
            "core.hooksPath=/dev/null", "core.fsmonitor=false", "credential.helper=",
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
    private static string GlobalConfiguration(Uri? uri, string home)
    {
        if (uri is not { Scheme: "file" })
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
            ["GIT_TEMPLATE_DIR"] = "",
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
}

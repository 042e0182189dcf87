using System.Net.Sockets;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Git;

/// <summary>The limits of one call of git: the bytes of its checkout, and time.</summary>
internal sealed record GitLimits(long Bytes, TimeSpan Time);

/// <summary>One call of git.</summary>
/// <param name="What">What it does, for messages: <c>the clone of URL</c>.</param>
/// <param name="Checkout">An existing folder. Git may write only there and in its home.</param>
/// <param name="View">The user that git is in the sandbox, with a home that nobody else writes to.</param>
internal sealed record GitCall(string What, string Checkout, SandboxView View, IReadOnlyList<string> Arguments)
{
    /// <summary>The one server or folder that it may reach; null: none.</summary>
    public Uri? Remote { get; init; }

    /// <summary>Answers that server's question for a login. Null: there is no login.</summary>
    public CloneAskpass? Askpass { get; init; }

    public GitLimits Limits { get; init; } = new(CloneRepository.MaxBytes, TimeSpan.FromMinutes(1));
}

/// <summary>
/// Runs git without trusting what it reads: in the sandbox, with only the configuration given here, without hooks and redirects, and only
/// to addresses that outgoing requests may reach.
/// </summary>
internal sealed class SandboxedGit(
    OutgoingOptions options, OutgoingNetworks networks, CodespaceTools tools, Firewall firewall, ISandbox sandbox, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>Checks that git may be given this URL.</summary>
    /// <exception cref="FaultException">Git may not be given it.</exception>
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

    /// <param name="said">Called with each line of git's error output.</param>
    /// <returns>Git's exit code and output.</returns>
    /// <exception cref="FaultException">Git could not be run, or its checkout became too large, or it took too long.</exception>
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
    /// Makes git connect to the addresses that were checked. If git looked the name up again, it could get other addresses.
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
    /// The global configuration for a folder of this machine. Its owner does not matter, since a site administrator named it. This must be
    /// a file, because git does not pass -c settings on to the process that reads the folder.
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

using System.Diagnostics;
using System.Globalization;
using Berth.Client;
using Berth.Client.Wire;

namespace Berth.Bench.Rows;

/// <summary>
/// The time from the request for a codespace until people can work in its container, when the engine has the image already. The peer is
/// <c>git clone</c> and <c>devcontainer up</c> by hand, with the same repository, image and engine. Needs root, as codespaces do.
/// </summary>
internal class CodespaceRow : Row
{
    private const string Organization = "bench-codespace";
    protected const string Repository = Organization + "/app";
    private BerthServer? _berth;
    private BerthClient? _client;

    protected BerthClient Client => _client ?? throw new InvalidOperationException("not prepared");

    protected string Source => Path.Combine(_folder, "source");

    /// <summary>What devcontainer.json contains besides its image.</summary>
    protected virtual string Commands => """ "postCreateCommand": "echo made > made.txt" """;

    private string _folder = "";
    private string _image = "";

    public override string Name => "codespace";

    public override string Work => "codespace start, image on the engine";

    public override string Unit => "s";

    public override double Target => 0.8;

    public override bool AtMost => true;

    public override string Peer => "git clone and devcontainer up";

    public override async Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _folder = Directory.CreateDirectory(Path.Combine(options.Work, "codespace")).FullName;
        _berth = new BerthServer(Path.Combine(options.Work, "codespace-berth"), options.ServerDll, "BERTH_ALLOW_FILE_CLONE=true");
        await _berth.StartAsync(cancellationToken);
        _client = new BerthClient(new Uri(_berth.Url), _berth.AdminToken);
        _image = $"127.0.0.1:{_berth.Port}/{Organization}/dev:1";
        await _client.CreateOrganizationAsync(new NewOrganization { Login = Organization, Admin = "admin" }, cancellationToken);
        await RunAsync(
            "skopeo",
            [
                "copy", "--dest-tls-verify=false", "--dest-creds", "admin:" + _berth.AdminToken,
                $"oci:{options.Root}/.cache/images/busybox:latest", "docker://" + _image,
            ],
            cancellationToken);

        var source = await SourceAsync(cancellationToken);
        await _client.CreateRepositoryAsync(
            Organization, new RepositoryChange { Name = "app", Visibility = "private", CloneUrl = new Uri(source).AbsoluteUri },
            cancellationToken);
        await _client.GrantAsync(new PackageReference(Organization, "container", "dev"), "codespaces", Repository, null, cancellationToken);

        // Puts the image on the engine, under the digest that Berth uses and under the tag that is used by hand.
        await StartAsync(new NewCodespace(), cancellationToken);
        await RunAsync("docker", ["--config", LoginFolder(), "pull", "--quiet", _image], cancellationToken);
        await PreparePeerAsync(cancellationToken);
    }

    protected virtual async Task PreparePeerAsync(CancellationToken cancellationToken) => await MeasurePeerAsync(-1, cancellationToken);

    public override Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken) =>
        StartAsync(new NewCodespace(), cancellationToken);

    /// <summary>The seconds until people can work in it.</summary>
    protected async Task<double> StartAsync(NewCodespace wanted, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var codespace = await Client.CreateCodespaceAsync(Repository, wanted, cancellationToken);
        await UntilAsync(codespace, "Available", cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        await DeleteAsync(codespace.Name, cancellationToken);
        return seconds;
    }

    /// <summary>The pause between two requests for the state.</summary>
    protected virtual TimeSpan Pause => TimeSpan.FromMilliseconds(10);

    protected async Task UntilAsync(Codespace codespace, string state, CancellationToken cancellationToken)
    {
        while (codespace.State != state)
        {
            await Task.Delay(Pause, cancellationToken);
            codespace = await Client.CodespaceAsync(codespace.Name, cancellationToken);
            if (codespace.State == "Failed")
            {
                throw new InvalidOperationException($"the codespace failed: {codespace.Failure}");
            }
        }
    }

    public override async Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken)
    {
        var work = Path.Combine(_folder, "app");
        var label = string.Create(CultureInfo.InvariantCulture, $"berth.bench={_berth!.Port}");
        var begin = Stopwatch.GetTimestamp();
        await RunAsync("git", ["clone", "--quiet", new Uri(Path.Combine(_folder, "source")).AbsoluteUri, work], cancellationToken);
        await RunAsync("devcontainer", ["up", "--workspace-folder", work, "--id-label", label], cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        var container = (await RunAsync("docker", ["ps", "--all", "--quiet", "--filter", "label=" + label], cancellationToken)).Trim();
        await RunAsync("docker", ["rm", "--force", "--volumes", container], cancellationToken);
        Directory.Delete(work, recursive: true);
        return seconds;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_image.Length > 0)
        {
            // Remove it by name, since something else may use the image itself.
            var names = await RunAsync(
                "docker",
                [
                    "images", "--digests", "--format", "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}", "--filter",
                    $"reference=127.0.0.1:{_berth!.Port}/*/*",
                ],
                CancellationToken.None);
            foreach (var name in names.Split(['\n', ' '], StringSplitOptions.RemoveEmptyEntries)
                .Where(name => !name.Contains("<none>", StringComparison.Ordinal))
                .Distinct())
            {
                await RunAsync("docker", ["rmi", name], CancellationToken.None, mayFail: true);
            }
        }

        _client?.Dispose();
        await (_berth?.DisposeAsync() ?? ValueTask.CompletedTask);
        if (_folder.Length > 0)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>A repository as small as a template, so that the start is measured and not the clone.</summary>
    private async Task<string> SourceAsync(CancellationToken cancellationToken)
    {
        var source = Directory.CreateDirectory(Path.Combine(_folder, "source")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(source, ".devcontainer.json"),
            $$"""{ "image": "{{_image}}", {{Commands}}, "waitFor": "postCreateCommand" }""",
            cancellationToken);
        await RunAsync("git", ["init", "--quiet", "--initial-branch=main", source], cancellationToken);
        await RunAsync("git", ["-C", source, "add", "--all"], cancellationToken);
        await RunAsync(
            "git", ["-C", source, "-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "--quiet", "--message", "first"],
            cancellationToken);
        return source;
    }

    private string LoginFolder()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "login")).FullName;
        var login = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("admin:" + _berth!.AdminToken));
        File.WriteAllText(
            Path.Combine(folder, "config.json"), $$"""{ "auths": { "127.0.0.1:{{_berth.Port}}": { "auth": "{{login}}" } } }""");
        return folder;
    }

    protected async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await _client!.DeleteCodespaceAsync(name, cancellationToken);
        while (Directory.Exists(Path.Combine(_berth!.Folder, "data", "codespaces", name)))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        }
    }

    /// <summary>Returns what the program printed. Throws with its errors when it fails.</summary>
    protected static async Task<string> RunAsync(
        string program, string[] arguments, CancellationToken cancellationToken, bool mayFail = false)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            })!;
        var (output, errors) = (
            process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 || mayFail
            ? await output
            : throw new InvalidOperationException($"{program} {arguments[0]} ends with {process.ExitCode}: {await errors}");
    }
}

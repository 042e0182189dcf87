using System.Text;
using Berth.Server.Codespaces.Networks;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// Many starts, one after another and at once. Nothing stays behind that should not be there, and no secret is seen anywhere.
/// </summary>
public sealed class ManyStartsTests
{
    private const int AtOnce = 8;
    private const string Value = "s3cret-value-of-many-starts";

    /// <summary>The codespaces' own tokens, of every start.</summary>
    private readonly List<string> _tokens = [];

    [Fact]
    public async Task Many_starts_leave_nothing_behind_and_no_secret_anywhere()
    {
        await using var server = await ServerProcess.StartAsync("codespaces-many", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var plain = await world.RepositoryAsync(
            "app",
            (
                ".devcontainer.json",
                $$"""{ "image": "{{image}}", "remoteUser": "dev", "postStartCommand": "echo $MY_SECRET >> starts.txt" }"""));
        var built = await world.RepositoryAsync(
            "built",
            ("Dockerfile", $"FROM {image}\nRUN echo made > /made\n"),
            (
                ".devcontainer.json",
                """{ "build": { "dockerfile": "Dockerfile" }, "remoteUser": "dev", "postCreateCommand": "test -f /made && test -n \"$MY_SECRET\"" }"""));
        await world.GrantAsync("dev", plain);
        await world.GrantAsync("dev", built);
        await world.SecretAsync(built, "MY_SECRET", Value);
        var before = await LeftAsync(server);
        var watch = ProcessArguments.Watch("cmdline");
        StringBuilder seen = new();

        seen.Append(await InARowAsync(world, plain));
        seen.Append(await AtOnceAsync(world, built));

        seen.Append(await watch.EndAsync());
        Assert.Contains("devcontainer", seen.ToString(), StringComparison.Ordinal);
        seen.Append(await File.ReadAllTextAsync(server.LogFile, TestContext.Current.CancellationToken));
        seen.Append(await FilesAsync(server.Data));
        foreach (var secret in _tokens.Append(Value).Append(Convert.ToBase64String(Encoding.UTF8.GetBytes(Value))[..32]))
        {
            var at = seen.ToString().IndexOf(secret, StringComparison.Ordinal);
            Assert.True(
                at < 0, $"{secret} is seen: {seen.ToString()[Math.Max(0, at - 300)..Math.Min(seen.Length, Math.Max(0, at) + 200)]}");
        }

        Assert.Equal(before, await LeftAsync(server));
    }

    /// <summary>
    /// Starts and stops one codespace many times, each time with another secret. Returns what was seen of it from outside.
    /// </summary>
    private async Task<string> InARowAsync(CodespaceWorld world, string repository)
    {
        StringBuilder seen = new();
        await world.SecretAsync(repository, "MY_SECRET", Value + 0);
        var name = (await world.CreateAsync(repository)).Is("Available").Name;
        for (var i = 1; i < TestSettings.CodespaceStarts; i++)
        {
            (await world.StopAsync(name)).Is("Shutdown");
            await world.SecretAsync(repository, "MY_SECRET", Value + i);
            seen.Append((await world.StartAsync(name)).Is("Available").Log);
            Assert.Single(await world.ContainersAsync(name));
            await TokenAsync(world, name);
        }

        var starts = Enumerable.Range(0, TestSettings.CodespaceStarts).Select(i => Value + i + "\n");
        Assert.Equal(string.Concat(starts), (await world.ExecAsync(name, "cat starts.txt")).Output);
        await world.ExecAsync(name, "rm starts.txt");
        seen.Append(await EngineKnowsAsync(world, [name]));
        await world.DeleteAsync(name);
        return seen.ToString();
    }

    private async Task<string> AtOnceAsync(CodespaceWorld world, string repository)
    {
        var names = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => world.BeginAsync(repository)));
        var started = await Task.WhenAll(names.Select(world.SettledAsync));
        Assert.All(started, one => one.Is("Available"));
        foreach (var name in names)
        {
            await TokenAsync(world, name);
        }

        var seen = string.Concat(started.Select(one => one.Log)) + await EngineKnowsAsync(world, names);
        await Task.WhenAll(names.Select(world.StopAsync));
        await Task.WhenAll(names.Take(AtOnce / 2).Select(world.StartAsync));

        // Some are deleted while they run, and some while they are stopped.
        await Task.WhenAll(names.Select(world.DeleteAsync));
        return seen;
    }

    private async Task TokenAsync(CodespaceWorld world, string name)
    {
        var token = (await world.ExecAsync(name, "printf %s $GITHUB_TOKEN")).Output;
        Assert.StartsWith("berthc_", token, StringComparison.Ordinal);
        _tokens.Add(token);
    }

    /// <summary>What the engine tells about containers, their output and files, and the history of their images.</summary>
    private static async Task<string> EngineKnowsAsync(CodespaceWorld world, IEnumerable<string> codespaces)
    {
        StringBuilder all = new();
        foreach (var container in (await Task.WhenAll(codespaces.Select(world.ContainersAsync))).SelectMany(ids => ids))
        {
            foreach (var ask in new[] { "inspect", "logs", "diff", "top" })
            {
                all.Append((await new Command("docker").RunAsync(ask, container)).All);
            }

            var image = (await new Command("docker").RunAsync("inspect", "--format", "{{.Image}}", container)).Line;
            all.Append((await new Command("docker").RunAsync("history", "--no-trunc", image)).Text);
            all.Append((await new Command("docker").RunAsync("inspect", image)).Text);
        }

        return all.ToString();
    }

    /// <summary>Everything on the machine that belongs to this server's codespaces, one line each.</summary>
    private static async Task<string> LeftAsync(ServerProcess server)
    {
        var host = (await File.ReadAllTextAsync(Path.Combine(server.Data, "codespaces-host"), TestContext.Current.CancellationToken))
            .Trim();
        List<string> left = [];
        async Task AskAsync(string program, params string[] arguments) =>
            left.AddRange(
                (await new Command(program).RunAsync(arguments)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => $"{program} {arguments[0]}: {line}"));
        await AskAsync("docker", "ps", "--all", "--quiet", "--filter", "label=berth.host=" + host);
        await AskAsync("docker", "network", "ls", "--quiet", "--filter", "label=berth.host=" + host);
        await AskAsync("docker", "volume", "ls", "--quiet", "--filter", "label=berth.host=" + host);
        var built = (await new Command("docker")
            .RunAsync("images", "--all", "--filter", "label=berth.repository", "--format", "{{.ID}}")).Text.Split(
            '\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var image in built.Distinct())
        {
            // An image of another test's server may be gone by now.
            var label = (await new Command("docker")
                .TryAsync(null, "inspect", "--format", "{{index .Config.Labels \"berth.repository\"}}", image)).Line;
            if (label.StartsWith(host + "/", StringComparison.Ordinal))
            {
                left.Add("image " + image);
            }
        }

        left.AddRange(File.ReadLines("/proc/self/mounts").Where(mount => mount.Contains(server.Data, StringComparison.Ordinal)));
        left.AddRange(
            Directory.EnumerateFiles(
                "/sys/block", "backing_file",
                new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2, IgnoreInaccessible = true })
                .Select(ReadIfThere).Where(file => file.Contains(server.Data, StringComparison.Ordinal)));
        left.AddRange(Directory.EnumerateDirectories(Path.GetTempPath(), $"berth-gate-{host[..8]}-*"));
        left.AddRange(Directory.EnumerateFileSystemEntries(Directory.CreateDirectory(Path.Combine(server.Data, "codespaces")).FullName));
        left.AddRange(
            Directory.EnumerateFileSystemEntries("/sys/class/net")
                .Where(path => Path.GetFileName(path).StartsWith("bt" + Firewall.Mark(host), StringComparison.Ordinal)));
        return string.Join('\n', left);
    }

    /// <summary>A loop device of another test may go while its file is read.</summary>
    private static string ReadIfThere(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>The server's own files: database, logs, registry. Workspaces are gone by now.</summary>
    private static async Task<string> FilesAsync(string data)
    {
        StringBuilder all = new();
        foreach (var file in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories)
            .Where(file => new FileInfo(file) is { Name: not "lock", Length: < 64 << 20 }))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            all.Append(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        return all.ToString();
    }
}

using System.Formats.Tar;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Client;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// An organization with repositories to clone and images that differ from all others, and ada, who may write to the repositories. What its
/// codespaces leave on the engine is removed with it.
/// </summary>
internal sealed class CodespaceWorld : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _codespaces = [];

    private CodespaceWorld(ServerProcess server, string organization, Person ada)
    {
        Server = server;
        Organization = organization;
        Ada = ada;
        Api = ada.Api();
    }

    public ServerProcess Server { get; }

    public string Organization { get; }

    public Person Ada { get; }

    public HttpClient Api { get; }

    public static async Task<CodespaceWorld> CreateAsync(ServerProcess server)
    {
        foreach (var program in new[] { "docker", "git", "skopeo", "devcontainer" })
        {
            Requirement.Program(program);
        }

        Requirement.Root();
        Requirement.That((await new Command("docker").TryAsync(null, "version")).ExitCode == 0, "no container engine answers");
        var organization = Accounts.Unique("acme");
        await Accounts.PostAsync(server.Admin, "/api/v3/admin/organizations", new { login = organization, admin = "admin" });
        return new CodespaceWorld(server, organization, await server.UserAsync("ada"));
    }

    /// <summary>
    /// Makes a private repository with these files, which is cloned from a folder of this machine. A file is executable if its path ends
    /// with <c>!</c>.
    /// </summary>
    public async Task<string> RepositoryAsync(string name, params (string Path, string Content)[] files)
    {
        var folder = _folder.Create(name);
        var git = new Command("git", "-C", folder, "-c", "user.name=ada", "-c", "user.email=ada@example.com");
        await git.RunAsync("init", "--quiet", "--initial-branch=main");
        await CommitAsync(name, files);
        await Accounts.PostAsync(
            Server.Admin, $"/api/v3/orgs/{Organization}/repos",
            new { name, visibility = "private", clone_url = new Uri(folder).AbsoluteUri });
        await PutAsync($"/api/v3/repos/{Organization}/{name}/collaborators/{Ada.Login}", new { permission = "write" });
        return $"{Organization}/{name}";
    }

    public string FolderOf(string repository) => _folder[repository];

    public async Task CommitAsync(string repository, params (string Path, string Content)[] files)
    {
        foreach (var (path, content) in files)
        {
            var file = Path.Combine(_folder[repository], path.TrimEnd('!'));
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
            if (path.EndsWith('!'))
            {
                File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
            }
        }

        var git = new Command("git", "-C", _folder[repository], "-c", "user.name=ada", "-c", "user.email=ada@example.com");
        await git.RunAsync("add", "--all");
        await git.RunAsync("commit", "--quiet", "--message", "change");
    }

    /// <summary>Pushes a private image that differs from all others, with these labels. Returns its reference.</summary>
    public Task<string> ImageAsync(string name, params (string Name, string Value)[] labels) => ImageAsync(name, null, labels);

    /// <param name="layer">A tar archive for a layer on top. Null: no layer is added.</param>
    public async Task<string> ImageAsync(string name, string? layer, params (string Name, string Value)[] labels)
    {
        var layout = await LabelledImage.CreateAsync(
            _folder.Create("image-" + name), [.. labels, ("test.unique", RandomNumberGenerator.GetHexString(16))], layer: layer);
        var reference = $"{Server.Images}/{Organization}/{name}:1";
        await Server.Program("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", "admin:" + ServerProcess.AdminToken)
            .RunAsync($"oci:{layout}:latest", "docker://" + reference);
        return reference;
    }

    /// <summary>An image of amd64 and arm64, which have the name of their processor in <c>/etc/platform</c>.</summary>
    public async Task<string> ImageOfTwoPlatformsAsync(string name)
    {
        using var registry = new RawRegistry(Server.Client(ServerProcess.AdminToken), $"{Organization}/{name}");
        List<string> entries = [];
        foreach (var architecture in new[] { "amd64", "arm64" })
        {
            var files = _folder.Create($"files-{name}-{architecture}");
            Directory.CreateDirectory(Path.Combine(files, "etc"));
            await File.WriteAllTextAsync(Path.Combine(files, "etc", "platform"), architecture + "\n");
            var layer = files + ".tar";
            await TarFile.CreateFromDirectoryAsync(files, layer, includeBaseDirectory: false);
            var layout = await LabelledImage.CreateAsync(
                _folder.Create($"image-{name}-{architecture}"), [("test.unique", RandomNumberGenerator.GetHexString(16))], architecture,
                layer);
            await Server.Program("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", "admin:" + ServerProcess.AdminToken)
                .RunAsync($"oci:{layout}:latest", $"docker://{Server.Images}/{Organization}/{name}:{architecture}");
            var manifest = await registry.GetManifestAsync(architecture, TestContext.Current.CancellationToken);
            var entry = JsonNode.Parse(RawRegistry.Descriptor(RawRegistry.ManifestType, manifest))!;
            entry["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = architecture };
            entries.Add(entry.ToJsonString());
        }

        var index = $$"""{"schemaVersion":2,"mediaType":"{{RawRegistry.IndexType}}","manifests":[{{string.Join(',', entries)}}]}""";
        await registry.PutManifestAsync("1", Encoding.UTF8.GetBytes(index), RawRegistry.IndexType, TestContext.Current.CancellationToken);
        return $"{Server.Images}/{Organization}/{name}:1";
    }

    /// <summary>
    /// Publishes features with the dev container tools. NAME in their description stands for what is returned: registry, owner and
    /// <c>features</c>.
    /// </summary>
    public async Task<string> PublishFeaturesAsync(params (string Id, string Metadata, string Script)[] features)
    {
        var names = $"{Server.Host}/{Organization}/features";
        var folder = _folder.Create("features");
        foreach (var (id, metadata, script) in features)
        {
            Directory.CreateDirectory(Path.Combine(folder, id));
            await File.WriteAllTextAsync(
                Path.Combine(folder, id, "devcontainer-feature.json"), metadata.Replace("NAME", names, StringComparison.Ordinal),
                TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, id, "install.sh"), script, TestContext.Current.CancellationToken);
        }

        await new Command("env", $"DEVCONTAINERS_OCI_AUTH={Server.Host}|admin|{ServerProcess.AdminToken}", "devcontainer")
            .RunAsync("features", "publish", "--registry", Server.Host, "--namespace", Organization + "/features", folder);
        return names;
    }

    public Task GrantAsync(string image, string repository) =>
        PutAsync($"/api/v3/orgs/{Organization}/packages/container/{image}/access/codespaces/{repository}", new { });

    public async Task WithdrawAsync(string image, string repository)
    {
        using var response = await Server.Admin.DeleteAsync(
            new Uri($"/api/v3/orgs/{Organization}/packages/container/{image}/access/codespaces/{repository}", UriKind.Relative),
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    /// <summary>Adds a codespace that was made in another way, so that what it leaves is removed as well.</summary>
    public void Owns(string codespace) => _codespaces.Add(codespace);

    /// <summary>Creates a codespace. Returns its name while it starts.</summary>
    public async Task<string> BeginAsync(string repository, object? body = null)
    {
        var created = await Accounts.PostAsync(Api, $"/api/v3/repos/{repository}/codespaces", body ?? new { });
        Assert.Equal("Queued", created.GetProperty("state").GetString());
        var name = created.GetProperty("name").GetString()!;
        _codespaces.Add(name);
        return name;
    }

    /// <summary>Creates a codespace and waits for the end of its start.</summary>
    public async Task<Started> CreateAsync(string repository, object? body = null) =>
        await SettledAsync(await BeginAsync(repository, body));

    public async Task<Started> StartAsync(string name)
    {
        await Accounts.PostAsync(Api, $"/api/v3/user/codespaces/{name}/start", new { });
        return await SettledAsync(name);
    }

    public async Task<Started> StopAsync(string name)
    {
        await Accounts.PostAsync(Api, $"/api/v3/user/codespaces/{name}/stop", new { });
        return await SettledAsync(name);
    }

    /// <summary>Follows the creation log to its end, which comes when nothing more happens.</summary>
    public async Task<Started> SettledAsync(string name)
    {
        var log = await Patience.WithinAsync(
            token => Api.GetStringAsync(
                new Uri($"/api/v3/user/codespaces/{name}/creation-log?follow=true&attempt=latest", UriKind.Relative), token),
            async () => $"{name} settles:\n{await LogAsync(name)}");
        var codespace = await Api.GetFromJsonAsync<JsonElement>($"/api/v3/user/codespaces/{name}", TestContext.Current.CancellationToken);
        return new Started(
            name, codespace.GetProperty("state").GetString()!,
            codespace.TryGetProperty("failure", out var failure) ? failure.GetString() : null, log);
    }

    /// <summary>Runs a shell command in the codespace. Returns its output and its exit code.</summary>
    public async Task<(string Output, int ExitCode)> ExecAsync(string name, string command)
    {
        using var response = await Api.PostAsJsonAsync(
            $"/api/v3/user/codespaces/{name}/exec", new { command = new[] { "sh", "-c", command } }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var output = new System.Text.StringBuilder();
        var code = -1;
        await Berth.Server.Codespaces.Engine.EngineFrames.ReadAsync(
            await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken),
            (stream, piece) =>
            {
                var text = System.Text.Encoding.UTF8.GetString(piece.Span);
                if (stream == 3)
                {
                    code = (int)JsonNode.Parse(text)!["exit_code"]!;
                }
                else
                {
                    output.Append(text);
                }

                return Task.CompletedTask;
            },
            TestContext.Current.CancellationToken);
        return (output.ToString(), code);
    }

    public async Task<string[]> ContainersAsync(string name) =>
        (await new Command("docker").RunAsync("ps", "--all", "--quiet", "--filter", "label=berth.codespace=" + name)).Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Deletes the codespace and waits until its files are gone.</summary>
    public async Task DeleteAsync(string name)
    {
        using var deleted = await Api.DeleteAsync(
            new Uri("/api/v3/user/codespaces/" + name, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        await UntilDeletedAsync(name);
    }

    public Task UntilDeletedAsync(string name) =>
        Patience.UntilAsync(() => !Directory.Exists(Path.Combine(Server.Data, "codespaces", name)), $"the files of {name} are deleted");

    public async Task<string> LogAsync(string name) =>
        await Api.GetStringAsync(
            new Uri($"/api/v3/user/codespaces/{name}/creation-log", UriKind.Relative), TestContext.Current.CancellationToken);

    /// <summary>Waits for a line of the creation log.</summary>
    public Task UntilLogAsync(string name, string words) =>
        Patience.UntilAsync(
            async () => (await LogAsync(name)).Contains(words, StringComparison.Ordinal), $"the log of {name} says '{words}'");

    public Task UntilStateAsync(string name, string state) => Patience.UntilAsync(
        async () =>
            (await Api.GetFromJsonAsync<JsonElement>($"/api/v3/user/codespaces/{name}", TestContext.Current.CancellationToken))
                .GetProperty("state")
                .GetString() == state,
        $"{name} is {state}");

    /// <summary>Tries to run something in the codespace, and returns the reason why it cannot.</summary>
    public async Task<string> RefusedExecAsync(string name)
    {
        using var response = await Api.PostAsJsonAsync(
            $"/api/v3/user/codespaces/{name}/exec", new { command = new[] { "true" } }, TestContext.Current.CancellationToken);
        Assert.InRange((int)response.StatusCode, 400, 499);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Gives ada a secret for codespaces of the repository.</summary>
    public async Task SecretAsync(string repository, string name, string value)
    {
        using var client = new BerthClient(Server.Url, Ada.Token);
        var id = (await Api.GetFromJsonAsync<JsonElement>($"/api/v3/repos/{repository}", TestContext.Current.CancellationToken))
            .GetProperty("id")
            .GetInt64();
        var key = await client.SecretPublicKeyAsync(SecretLevel.User, TestContext.Current.CancellationToken);
        await client.SetSecretAsync(SecretLevel.User, name, value, key, null, [id], TestContext.Current.CancellationToken);
    }

    /// <summary>The names of the images that were built for a codespace.</summary>
    public async Task<string[]> BuiltAsync(string name) =>
        (await new Command("docker")
            .RunAsync("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", $"reference=berth.invalid/{name}/*")).Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public async Task PutAsync(string path, object body)
    {
        using var response = await Server.Admin.PutAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"PUT {path} answers {(int)response.StatusCode}");
    }

    public async Task PatchAsync(string path, object body)
    {
        using var response = await Server.Admin.PatchAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"PATCH {path} answers {(int)response.StatusCode}");
    }

    /// <summary>Removes all things of a kind at once, because a call of the docker client takes longer than what it asks for.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var name in _codespaces)
        {
            if (File.Exists(Path.Combine(Server.Data, "codespaces", name, "docker.json")))
            {
                // The codespace's own engine ends in no other way.
                await DeleteAsync(name);
            }
        }

        await RemoveOwnAsync(["rm", "--force", "--volumes"], "ps", "--all", "--format", "{{.ID}} {{.Label \"berth.codespace\"}}");
        await RemoveOwnAsync(["network", "rm"], "network", "ls", "--format", "{{.Name}} {{.Name}}");
        await RemoveOwnAsync(["volume", "rm", "--force"], "volume", "ls", "--format", "{{.Name}} {{.Label \"berth.codespace\"}}");
        await RemoveOwnAsync(
            ["rmi", "--force"], "images", "--format", "{{.Repository}}:{{.Tag}} {{.Repository}}", "--filter",
            "reference=berth.invalid/*/*");
        await RemoveImagesAsync();
        Api.Dispose();
        _folder.Dispose();
    }

    /// <param name="list">Lists lines with an id and the codespace that it belongs to. The codespace is named alone or within another
    /// name.</param>
    private async Task RemoveOwnAsync(string[] remove, params string[] list)
    {
        var docker = new Command("docker");
        var own = (await docker.RunAsync(list)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', 2))
            .Where(line => _codespaces.Contains(CodespaceOf(line[1]), StringComparer.Ordinal))
            .Select(line => line[0])
            .ToArray();
        if (own.Length > 0)
        {
            await docker.TryAsync(null, [.. remove, .. own]);
        }

        static string CodespaceOf(string text) =>
            text.StartsWith("berth.invalid/", StringComparison.Ordinal) ? text.Split('/')[1]
            : text.StartsWith("berth-", StringComparison.Ordinal) ? text["berth-".Length..]
            : text;
    }

    /// <summary>Removes the images that were pulled from the organization.</summary>
    public async Task RemoveImagesAsync()
    {
        var docker = new Command("docker");
        var images = (await docker.RunAsync("images", "--quiet", "--filter", $"reference={Server.Images}/{Organization}/*")).Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().ToArray();
        if (images.Length > 0)
        {
            await docker.TryAsync(null, ["rmi", "--force", .. images]);
        }
    }
}

/// <summary>A codespace whose start has ended.</summary>
internal sealed record Started(string Name, string State, string? Failure, string Log)
{
    public Started Is(string state)
    {
        Assert.True(State == state, $"{Name} is {State}, not {state}:\n{Log}");
        return this;
    }

    public Started Says(params string[] words)
    {
        foreach (var word in words)
        {
            Assert.Contains(word, Log, StringComparison.Ordinal);
        }

        return this;
    }
}

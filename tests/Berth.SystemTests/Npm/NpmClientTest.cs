using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Npm;

/// <summary>The beginning of tests of npm's clients: ada, her organization, and her npm.</summary>
public abstract class NpmClientTest(SharedServer shared) : IAsyncLifetime
{
    private Person? _person;
    private NpmClient? _ada;

    internal static CancellationToken Token => TestContext.Current.CancellationToken;

    internal ServerProcess Server => shared.Process;

    internal TemporaryFolder Folder { get; } = new();

    internal Person Person => _person!;

    /// <summary>The organization's login.</summary>
    internal string Acme { get; private set; } = "";

    /// <summary>This machine's npm, as ada uses it.</summary>
    internal NpmClient Ada => _ada!;

    internal string Lib => Named("lib");

    public async ValueTask InitializeAsync()
    {
        _person = await Server.UserAsync("ada");
        Acme = await _person.OrganizationAsync("acme");
        _ada = Client("ada", _person.Token);
    }

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>The full name of a package of the organization.</summary>
    internal string Named(string name) => $"@{Acme}/{name}";

    /// <param name="token">Null: nobody is signed in.</param>
    internal NpmClient Client(string name, string? token, string version = NpmClient.Usual) =>
        new(Folder, Server, name, Acme, token) { Version = version };

    internal async Task OpenAsync(string name)
    {
        using var api = Person.Api();
        using var opened = await api.PatchAsJsonAsync(
            $"/api/v3/orgs/{Acme}/packages/npm/{name}", new { visibility = "public" }, Token);
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
    }

    /// <summary>The entries of a project's lock file, by the folder of each.</summary>
    internal static async Task<JsonObject> LockAsync(string project) =>
        JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(project, "package-lock.json"), Token))!
            ["packages"]!.AsObject();

    /// <summary>npm prints a list with one entry as that entry. The newest npm prints a single thing as a list.</summary>
    internal static string[] Strings(JsonElement versions) => versions.ValueKind == JsonValueKind.String
        ? [versions.GetString()!]
        : [.. versions.EnumerateArray().Select(one => one.GetString()!)];
}

using System.Security.Cryptography;
using Berth.Client;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// A Berth that may reach this machine, and two other registries with private images. One is docker-registry with a password file over
/// https. The other is a second Berth, which gives tokens.
/// </summary>
public sealed class PrivateRegistries : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _server;
    private ServerProcess? _other;
    private HtpasswdRegistry? _htpasswd;

    /// <summary>The Berth under test.</summary>
    public ServerProcess Server => _server!;

    internal HtpasswdRegistry Htpasswd => _htpasswd!;

    /// <summary>The image of repositories that name none. It is at the registry with a password file.</summary>
    public string DefaultImage => $"{Htpasswd.Host}/acme/default:1";

    /// <summary>The second Berth.</summary>
    public ServerProcess Other => _other!;

    /// <summary>A person who may read the second Berth's images.</summary>
    internal Person Bob { get; private set; } = null!;

    /// <summary>A person who has an account at the second Berth, but no right to its images.</summary>
    internal Person Eve { get; private set; } = null!;

    public string Organization { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _htpasswd = await HtpasswdRegistry.StartAsync();
        _other = await ServerProcess.StartAsync("second-berth");
        _server = await ServerProcess.StartAsync(
            "private-registries", null, "BERTH_ALLOW_FILE_CLONE=true", "BERTH_ALLOWED_NETWORKS=127.0.0.0/8,::1",
            $"BERTH_CA_FILE={_htpasswd.Certificate}", $"BERTH_DEFAULT_IMAGE={DefaultImage}");
        await Htpasswd.PushAsync(await LabelledImage.CreateAsync(_folder.Create("default"), [("test.default", "1")]), "acme/default:1");
        Bob = await _other.UserAsync("bob");
        Eve = await _other.UserAsync("eve");
        Organization = await Bob.OrganizationAsync("tools");
    }

    /// <summary>Pushes a private image that differs from all others to one of the registries: <c>htpasswd</c> or <c>berth</c>.</summary>
    internal async Task<string> ImageAsync(string registry, string? architecture = null)
    {
        var layout = await LabelledImage.CreateAsync(
            _folder.Create("image-" + RandomNumberGenerator.GetHexString(8)), [("test.unique", RandomNumberGenerator.GetHexString(16))],
            architecture);
        var name = $"dev-{RandomNumberGenerator.GetHexString(8, lowercase: true)}:1";
        if (registry == "htpasswd")
        {
            return await Htpasswd.PushAsync(layout, "acme/" + name);
        }

        var reference = $"{Other.Host}/{Organization}/{name}";
        await new Command("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", $"{Bob.Login}:{Bob.Token}")
            .RunAsync($"oci:{layout}:latest", "docker://" + reference);
        return reference;
    }

    /// <summary>Publishes a private feature at the second Berth, which writes its own name to <c>/NAME</c>. Returns its name.</summary>
    internal async Task<string> FeatureAsync(string id)
    {
        var folder = _folder.Create("feature-" + RandomNumberGenerator.GetHexString(8));
        var files = Directory.CreateDirectory(Path.Combine(folder, id)).FullName;
        var cancel = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(
            Path.Combine(files, "devcontainer-feature.json"), $$"""{ "id": "{{id}}", "version": "1.0.0", "name": "{{id}}" }""", cancel);
        await File.WriteAllTextAsync(Path.Combine(files, "install.sh"), $"#!/bin/sh\necho {id} > /{id}\n", cancel);
        await new Command("env", $"DEVCONTAINERS_OCI_AUTH={Other.Host}|{Bob.Login}|{Bob.Token}", "devcontainer")
            .RunAsync("features", "publish", "--registry", Other.Host, "--namespace", Organization + "/features", folder);
        return $"{Other.Host}/{Organization}/features/{id}:1";
    }

    /// <summary>The server, user and password of a login that may read the registry's images.</summary>
    public (string Server, string User, string Password) LoginOf(string registry) => registry == "htpasswd"
        ? ($"https://{Htpasswd.Host}/v2/", HtpasswdRegistry.User, HtpasswdRegistry.Password)
        : (Other.Host, Bob.Login, Bob.Token);

    /// <summary>Stores the three secrets of a set, as <c>berth secret set</c> does.</summary>
    /// <param name="level"><c>user</c>, <c>repository</c> or <c>organization</c>.</param>
    /// <param name="login">A null leaves that secret out.</param>
    internal static async Task StoreAsync(
        CodespaceWorld world, string level, string repository, (string? Server, string? User, string? Password) login,
        string visibility = "all", string prefix = "TEAM")
    {
        using var client = new BerthClient(world.Server.Url, level == "user" ? world.Ada.Token : ServerProcess.AdminToken);
        var owner = level switch
        {
            "user" => SecretLevel.User,
            "repository" => SecretLevel.Repository(repository),
            _ => SecretLevel.Organization(world.Organization),
        };
        var cancel = TestContext.Current.CancellationToken;
        List<long>? selected = level == "user" ? [(await client.RepositoryAsync(repository, cancel)).Id] : null;
        var key = await client.SecretPublicKeyAsync(owner, cancel);
        foreach (var (name, value) in new[] { ("SERVER", login.Server), ("USER", login.User), ("PASSWORD", login.Password) })
        {
            if (value is not null)
            {
                await client.SetSecretAsync(
                    owner, $"{prefix}_CONTAINER_REGISTRY_{name}", value, key, level == "organization" ? visibility : null, selected,
                    cancel);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The containers of these images are gone by now.
        foreach (var host in new[] { _htpasswd?.Host, _other?.Host }.OfType<string>())
        {
            await new Command("sh")
                .TryAsync(null, "-c", $"docker images --quiet --filter 'reference={host}/*/*' | sort -u | xargs -r docker rmi --force");
        }

        foreach (var started in new IAsyncDisposable?[] { _server, _other, _htpasswd })
        {
            await (started?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        _folder.Dispose();
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Npm;

/// <summary>A project that needs 200 packages.</summary>
public sealed class TreeTests(SharedServer shared) : NpmClientTest(shared)
{
    private string Hidden => Named("hidden");

    [Theory]
    [InlineData(NpmClient.Usual)]
    [InlineData(NpmClient.Newest)]
    public async Task It_is_installed_by_its_lock_file_byte_for_byte_and_what_is_private_with_the_token_alone(string npm)
    {
        var tree = new PackageTree(Acme);
        using var raw = new RawNpm(Person);
        await raw.PublishAsync(tree);
        var wanted = tree.Installed();
        Assert.InRange(wanted.Count, 240, 260);
        await raw.PublishAsync(new TreeVersion(Hidden, "1.0.0", new Dictionary<string, string>()), "restricted", Token);

        var ada = Client("ada", Person.Token, npm);
        var app = ada.Project();
        await ada.NpmAsync(app, "install", tree.Root);
        Assert.Equal(wanted, await LoadedAsync(ada, app, tree.Root));
        await EverythingIsLockedAsync(raw, app, [.. wanted]);

        // This needs no token and only the lock file.
        var nobody = Client("nobody", null, npm);
        var clean = await CopyAsync(app, nobody);
        await nobody.NpmAsync(clean, "ci");
        Assert.Equal(wanted, await LoadedAsync(nobody, clean, tree.Root));

        await ada.NpmAsync(app, "install", Hidden);
        await EverythingIsLockedAsync(raw, app, [.. wanted, $"{Hidden}@1.0.0"]);
        var again = await CopyAsync(app, ada);
        Directory.Delete(ada.Cache, recursive: true);
        await ada.NpmAsync(again, "ci");
        Assert.Equal(wanted, await LoadedAsync(ada, again, tree.Root));
        Assert.Equal([$"{Hidden}@1.0.0"], await LoadedAsync(ada, again, Hidden));
        var refused = (await nobody.RefusedAsync(await CopyAsync(app, nobody), "ci")).All;
        Assert.Contains("E401", refused, StringComparison.Ordinal);
        Assert.Contains("hidden-1.0.0.tgz", refused, StringComparison.Ordinal);

        // Bytes that differ from the locked ones are not installed.
        var file = Path.Combine(again, "package-lock.json");
        var locked = JsonNode.Parse(await File.ReadAllTextAsync(file, Token))!;
        var one = locked["packages"]![$"node_modules/{Named("p042")}"]!;
        one["integrity"] = locked["packages"]![$"node_modules/{Named("p044")}"]!["integrity"]!.GetValue<string>();
        await File.WriteAllTextAsync(file, locked.ToJsonString(), Token);
        Directory.Delete(ada.Cache, recursive: true);
        Assert.Contains("EINTEGRITY", (await ada.RefusedAsync(again, "ci")).All, StringComparison.Ordinal);
    }

    /// <summary>Checks that the lock file has exactly these packages, from this registry, with the published checksums.</summary>
    private async Task EverythingIsLockedAsync(RawNpm raw, string project, IReadOnlyList<string> wanted)
    {
        var locked = (await LockAsync(project)).Where(entry => entry.Key.Length > 0).ToList();
        var seen = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (path, entry) in locked)
        {
            var (name, version) = (path[(path.LastIndexOf("node_modules/", StringComparison.Ordinal) + 13)..], (string)entry!["version"]!);
            var resolved = (string)entry["resolved"]!;
            Assert.Equal($"{Server.Npm}{name}/-/{name.Split('/')[1]}-{version}.tgz", resolved);
            if (seen.Add($"{name}@{version}"))
            {
                var bytes = (await raw.GetAsync(new Uri(resolved), Token))!;
                Assert.Equal(
                    "sha512-" + Convert.ToBase64String(System.Security.Cryptography.SHA512.HashData(bytes)), (string)entry["integrity"]!);
            }
        }

        Assert.Equal(wanted.Order(StringComparer.Ordinal), seen);
    }

    /// <summary>The packages of the tree that a program really gets, by what each says about itself.</summary>
    private static async Task<IEnumerable<string>> LoadedAsync(NpmClient client, string project, string name) =>
        JsonSerializer.Deserialize<string[]>((await client.Node(project).RunAsync("-p", $"JSON.stringify(require('{name}'))")).Text)!
            .Order(StringComparer.Ordinal);

    private static async Task<string> CopyAsync(string project, NpmClient client)
    {
        var folder = client.Project();
        foreach (var file in new[] { "package.json", "package-lock.json" })
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder, file), await File.ReadAllTextAsync(Path.Combine(project, file), Token), Token);
        }

        return folder;
    }
}

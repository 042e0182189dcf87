using System.Text.Json;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Clients;

public sealed class SkopeoTests(SharedServer shared) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task An_image_is_copied_in_listed_inspected_copied_on_and_deleted()
    {
        var (skopeo, ada) = await SignedInAsync();
        var name = $"docker://{shared.Process.Host}/{ada.Login}/app";
        var layout = "oci:" + await BaseImage.LayoutAsync() + ":latest";

        await skopeo.RunAsync("copy", "--dest-tls-verify=false", layout, name + ":2.5");
        await skopeo.RunAsync("copy", "--src-tls-verify=false", "--dest-tls-verify=false", name + ":2.5", name + "/nested/deeply:latest");
        await skopeo.RunAsync("copy", "--src-tls-verify=false", name + "/nested/deeply:latest", "dir:" + _folder["copy"]);

        var digest = (await skopeo.RunAsync("inspect", "--format", "{{.Digest}}", layout)).Line;
        Assert.Equal(digest, (await skopeo.RunAsync("inspect", "--tls-verify=false", "--format", "{{.Digest}}", name + ":2.5")).Line);
        Assert.Equal(
            digest,
            RawRegistry.Digest(
                await File.ReadAllBytesAsync(Path.Combine(_folder["copy"], "manifest.json"), TestContext.Current.CancellationToken)));
        var tags = JsonSerializer.Deserialize<JsonElement>((await skopeo.RunAsync("list-tags", "--tls-verify=false", name)).Text);
        Assert.Equal(["2.5"], tags.GetProperty("Tags").EnumerateArray().Select(tag => tag.GetString()!));

        await skopeo.RunAsync("delete", "--tls-verify=false", name + ":2.5");
        await skopeo.RefusedAsync("inspect", "--tls-verify=false", name + ":2.5");
    }

    [Fact]
    public async Task Dockers_own_media_types_go_in_and_come_out_as_they_are()
    {
        var (skopeo, ada) = await SignedInAsync();
        var name = $"docker://{shared.Process.Host}/{ada.Login}/schema2:1";
        await skopeo.RunAsync(
            "copy", "--format", "v2s2", "--dest-tls-verify=false", "oci:" + await BaseImage.LayoutAsync() + ":latest", name);

        var manifest = JsonSerializer.Deserialize<JsonElement>(
            (await skopeo.RunAsync("inspect", "--raw", "--tls-verify=false", name)).Text);
        Assert.Equal("application/vnd.docker.distribution.manifest.v2+json", manifest.GetProperty("mediaType").GetString());
    }

    /// <summary>Push rules: a person who pushes over an immutable tag reads this.</summary>
    [Fact]
    public async Task A_push_over_an_immutable_tag_prints_the_rule_and_what_works_instead()
    {
        var (skopeo, ada) = await SignedInAsync();
        var name = $"docker://{shared.Process.Host}/{ada.Login}/kept";
        var layout = "oci:" + await BaseImage.LayoutAsync() + ":latest";
        await skopeo.RunAsync("copy", "--dest-tls-verify=false", layout, name + ":v1");
        using var api = ada.Api();
        using var rule = new StringContent("""{"pattern":"v*","immutable":true}""", System.Text.Encoding.UTF8, "application/json");
        using var added = await api.PostAsync(
            "/api/v3/user/packages/container/kept/push-rules", rule, TestContext.Current.CancellationToken);
        Assert.True(added.IsSuccessStatusCode, await added.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await skopeo.RunAsync("copy", "--dest-tls-verify=false", layout, name + ":v1");
        var refused = await skopeo.RefusedAsync("copy", "--format", "v2s2", "--dest-tls-verify=false", layout, name + ":v1");
        Assert.Contains("the tag v1 is immutable by push rule", refused.Error, StringComparison.Ordinal);
        Assert.Contains($"berth package tag {ada.Login}/kept v1 VERSION --override REASON", refused.Error, StringComparison.Ordinal);
        await skopeo.RunAsync("copy", "--format", "v2s2", "--dest-tls-verify=false", layout, name + ":latest");
    }

    [Fact]
    public async Task Sixteen_pushes_of_the_same_new_layer_at_once_all_succeed()
    {
        var (skopeo, ada) = await SignedInAsync();
        var layout = "oci:" + await BaseImage.LayoutAsync() + ":latest";
        var names = Enumerable.Range(0, 16).Select(i => $"docker://{shared.Process.Host}/{ada.Login}/parallel{i / 8}:{i}").ToArray();
        await Task.WhenAll(names.Select(name => skopeo.RunAsync("copy", "--dest-tls-verify=false", layout, name)));

        foreach (var name in names)
        {
            await skopeo.RunAsync("inspect", "--tls-verify=false", name);
        }
    }

    public void Dispose() => _folder.Dispose();

    private async Task<(Command Skopeo, Person Ada)> SignedInAsync()
    {
        var skopeo = ContainersTools.Skopeo(_folder);
        var ada = await shared.Process.UserAsync("ada");
        await skopeo.RunWithInputAsync(ada.Token, "login", "--tls-verify=false", "-u", ada.Login, "--password-stdin", shared.Process.Host);
        return (skopeo, ada);
    }
}

using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database.Pairs;

/// <summary>Pushes of images at the same time as deletions of their parts.</summary>
internal static class ContentPairs
{
    public static readonly IReadOnlyDictionary<string, Func<Scene, Task<Meeting>>> All = new Dictionary<string, Func<Scene, Task<Meeting>>>
    {
        ["a manifest is pushed while its layer is deleted"] = async scene =>
        {
            var (name, layer) = ($"{scene.Organization}/{await scene.PackageAsync()}", Persons.Unique("layer"));
            await RegistryRequests.PushBlobAsync(scene.Owner, name, layer);
            return new Meeting(
                () => RegistryRequests.PutManifestAsync(scene.Owner, name, "image", RegistryRequests.Manifest("{}", layer: layer)),
                () => RegistryRequests.SendAsync(scene.Owner, "DELETE", $"/v2/{name}/blobs/{RegistryRequests.DigestOf(layer)}"),
                async (pushed, _) =>
                {
                    if (pushed.Status == HttpStatusCode.Created)
                    {
                        Assert.Equal(
                            HttpStatusCode.OK,
                            (await RegistryRequests.SendAsync(
                                scene.Owner, "GET", $"/v2/{name}/blobs/{RegistryRequests.DigestOf(layer)}")).Status);
                    }
                });
        },
        ["an index is pushed while its image is deleted"] = async scene =>
        {
            var package = await scene.PackageAsync(versions: 2);
            var (name, path) = ($"{scene.Organization}/{package}", scene.Package(package) + "/versions");
            var image = (await scene.Owner.DoAsync("GET", path)).Json.EnumerateArray().First();
            var (id, digest) = (image.GetProperty("id").GetInt64(), image.GetProperty("name").GetString()!);
            var size = (await RegistryRequests.SendAsync(scene.Owner, "GET", $"/v2/{name}/manifests/{digest}")).Body.Length;
            return new Meeting(
                () => RegistryRequests.PutManifestAsync(
                    scene.Owner, name, "index", RegistryRequests.Index(digest, size), RegistryRequests.IndexType),
                () => scene.Owner.SendAsync("DELETE", $"{path}/{id}"),
                async (pushed, _) =>
                {
                    if (pushed.Status == HttpStatusCode.Created)
                    {
                        Assert.Equal(HttpStatusCode.OK, await scene.Owner.PullAsync(name, digest));
                    }
                });
        },
        ["a tag is moved to a version that is deleted"] = async scene =>
        {
            var name = $"{scene.Organization}/{await scene.PackageAsync(versions: 2)}";
            var manifest = RegistryRequests.Manifest("{}", Persons.Unique("note"));
            await RegistryRequests.PutManifestAsync(scene.Owner, name, "old", manifest);
            return new Meeting(
                () => RegistryRequests.PutManifestAsync(scene.Owner, name, "new", manifest),
                () => RegistryRequests.SendAsync(scene.Owner, "DELETE", $"/v2/{name}/manifests/{RegistryRequests.DigestOf(manifest)}"),
                async (_, deleted) =>
                {
                    var live = await scene.Owner.PullAsync(name, RegistryRequests.DigestOf(manifest));
                    Assert.Equal(live, await scene.Owner.PullAsync(name, "new"));
                    Assert.True(live == HttpStatusCode.OK || deleted.Status == HttpStatusCode.Accepted, $"{live} {deleted.Status}");
                });
        },
        ["a blob is mounted while its source loses it"] = async scene =>
        {
            var (source, target, layer) = (
                $"{scene.Organization}/{await scene.PackageAsync()}", $"{scene.Organization}/{Persons.Unique("target")}",
                Persons.Unique("layer"));
            await RegistryRequests.PushBlobAsync(scene.Owner, source, layer);
            var digest = RegistryRequests.DigestOf(layer);
            return new Meeting(
                () => RegistryRequests.SendAsync(scene.Owner, "POST", $"/v2/{target}/blobs/uploads/?mount={digest}&from={source}"),
                () => RegistryRequests.SendAsync(scene.Owner, "DELETE", $"/v2/{source}/blobs/{digest}"),
                async (mounted, _) => Assert.Equal(
                    mounted.Status == HttpStatusCode.Created ? HttpStatusCode.OK : HttpStatusCode.NotFound,
                    (await RegistryRequests.SendAsync(scene.Owner, "GET", $"/v2/{target}/blobs/{digest}")).Status));
        },
        ["two layers of a new name are pushed"] = scene =>
        {
            var (name, one, other) = ($"{scene.Organization}/{Persons.Unique("fresh")}", Persons.Unique("one"), Persons.Unique("other"));
            return Task.FromResult(new Meeting(
                () => RegistryRequests.PushBlobAsync(scene.Owner, name, one),
                () => RegistryRequests.PushBlobAsync(scene.Owner, name, other),
                async (first, second) =>
                {
                    Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.Status, second.Status));
                    foreach (var layer in new[] { one, other })
                    {
                        Assert.Equal(
                            HttpStatusCode.OK,
                            (await RegistryRequests.SendAsync(
                                scene.Owner, "HEAD", $"/v2/{name}/blobs/{RegistryRequests.DigestOf(layer)}")).Status);
                    }
                }));
        },
        ["the same layer is pushed to two names"] = scene =>
        {
            var (one, other, layer) = (
                $"{scene.Organization}/{Persons.Unique("one")}", $"{scene.Organization}/{Persons.Unique("other")}",
                Persons.Unique("layer"));
            return Task.FromResult(new Meeting(
                () => RegistryRequests.PushBlobAsync(scene.Owner, one, layer),
                () => RegistryRequests.PushBlobAsync(scene.Owner, other, layer),
                (first, second) => Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.Status, second.Status))));
        },
        ["a layer arrives while the name's first manifest is pushed"] = async scene =>
        {
            var (name, layer) = ($"{scene.Organization}/{Persons.Unique("fresh")}", Persons.Unique("layer"));
            await RegistryRequests.PushBlobAsync(scene.Owner, name, "{}");
            return new Meeting(
                () => RegistryRequests.PutManifestAsync(scene.Owner, name, "v1", RegistryRequests.Manifest("{}")),
                () => RegistryRequests.PushBlobAsync(scene.Owner, name, layer),
                async (born, pushed) =>
                {
                    Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (born.Status, pushed.Status));
                    Assert.Equal(
                        HttpStatusCode.OK,
                        (await RegistryRequests.SendAsync(
                            scene.Owner, "HEAD", $"/v2/{name}/blobs/{RegistryRequests.DigestOf(layer)}")).Status);
                });
        },
        ["two images are pushed to one tag"] = async scene =>
        {
            var (name, one, other) = (
                $"{scene.Organization}/{Persons.Unique("fresh")}", RegistryRequests.Manifest("{}", "one"),
                RegistryRequests.Manifest("{}", "other"));
            await RegistryRequests.PushBlobAsync(scene.Owner, name, "{}");
            return new Meeting(
                () => RegistryRequests.PutManifestAsync(scene.Owner, name, "v1", one),
                () => RegistryRequests.PutManifestAsync(scene.Owner, name, "v1", other),
                async (first, second) =>
                {
                    Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.Status, second.Status));
                    Assert.Contains(
                        (await RegistryRequests.SendAsync(scene.Owner, "GET", $"/v2/{name}/manifests/v1")).Body, new[] { one, other });
                });
        },
    };
}
